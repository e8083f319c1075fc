/** `ringfence check`: what would happen to a connection, and why. The same steps decide as on the road; nothing is dialled. */

import { Command, Option } from 'commander'
import type { Settings } from '../../config/settings.ts'
import type { GeoTable } from '../../geoip/index.ts'
import { type Endpoint, formatEndpoint, type Ip, parseIp } from '../../model/address.ts'
import type { KnownApp } from '../../model/app.ts'
import { isNonEmpty } from '../../model/brand.ts'
import { containsAny, formatCidr } from '../../model/cidr.ts'
import { OperatorError, RingfenceError } from '../../model/errors.ts'
import type { FlowId, Millis } from '../../model/flow.ts'
import { type Host, hostText, parseHostPort, printable } from '../../model/hostname.ts'
import { anonymous, type Identity } from '../../model/identity.ts'
import { certaintyOf } from '../../model/location.ts'
import { parseMoment } from '../../model/moment.ts'
import { didYouMean } from '../../model/suggest.ts'
import type { Candidate, Mode } from '../../model/verdict.ts'
import type { Judged } from '../../pipeline/pipeline.ts'
import type { Resolver } from '../../pipeline/ports.ts'
import type { Policy } from '../../policy/policy.ts'
import { AnsweredNo } from '../answered-no.ts'
import { askedOfAll, statements } from '../location-rows.ts'
import { type Cell, jsonLine, type Output, outputTo, table } from '../output.ts'

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
  const asking = askingAs(options, settings)
  const policy = loadPolicyFor(settings, options.mode)
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

/** Who asks, and at which door: what fences over `client` and `inbound` read. */
interface Asking {
  readonly client: Ip
  readonly who: Identity
  readonly inbound: string
  /** `null`: now. */
  readonly at: Millis | null
}

