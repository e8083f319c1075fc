/** `ringfence check`: what would happen to a connection, and why. The same steps decide as on the road; nothing is dialled. */

import { Command, Option } from 'commander'
import type { Settings } from '../../config/settings.ts'
import type { GeoTable } from '../../geoip/index.ts'
import { type Endpoint, parseIp } from '../../model/address.ts'
import { isNonEmpty } from '../../model/brand.ts'
import { formatCidr } from '../../model/cidr.ts'
import { CidrSet } from '../../model/cidr-set.ts'
import { OperatorError, RingfenceError } from '../../model/errors.ts'
import type { FlowId } from '../../model/flow.ts'
import { type Host, parseHostPort, printable } from '../../model/hostname.ts'
import { anonymous, type Identity } from '../../model/identity.ts'
import { parseMoment } from '../../model/moment.ts'
import { didYouMean } from '../../model/suggest.ts'
import type { Mode } from '../../model/verdict.ts'
import type { Judged } from '../../pipeline/pipeline.ts'
import type { Resolver } from '../../pipeline/ports.ts'
import type { Policy } from '../../policy/policy.ts'
import { AnsweredNo } from '../answered-no.ts'
import { type Asking, asJson, asText } from '../check-screen.ts'
import { jsonLine, type Output, outputTo } from '../output.ts'

interface Options {
  readonly at?: readonly string[]
  readonly client?: string
  readonly inbound?: string
  readonly user?: string
  readonly group?: readonly string[]
  readonly when?: string
  readonly policy?: string
  readonly mode?: Mode
  readonly asOf?: string
  readonly config?: string
  readonly json?: true
}

/** The command, to be hung into the program. Its action throws AnsweredNo where enforcing would block. */
export const checkCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('check')
    .usage('<host[:port]> [options]')
    .description('show what would happen to a connection, and why; nothing is dialled')
    .argument('<host[:port]>', 'a name or an address; port 443 unless given')
    .option('--at <address...>', 'take these addresses in place of a look-up')
    .option('--client <address>', 'ask as the client at this address (default: 127.0.0.1)')
    .option('--inbound <name>', 'ask at the door of this name (default: the first)')
    .option('--user <name>', 'ask as this user, logged in (default: nobody)')
    .option('--group <names...>', 'with these groups')
    .option('--when <moment>', 'ask as if it were then: 2027-06-30 or 2027-06-30T09:00Z (default: now)')
    .option('--policy <name>', 'a policy pack or file (default: what the settings say)')
    .addOption(new Option('--mode <mode>', 'judge as if the policy said so').choices(['observe', 'enforce']))
    .option('--as-of <lock>', 'by exactly the location data of this lock ("geoip lock" writes one)')
    .option('--config <file>', 'settings file')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExit code: 0 allowed, 1 if enforcing would block, 2 bad input or no answer to the look-up.')
    .action((text: string, options: Options) => check(text, options, output()))

const HTTPS_PORT = 443

async function check(text: string, options: Options, out: Output): Promise<void> {
  const asked = parseHostPort(text, HTTPS_PORT)
  if ('problem' in asked) throw new OperatorError(`check: ${asked.problem}${/^[a-z]+:\/\//.test(text) ? ' (give a host, not a URL)' : ''}`)
  const [{ loadSettings }, { loadPolicyFor }, { openForAsking }] = await Promise.all([
    import('../../config/load.ts'),
    import('../../config/policies.ts'),
    import('../location-table.ts'),
  ])
  const settings = loadSettings(options)
  const asking = await askingAs(options, settings)
  const written = loadPolicyFor(settings, options.mode)
  const { policy, overlaid } = options.policy === undefined ? await asItHolds(written, settings) : { policy: written, overlaid: [] }
  for (const fence of overlaid) process.stderr.write(`fence "${fence}" is as its overlay says ("policy overlay" lists them)\n`)
  const geo = await openForAsking(settings, policy, (line) => void process.stderr.write(`${line}\n`))
  const resolver = options.at === undefined ? await resolverOf(settings, policy, geo) : fixedResolver(options.at, asked.host)
  const judged = await judgeOnce(asked, asking, settings, policy, geo, resolver)
  const { explain } = await import('../../policy/explain.ts')
  const sentence = explain(judged.decision, asked, policy)

  await out.write(
    options.json ? jsonLine(asJson(asked, asking, judged, policy, geo, sentence)) : asText(judged, policy, geo, sentence, out),
  )
  if (judged.decision.verdict.would === 'block') throw new AnsweredNo()
}

/** The policy with the overlays that the running proxy goes by. */
async function asItHolds(policy: Policy, settings: Settings): Promise<{ readonly policy: Policy; readonly overlaid: readonly string[] }> {
  const [{ overlaysFile, readOverlays }, { withOverlays }, { systemClock }] = await Promise.all([
    import('../../config/overlays.ts'),
    import('../../policy/overlay.ts'),
    import('../../clock.ts'),
  ])
  const now = systemClock.now()
  const kept = (await readOverlays(overlaysFile(settings))).filter((overlay) => overlay.policy === policy.name && overlay.until > now)
  const held = withOverlays(policy, kept, now)
  return { policy: held, overlaid: held === policy ? [] : kept.map(({ fence }) => fence) }
}

