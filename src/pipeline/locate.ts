/** Addresses → places: each address with the locations of all that it stands for. One table look-up each, no I/O. */
import type { Ip } from '../model/address.ts'
import type { NonEmpty } from '../model/brand.ts'
import type { Location } from '../model/location.ts'
import { synthesised } from '../model/nat64.ts'
import { judgedAddresses } from '../model/scope.ts'
import type { Locator } from './ports.ts'

export interface Located {
  readonly ip: Ip
  /** First those of `judgedAddresses`, then those that DNS64 hid in it. */
  readonly locations: NonEmpty<Location>
}

/** Addresses of one name: only beside its IPv4 addresses can one tell which IPv6 addresses were made up from them. */
export function locateAll(addresses: readonly Ip[], locator: Locator): readonly Located[] {
  const hidden = synthesised(addresses)
  return addresses.map((ip) => locate(ip, locator, hidden.get(ip)))
}

export function locate(ip: Ip, locator: Locator, hidden: readonly Ip[] = []): Located {
  const [first, ...more] = judgedAddresses(ip)
  const rest = [...more, ...hidden]
  return { ip, locations: [locator.locate(first), ...rest.map((address) => locator.locate(address))] }
}