function askingAs({ client: address, inbound: name, user, group = [], when }: Options, { inbounds }: Settings): Asking {
  const client = parseIp(address ?? '127.0.0.1')
  if (client === null) throw new OperatorError(`check: --client: "${printable(address ?? '')}" is not an address`)
  const names = inbounds.map((inbound) => inbound.name)
  if (name !== undefined && !names.includes(name)) {
    throw new OperatorError(
      `check: --inbound: there is no door "${printable(name)}"${didYouMean(name, names)} (doors: ${names.join(', ')})`,
    )
  }
  const door = inbounds.find((inbound) => inbound.name === name) ?? inbounds[0]
  if (address !== undefined && door.clients.length > 0 && !containsAny(door.clients)(client)) {
    const networks = door.clients.map(formatCidr).join(', ')
    throw new OperatorError(`check: --client: door "${door.name}" serves no client at ${client} (its clients: ${networks})`)
  }
  const at = when === undefined ? null : parseMoment(when)
  if (when !== undefined && at === null)
    throw new OperatorError(`check: --when: "${printable(when)}" is no day and no moment (write 2027-06-30 or 2027-06-30T09:00Z)`)
  const who: Identity = user === undefined ? { ...anonymous, groups: group } : { name: user, groups: group, by: 'password' }
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
    return await judge(offer, policy, geo, { refusals, resolver, apps, answers: new RecentAnswers(), clock })
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

/** Each app once for each thing that tells it. */
function appsOf(candidates: readonly Candidate[], known: Judged['known']): readonly KnownApp[] {
  const told = candidates.length === 0 ? known.namedApps : candidates.flatMap(({ apps }) => apps)
  return [...new Map(told.map((each) => [`${each.app.id} ${each.origin}`, each])).values()]
}

const originNames: Readonly<Record<KnownApp['origin'], string>> = {
  asked: 'by its name',
  sni: 'by the name in its TLS hello',
  'http-host': 'by its Host field',
  dns: 'by a name that was looked up',
  range: "by its vendor's published ranges",
  port: 'by its port',
}

function appLine(apps: readonly KnownApp[]): string {
  if (apps.length === 0) return ''
  return `\napp: ${apps.map(({ app, origin }) => `${app.name} (${originNames[origin]})`).join(', ')}`
}

function asText({ decision, known }: Judged, policy: Policy, geo: GeoTable, sentence: string, out: Output): string {
  const asked = askedOfAll(geo)
  const rows = decision.candidates.flatMap((candidate) =>
    candidate.locations.map((location, i): readonly Cell[] => [
      i === 0 ? candidate.ip : '',
      location.ip === candidate.ip ? '' : location.ip,
      i === 0 ? fate(candidate) : '',
      location.best ?? '-',
      certaintyOf(location),
      ...asked.map((name) => location.answers.find(({ source }) => source === name)?.country ?? '-'),
      statements(location.answers, asked),
      i === 0 ? whyOf(candidate) : '',
    ]),
  )
  const embedded = rows.some(([, inner]) => inner !== '')
  const heads = ['address', 'stands for', 'would be', 'country', 'certainty', ...asked, 'stated', 'why']
  const spoken = heads.length - 2
  const isStated = rows.some((row) => row[spoken] !== '-')
  const keep = (_: unknown, i: number) => (embedded || i !== 1) && (isStated || i !== spoken)
  const dated = geo.sources.filter(({ name }) => asked.includes(name)).map(({ name, date }) => `${name} of ${date ?? 'an unknown day'}`)
  const others = geo.sources.length - dated.length
  const told = appLine(appsOf(decision.candidates, known))
  const policyLine = `policy ${policy.name}, mode ${policy.mode}; data: ${dated.join(', ')}${others === 0 ? '' : ` and ${others} more`}`
  const credits = [...new Set(geo.sources.flatMap(({ attribution }) => attribution ?? []))].map((line) => `\n${line}`).join('')
  if (rows.length === 0) return `${sentence}${told}\n\n${policyLine}\n`
  return `${sentence}${told}\n\n${table(
    heads.map((head) => ({ head })).filter(keep),
    rows.map((row) => row.filter(keep)),
    out,
  )}\n${policyLine}${credits}\n`
}

const fate = ({ refusal, effect }: Candidate): Cell => {
  if (refusal !== null) return { text: 'refused', style: 'red' }
  return effect === 'block' ? { text: 'blocked', style: 'red' } : effect === 'log' ? { text: 'flagged', style: 'yellow' } : 'reached'
}

function whyOf({ fences, refusal, effect }: Candidate): string {
  if (refusal !== null) return refusal
  // What no fence did, `local_network` did: only it speaks for local addresses otherwise.
  const local = effect !== 'allow' && !fences.some((fence) => fence.effect === effect) ? ['local_network'] : []
  const applied = fences.filter(({ outcome }) => outcome !== 'not-applied')
  return [...local, ...applied.map(({ fence, outcome }) => `${fence}: ${outcome}`)].join(', ') || '-'
}

const asJson = (
  asked: Endpoint<Host>,
  { client, who, inbound }: Asking,
  { decision, known }: Judged,
  policy: Policy,
  geo: GeoTable,
  sentence: string,
) => ({
  asked: formatEndpoint({ host: hostText(asked.host), port: asked.port }),
  client,
  user: who.name,
  groups: who.groups,
  inbound,
  apps: appsOf(decision.candidates, known).map(({ app, origin }) => ({ app: app.id, origin })),
  verdict: decision.verdict.kind,
  would: decision.verdict.would,
  mode: policy.mode,
  sentence,
  reasons: decision.verdict.reasons,
  addresses: decision.candidates.map(({ ip, locations, fences, effect, refusal }) => ({
    ip,
    effect,
    refusal,
    fences,
    judged: locations.map(({ ip: judged, scope, best, possible, stated, registry, anycast, answers, network }) => ({
      ip: judged,
      scope,
      country: best,
      possible,
      stated,
      registry,
      anycast,
      network: network === null ? null : { asn: network.asn, name: network.name, home: network.company?.home ?? null },
      sources: Object.fromEntries(answers.map(({ source, country }) => [source, country])),
    })),
  })),
  policy: { name: policy.name, hash: policy.hash },
  table: { hash: geo.hash, sources: geo.sources },
})
