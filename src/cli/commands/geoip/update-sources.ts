/** One half of `ringfence geoip update`: newer editions of location data, which come into force or wait for a person's word. */
import { join } from 'node:path'
import { systemClock } from '../../../clock.ts'
import type { Downloading } from '../../../geoip/download.ts'
import type { Edition } from '../../../geoip/editions.ts'
import type { GeoTable } from '../../../geoip/index.ts'
import type { SourceSpec } from '../../../geoip/spec.ts'
import { OperatorError } from '../../../model/errors.ts'
import type { Output } from '../../output.ts'
import type { ProgressLine } from '../../progress.ts'
import { refusalsOf } from '../../refusals.ts'
import { impactOf, impactText } from './impact.ts'
import type { GeoipWorld } from './world.ts'

export interface SourcesUpdate {
  readonly world: GeoipWorld
  /** In force before; `null`: none. */
  readonly table: GeoTable | null
  readonly downloading: Pick<Downloading, 'fetch' | 'signal'>
  readonly line: ProgressLine
}

/** `false` where something could not be had, or waits. Throws the signal's reason where that fired. */
export async function updateSources(specs: readonly SourceSpec[], update: SourcesUpdate, out: Output): Promise<boolean> {
  const { fresh, failed } = await fetchAll(specs, update, out)
  const isTaken = Object.keys(fresh).length === 0 || (await take(fresh, update, out))
  return isTaken && failed === 0
}

interface Fetched {
  readonly fresh: Readonly<Record<string, Edition>>
  readonly failed: number
}

/** One after the other; one that can't be had does not hold up the others. */
async function fetchAll(specs: readonly SourceSpec[], { world, downloading, line }: SourcesUpdate, out: Output): Promise<Fetched> {
  const { fetchEdition } = await import('../../../geoip/update.ts')
  const fresh: Record<string, Edition> = {}
  let failed = 0
  for (const spec of specs) {
    if (spec.vendor === null) continue
    const progress = (bytes: number, total: number | null) => line.bytes(spec.name, bytes, total)
    const told = await fetchEdition(spec, spec.vendor, {
      ...downloading,
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
        if (downloading.signal.aborted) throw downloading.signal.reason
        if (!(error instanceof OperatorError)) throw error
        failed++
        return `not updated: ${error.message}`
      },
    )
    line.clear()
    await out.write(`${spec.name}: ${told}\n`)
  }
  return { fresh, failed }
}

/** Another content, and not of an earlier day. */
const isNewer = (edition: Edition, { expected, date }: SourceSpec): boolean =>
  edition.files.join() !== expected.join() && (date === null || edition.date === null || edition.date > date)

/** Makes the editions count, or lets them wait: `false`. */
async function take(fresh: Fetched['fresh'], { world, table: before }: SourcesUpdate, out: Output): Promise<boolean> {
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
    await out.write(`\nIn force: edition ${generation.number}. A running proxy takes it within seconds; "geoip rollback" goes back.\n`)
    return true
  }
  await location.store.hold(generation.number)
  await out.write(`\nWaits as edition ${generation.number}: ${refused?.why ?? 'it makes no table'}\n`)
  return false
}
