/** Addresses → places: each address with the locations of all that it stands for. One table look-up each, no I/O. */
import type { Ip } from '../model/address.ts'
import type { NonEmpty } from '../model/brand.ts'
import type { Location } from '../model/location.ts'
import { judgedAddresses } from '../model/scope.ts'
import type { Locator } from './ports.ts'

export interface Located {
  readonly ip: Ip
  /** In the order of `judgedAddresses`. */
  readonly locations: NonEmpty<Location>
}

export function locate(ip: Ip, locator: Locator): Located {
  const [first, ...rest] = judgedAddresses(ip)
  return { ip, locations: [locator.locate(first), ...rest.map((address) => locator.locate(address))] }
}
