/** `ringfence setup`: what makes programs, desktops and firewalls send traffic through the proxy, as text to copy; and whether it does. */
import { writeFile } from 'node:fs/promises'
import { Command } from 'commander'
import type { Endpoint, Ip } from '../../model/address.ts'
import { OperatorError } from '../../model/errors.ts'
import { printable } from '../../model/hostname.ts'
import { didYouMean } from '../../model/suggest.ts'
import { AnsweredNo } from '../answered-no.ts'
import { typedName } from '../banner.ts'
import { jsonLine, type Output, outputTo, table, whyUnwritten } from '../output.ts'
import { hostAndPort } from '../setup/door.ts'
import type { SetupOptions } from '../setup/parameters.ts'
import type { Target } from '../setup/target.ts'

interface Options extends SetupOptions {
  readonly check?: true
  readonly probe?: readonly string[]
  readonly out?: string
  readonly config?: string
  readonly json?: true
}

/** The command; its action throws AnsweredNo where --check finds that something is amiss. */
export const setupCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('setup')
    .usage('[target] [options]')
    .description('print what makes programs, desktops and firewalls use the proxy, ready to copy; --check tries it')
    .argument('[target]', 'what to set up; without it, the list')
    .option(
      '--proxy-host <host[:port]>',
      'where the proxy is, for machines that reach it elsewhere (default: a door on loopback, else the first)',
    )
    .option('--door <name>', 'which door is at --proxy-host, where its address does not say')
    .option('--local-direct', 'names of the local network (resolver.local_names) go direct')
    .option('--direct-fallback', 'browsers go direct where the proxy does not answer: round the fence')
    .option('--uid <user>', 'the user that runs Ringfence, by name or number, for firewall rules and the unit (default: ringfence)')
    .option('--dns-uid <user>', 'another user that may ask name servers, such as systemd-resolve')
    .option('--out <file>', 'write the text there, to a file that does not exist yet')
    .option('--check', 'try from this machine whether traffic goes through, and whether direct egress is closed')
    .option('--probe <address:port...>', 'with --check: what must not be reachable directly; best, hosts that answer (1.1.1.1:443)')
    .option('--config <file>', 'settings file')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nOnly the text goes to standard output; notes are comments in it, or go to standard error where its syntax has none.\n' +
        'Texts for macOS and Windows were not tried. --check asks each door for itself, which it refuses and records; only what\n' +
        '--probe names is tried directly, as the user that runs this, from this machine.\n' +
        'Exit code: 0 done, or with --check all good; 1 something is amiss, or not known; 2 bad input.',
    )
    .action((target: string | undefined, options: Options) => setup(target, options, output()))

async function setup(name: string | undefined, options: Options, out: Output): Promise<void> {
  if (options.probe !== undefined && options.check === undefined) throw new OperatorError('setup: --probe goes with --check')
  if (options.door !== undefined && options.proxyHost === undefined) throw new OperatorError('setup: --door goes with --proxy-host')
  if (options.check) {
    if (name !== undefined || options.out !== undefined) throw new OperatorError('setup: --check takes no target and writes no file')
    return await check(options, out)
  }
  const { targets } = await import('../setup/index.ts')
  const all: Readonly<Record<string, Target>> = targets
  if (name === undefined) {
    if (options.out !== undefined) throw new OperatorError('setup: --out goes with a target')
    return await out.write(options.json ? jsonLine(list(all)) : listText(all, out))
  }
  const target = Object.hasOwn(all, name) ? all[name] : undefined
  if (target === undefined) {
    const names = Object.keys(all)
    throw new OperatorError(`setup: there is no target "${printable(name)}"${didYouMean(name, names) || ` (targets: ${names.join(', ')})`}`)
  }
  const parameters = await parametersFor(options)
  const text = target.text(parameters)
  const notes = target.notes?.(parameters) ?? []
  if (options.json) return await out.write(jsonLine({ target: name, file: target.file, tried: target.tried, notes, text }))
  for (const note of notes) process.stderr.write(`${note}\n`)
  if (options.out === undefined) return await out.write(text)
  await writeNew(options.out, text)
  process.stderr.write(`written to ${options.out}; it belongs into ${target.file}\n`)
}

const list = (all: Readonly<Record<string, Target>>) =>
  Object.entries(all).map(([target, { says, file, tried }]) => ({ target, says, file, tried }))

const listText = (all: Readonly<Record<string, Target>>, out: Output): string =>
  table(
    [{ head: 'TARGET' }, { head: 'WHAT', least: 20 }],
    Object.entries(all).map(([name, { says }]) => [name, says]),
    out,
  )

async function parametersFor(options: Options) {
  const [{ loadSettings }, { parametersOf }] = await Promise.all([import('../../config/load.ts'), import('../setup/parameters.ts')])
  return parametersOf(loadSettings(options), options, typedName(process.env))
}

/** Never over a file that is there: it may hold more than this. */
async function writeNew(file: string, text: string): Promise<void> {
  await writeFile(file, text, { flag: 'wx' }).catch((cause: NodeJS.ErrnoException) => {
    const why =
      cause.code === 'EEXIST'
        ? 'there is such a file already, and it may hold more than this text'
        : `could not be written: ${whyUnwritten(cause)}`
    throw new OperatorError(`setup: --out: ${printable(file)}: ${why}`, { cause })
  })
}

async function check(options: Options, out: Output): Promise<void> {
  const probes = (options.probe ?? []).map(probeOf)
  const [{ loadSettings }, { doorsOf }, { setupChecks }, { hasFailed, reportText }] = await Promise.all([
    import('../../config/load.ts'),
    import('../setup/parameters.ts'),
    import('../setup-check/index.ts'),
    import('../doctor/report.ts'),
  ])
  const parameters = await parametersFor(options)
  const doors = parameters.elsewhere ? [parameters.door] : doorsOf(loadSettings(options))
  const world = { parameters, doors, env: process.env, probes }
  const sections = await Promise.all(Object.entries(setupChecks).map(async ([name, run]) => ({ check: name, findings: await run(world) })))
  await out.write(options.json ? jsonLine({ works: !hasFailed(sections), checks: sections }) : reportText(sections, out))
  if (hasFailed(sections)) throw new AnsweredNo()
}

function probeOf(text: string): Endpoint<Ip> {
  const { host, port } = hostAndPort(text, 'setup: --probe')
  if (port === null) throw new OperatorError(`setup: --probe: "${printable(text)}" has no port`)
  if (host.kind === 'ip') return { host: host.ip, port }
  throw new OperatorError(`setup: --probe: "${printable(text)}" is a name; give an address and a port, such as 1.1.1.1:443`)
}
