/** The location table for commands that ask: the one that the proxy would use now. */
import type { Settings } from '../config/settings.ts'
import type { GeoTable } from '../geoip/index.ts'
import { OperatorError } from '../model/errors.ts'
import type { Policy } from '../policy/policy.ts'

/** Opens it, or throws OperatorError where no data is good. `note` is told where it is not what the files hold now. */
export async function openForAsking(settings: Settings, policy: Policy, note: (line: string) => void): Promise<GeoTable> {
  const { locationOf } = await import('../config/location.ts')
  const { table, refused } = await locationOf(settings, policy).open()
  if (table === null) throw new OperatorError(refused?.why ?? 'there is no location data')
  if (refused !== null) note(`location data not taken: ${refused.why}; this is by the last good data`)
  return table
}
