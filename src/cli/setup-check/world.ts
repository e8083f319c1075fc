/** What one check of `ringfence setup --check` may look at. */
import type { Endpoint, Ip } from '../../model/address.ts'
import type { Finding } from '../doctor/check.ts'
import type { Parameters } from '../setup/target.ts'

export interface CheckWorld {
  readonly parameters: Parameters
  /** Every door to be tried. */
  readonly doors: readonly Parameters['door'][]
  /** Of the calling shell. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** What should not be reachable directly. */
  readonly probes: readonly Endpoint<Ip>[]
}

export type SetupCheck = (world: CheckWorld) => Promise<readonly Finding[]>