/** Throws OperatorError for a user whom the users' file does not know. */
async function whoAsks(user: string | undefined, groups: readonly string[], users: string | null): Promise<Identity> {
  if (user === undefined) return { ...anonymous, groups }
  if (users === null) return { name: user, groups, by: 'password' }
  const [{ parseUsers }, { readText }] = await Promise.all([import('../../config/users.ts'), import('../../config/load.ts')])
  const known = parseUsers(readText(users), users)
  const found = known.find(({ name }) => name === user)
  if (found !== undefined) return { name: user, groups: [...new Set([...found.groups, ...groups])], by: 'password' }
  const names = known.map(({ name }) => name)
  throw new OperatorError(`check: --user: ${users} has no user "${printable(user)}"${didYouMean(user, names)}`)
}

async function askingAs(
  { client: address, inbound: name, user, group = [], when }: Options,
  { inbounds, users }: Settings,
): Promise<Asking> {
  const client = parseIp(address ?? '127.0.0.1')
  if (client === null) throw new OperatorError(`check: --client: "${printable(address ?? '')}" is not an address`)
  const names = inbounds.map((inbound) => inbound.name)
  if (name !== undefined && !names.includes(name)) {
    throw new OperatorError(
      `check: --inbound: there is no door "${printable(name)}"${didYouMean(name, names)} (doors: ${names.join(', ')})`,
    )
  }
  const door = inbounds.find((inbound) => inbound.name === name) ?? inbounds[0]
  if (address !== undefined && door.clients.length > 0 && !new CidrSet(door.clients).has(client)) {
    const networks = door.clients.map(formatCidr).join(', ')
    throw new OperatorError(`check: --client: door "${door.name}" serves no client at ${client} (its clients: ${networks})`)
  }
  const at = when === undefined ? null : parseMoment(when)
  if (when !== undefined && at === null)
    throw new OperatorError(`check: --when: "${printable(when)}" is no day and no moment (write 2027-06-30 or 2027-06-30T09:00Z)`)
  const { groupsByNetwork } = await import('../../inbound/client-groups.ts')
  const who = await whoAsks(user, [...new Set([...groupsByNetwork(door.clients)(client), ...group])], users)
  return { client, who, inbound: door.name, at }
}

async function judgeOnce(
  asked: Endpoint<Host>,
  { client, who, inbound, at }: Asking,
  settings: Settings,
  policy: Policy,
  geo: GeoTable,
  resolver: Resolver,
): Promise<Judged> {
  const [{ judge }, { RecentAnswers }, { refusalsOf }, { systemClock }, { libraryFor }] = await Promise.all([
    import('../../pipeline/pipeline.ts'),
    import('../../pipeline/recent-answers.ts'),
    import('../refusals.ts'),
    import('../../clock.ts'),
    import('../../config/library.ts'),
  ])
  const clock = at === null ? systemClock : { ...systemClock, now: () => at }
  const flow = {
    id: 'check' as FlowId,
    openedAt: clock.now(),
    inbound,
    network: 'tcp' as const,
    client: { host: client, port: 0 },
    who,
    asked,
  }
  const offer = { flow, firstBytes: null, gone: new AbortController().signal, grant: () => undefined }
  const refusals = refusalsOf(settings)
  try {
    const { apps, rangesProblem } = libraryFor(settings)
    if (rangesProblem !== null) process.stderr.write(`${rangesProblem}\n`)
    const hops = settings.upstream.map(({ server }) => server)
    return await judge(offer, policy, geo, { refusals, resolver, apps, answers: new RecentAnswers(), clock, hops })
  } catch (error) {
    // A name that has no addresses can't be judged: no answer is not "allowed".
    if (error instanceof RingfenceError && error.code.startsWith('resolve.'))
      throw new OperatorError(`check: ${error.message}`, { cause: error })
    throw error
  }
}

/** Throws OperatorError where the policy forbids one: a name is asked of nobody whom the proxy would not ask. */
async function resolverOf(settings: Settings, policy: Policy, geo: GeoTable): Promise<Resolver> {
  const [{ createResolver }, { judgeResolvers }, { refusalsOf }, { systemClock }, { libraryFor }] = await Promise.all([
    import('../../egress/resolver.ts'),
    import('../../config/judge-resolvers.ts'),
    import('../refusals.ts'),
    import('../../clock.ts'),
    import('../../config/library.ts'),
  ])
  judgeResolvers(settings, policy, geo, refusalsOf(settings), libraryFor(settings).apps, systemClock.now())
  return createResolver(settings.resolver.servers)
}

function fixedResolver(texts: readonly string[], host: Host): Resolver {
  if (host.kind === 'ip') throw new OperatorError(`check: --at names the addresses of a name, but ${host.ip} is an address already`)
  const addresses = texts.map((text) => {
    const ip = parseIp(text)
    if (ip === null) throw new OperatorError(`check: --at: "${text}" is not an address`)
    return ip
  })
  if (!isNonEmpty(addresses)) throw new OperatorError('check: --at needs an address')
  return { resolve: async () => addresses }
}
