/** `ringfence geoip update`: newer editions from the vendors, through the fence like any other traffic. */
import { join } from 'node:path'
import { Command } from 'commander'
import { systemClock } from '../../../clock.ts'
import type { Edition } from '../../../geoip/editions.ts'
import type { GeoTable } from '../../../geoip/index.ts'
import type { SourceSpec } from '../../../geoip/spec.ts'
import { OperatorError } from '../../../model/errors.ts'
import { printable } from '../../../model/hostname.ts'
import { didYouMean } from '../../../model/suggest.ts'
import { AnsweredNo } from '../../answered-no.ts'
import { type Output, outputTo } from '../../output.ts'
import { progressLine } from '../../progress.ts'
import { refusalsOf } from '../../refusals.ts'
import { accept } from './accept.ts'
import { impactOf, impactText } from './impact.ts'
import { type ConfigOption, type GeoipWorld, geoipWorld } from './world.ts'

interface Options extends ConfigOption {
  readonly accept?: true
}

/** The command; its action throws AnsweredNo where something could not be had, or waits for a person's word. */
export const updateCommand = (output: () => Output = () => outputTo(process.stdout)): Command =>
  new Command('update')
    .usage('[source...] [options]')
    .description('download newer location data, check it, show what it would change, and take it')
    .argument('[source...]', 'only these, by the names that "geoip status" shows (default: all that have a vendor)')
    .option('--accept', 'take the data that waits: an update that was held, or a file that was replaced and refused')
    .option('--config <file>', 'settings file')
    .addHelpText(
      'after',
      '\nEvery request goes through the policy in force and is recorded, under "flows" in the folder of location data. A download' +
        '\nthat broke off goes on where it was. Data that is older, that lost most of its coverage, or that moves much space out of' +
        '\na territory which the policy forbids, waits for --accept.' +
        '\nExit code: 0 done, 1 something could not be had or waits, 2 bad input or set-up.',
    )
    .action((names: readonly string[], options: Options) => update(names, options, output()))

async function update(names: readonly string[], options: Options, out: Output): Promise<void> {
  const world = await geoipWorld(options)
  if (options.accept) return await out.write(await accept(world))
  const specs = chosen(await world.location.plan(), names)
  const { table } = await world.open()
  const { fresh, failed } = await fetchAll(specs, world, table, out)
  if (Object.keys(fresh).length > 0) await take(fresh, world, table, out)
  if (failed > 0) throw new AnsweredNo()
}

/** Throws OperatorError for a name that no source with a vendor has. */
function chosen(specs: readonly SourceSpec[], names: readonly string[]): readonly SourceSpec[] {
  const updatable = specs.filter(({ vendor }) => vendor !== null)
  const known = updatable.map(({ name }) => name)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, known) || ` (there are ${known.map((name) => `"${name}"`).join(', ')})`
    throw new OperatorError(`geoip update: no source that has a vendor is called "${printable(unknown)}"${hint}`)
  }
  if (updatable.length === 0) throw new OperatorError('geoip update: no source of the settings has a vendor')
  return names.length === 0 ? updatable : updatable.filter(({ name }) => names.includes(name))
}

interface Fetched {
  readonly fresh: Readonly<Record<string, Edition>>
  readonly failed: number
}

/** One after the other; one that can't be had does not hold up the others. */
async function fetchAll(specs: readonly SourceSpec[], world: GeoipWorld, table: GeoTable | null, out: Output): Promise<Fetched> {
  const [{ openOwnRoad }, { createFetch }, { fetchEdition }, { version }] = await Promise.all([
    import('./own-road.ts'),
    import('../../../egress/fetch.ts'),
    import('../../../geoip/update.ts'),
    import('../../../version.ts'),
  ])
  const stop = new AbortController()
  const onInterrupt = () =>
    stop.abort(new OperatorError('geoip update: stopped; what was downloaded stays, and the next run goes on from there'))
  process.once('SIGINT', onInterrupt)
  const line = progressLine(process.stderr, systemClock.monotonic)
  const own = await openOwnRoad(world, table, (trouble) => void process.stderr.write(`${trouble}\n`))
  const fetch = createFetch(own.road, { userAgent: `ringfence/${version}` })
  const fresh: Record<string, Edition> = {}
  let failed = 0
  try {
    for (const spec of specs) {
      if (spec.vendor === null) continue
      const progress = (bytes: number, total: number | null) => line.bytes(spec.name, bytes, total)
      const told = await fetchEdition(spec, spec.vendor, {
        fetch,
        signal: stop.signal,
        progress,
        store: world.location.store,
        scratch: join(world.settings.geoip.folder, 'incoming'),
        today: new Date(systemClock.now()).toISOString().slice(0, 10),
        env: process.env,
      }).then(
        (edition) => {
          if (!isNewer(edition, spec)) return `nothing newer than ${spec.date ?? 'what is here'}`
          fresh[spec.name] = edition
          return `${spec.date ?? '-'} → ${edition.date ?? 'an edition without a date'}`
        },
        (error: unknown) => {
          if (stop.signal.aborted) throw stop.signal.reason
          if (!(error instanceof OperatorError)) throw error
          failed++
          return `not updated: ${error.message}`
        },
      )
      line.clear()
      await out.write(`${spec.name}: ${told}\n`)
    }
  } finally {
    line.clear()
    process.off('SIGINT', onInterrupt)
    await own.close()
  }
  return { fresh, failed }
}

/** Another content, and not of an earlier day. */
const isNewer = (edition: Edition, { expected, date }: SourceSpec): boolean =>
  edition.files.join() !== expected.join() && (date === null || edition.date === null || edition.date > date)

/** Makes the editions count, or lets them wait. */
async function take(fresh: Readonly<Record<string, Edition>>, world: GeoipWorld, before: GeoTable | null, out: Output): Promise<void> {
  const { location, settings, policy } = world
  const [{ keepAccepted, openAccepted }, { reopenTable }] = await Promise.all([
    import('../../../geoip/accepted-table.ts'),
    import('../../../geoip/index.ts'),
  ])
  const generation = await location.store.add(fresh, new Date(systemClock.now()).toISOString())
  const { table, refused } = await openAccepted(await location.planAt(generation), location)
  const after = refused === null ? table : refused.key === null ? null : await reopenTable(refused.key, location)
  if (before !== null && after !== null) {
    await out.write(`\n${impactText(await impactOf(before, after, settings, policy, refusalsOf(settings)))}`)
  }
  if (refused === null && table !== null) {
    await location.store.use(generation.number)
    await keepAccepted(table, location)
    return await out.write(
      `\nIn force: edition ${generation.number}. A running proxy takes it within seconds; "geoip rollback" goes back.\n`,
    )
  }
  await location.store.hold(generation.number)
  await out.write(`\nWaits as edition ${generation.number}: ${refused?.why ?? 'it makes no table'}\n`)
  throw new AnsweredNo()
}
