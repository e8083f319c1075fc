/** A person's word for data that waits: an update that was held, or a replaced file that was refused. */
import { OperatorError } from '../../../model/errors.ts'
import type { GeoipWorld } from './world.ts'

/** Returns what was done, in one line. Throws OperatorError where nothing waits, or what waits can't be read at all. */
export async function accept({ location, open }: GeoipWorld): Promise<string> {
  const { acceptByHand, openAccepted } = await import('../../../geoip/accepted-table.ts')
  const { held, generations } = await location.store.read()
  const generation = generations.find(({ number }) => number === held)
  const { table, refused } = generation === undefined ? await open() : await openAccepted(await location.planAt(generation), location)
  if (generation === undefined && refused === null) throw new OperatorError('geoip update --accept: nothing waits')
  const key = refused === null ? table?.key : refused.key
  if (key == null) throw new OperatorError(`geoip update --accept: what waits can't be used: ${refused?.why ?? 'it makes no table'}`)
  await acceptByHand(key, location.ledger)
  if (generation !== undefined) await location.store.use(generation.number)
  const what =
    generation === undefined ? 'the data as the files hold it now' : `edition ${generation.number} of ${generation.at.slice(0, 10)}`
  return `Accepted: ${what}${refused === null ? '' : `, though: ${refused.why}`}. A running proxy takes it within seconds.\n`
}
