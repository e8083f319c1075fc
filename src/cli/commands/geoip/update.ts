/** `ringfence geoip update`: newer data from the vendors, through the fence like any other traffic. */
import { Command } from 'commander'
import { systemClock } from '../../../clock.ts'
import { libraryFor } from '../../../config/library.ts'
import type { Downloading } from '../../../geoip/download.ts'
import type { GeoTable } from '../../../geoip/index.ts'
import type { SourceSpec } from '../../../geoip/spec.ts'
import { OperatorError } from '../../../model/errors.ts'
import { printable } from '../../../model/hostname.ts'
import { didYouMean } from '../../../model/suggest.ts'
import { AnsweredNo } from '../../answered-no.ts'
import { type Output, outputTo } from '../../output.ts'
import { type ProgressLine, progressLine } from '../../progress.ts'
import { accept } from './accept.ts'
import { type FetchedApp, isFetched, updateApps } from './update-apps.ts'
import { updateSources } from './update-sources.ts'
import { type ConfigOption, type GeoipWorld, geoipWorld } from './world.ts'

interface Options extends ConfigOption {
  readonly accept?: true
  /** `--no-apps` */
  readonly apps: boolean
  readonly appsOnly?: true
}

/** The command; its action throws AnsweredNo where something could not be had, or waits for a person's word. */
export const updateCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('update')
    .usage('[name...] [options]')
    .description('download newer location data and address ranges of apps, check them, show what changes, and take them')
    .argument('[name...]', 'only these: sources as "geoip status" shows them, and apps (default: all that have a vendor)')
    .option('--accept', 'take the data that waits: an update that was held, or a file that was replaced and refused')
    .option('--apps-only', 'no location data')
    .option('--no-apps', 'no address ranges of apps')
    .option('--config <file>', 'settings file')
    .addHelpText(
      'after',
      '\nEvery request goes through the policy in force and is recorded, under "flows" in the folder of location data. A download' +
        '\nthat broke off goes on where it was. Data that is older, that lost most of its coverage, or that moves much space out of' +
        '\na territory which the policy forbids, waits for --accept. A list of address ranges with a faulty line, or that lost two' +
        '\nthirds of its networks, is refused. Vendors are asked by this command alone, never by the proxy.' +
        '\nExit code: 0 done, 1 something could not be had, was refused or waits, 2 bad input or set-up.',
    )
    .action((names: readonly string[], options: Options) => update(names, options, output()))

async function update(names: readonly string[], options: Options, out: Output): Promise<void> {
  const world = await geoipWorld(options)
  if (options.accept) return await out.write(await accept(world))
  const { specs, apps } = chosen(await offered(world, options), names)
  if (specs.length === 0 && !options.appsOnly && names.length === 0) await out.write(`Location data: ${NO_VENDOR}\n\n`)
  const { rangesProblem } = libraryFor(world.settings)
  if (rangesProblem !== null && apps.length > 0) await out.write(`Error: ${rangesProblem}\n\n`)
  const { table } = await world.open()
  const isDone = await overOwnRoad(world, table, async (downloading, line) => {
    const sourcesDone = specs.length === 0 || (await updateSources(specs, { world, table, downloading, line }, out))
    if (specs.length > 0 && apps.length > 0) await out.write('\n')
    const appsUpdate = { ...downloading, folder: world.settings.geoip.folder, now: systemClock.now }
    const appsDone = apps.length === 0 || (await updateApps(apps, appsUpdate, out))
    return sourcesDone && appsDone
  })
  if (!isDone) throw new AnsweredNo()
}

const NO_VENDOR = 'no source of the settings has a vendor'

interface Wanted {
  readonly specs: readonly SourceSpec[]
  readonly apps: readonly FetchedApp[]
}

/** All that could be had newer. Throws OperatorError where that is nothing. */
async function offered({ settings, location }: GeoipWorld, options: Options): Promise<Wanted> {
  if (options.appsOnly && !options.apps) throw new OperatorError('geoip update: --apps-only and --no-apps together leave nothing')
  const specs = options.appsOnly ? [] : (await location.plan()).filter(({ vendor }) => vendor !== null)
  const apps = options.apps ? [...libraryFor(settings).apps.facts.values()].filter(isFetched) : []
  if (specs.length + apps.length === 0) throw new OperatorError(`geoip update: ${NO_VENDOR}`)
  return { specs, apps }
}

/** Throws OperatorError for a name that is not offered. */
function chosen({ specs, apps }: Wanted, names: readonly string[]): Wanted {
  if (names.length === 0) return { specs, apps }
  const known = [...specs.map(({ name }) => name), ...apps.map(({ app }) => app.id)]
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, known) || ` (there are ${known.map((name) => `"${name}"`).join(', ')})`
    throw new OperatorError(`geoip update: no source or app that has a vendor's list is called "${printable(unknown)}"${hint}`)
  }
  return { specs: specs.filter(({ name }) => names.includes(name)), apps: apps.filter(({ app }) => names.includes(app.id)) }
}

/** The road is open while `work` goes on; an interrupt ends that with its reason. */
async function overOwnRoad(
  world: GeoipWorld,
  table: GeoTable | null,
  work: (over: Pick<Downloading, 'fetch' | 'signal'>, line: ProgressLine) => Promise<boolean>,
): Promise<boolean> {
  const [{ openOwnRoad }, { createFetch }, { version }] = await Promise.all([
    import('./own-road.ts'),
    import('../../../egress/fetch.ts'),
    import('../../../version.ts'),
  ])
  const stop = new AbortController()
  const onInterrupt = () =>
    stop.abort(new OperatorError('geoip update: stopped; what was downloaded stays, and the next run goes on from there'))
  process.once('SIGINT', onInterrupt)
  const line = progressLine(process.stderr, systemClock.monotonic)
  const own = await openOwnRoad(world, table, (trouble) => void process.stderr.write(`${trouble}\n`))
  try {
    return await work({ fetch: createFetch(own.road, { userAgent: `ringfence/${version}` }), signal: stop.signal }, line)
  } finally {
    line.clear()
    process.off('SIGINT', onInterrupt)
    await own.close()
  }
}
