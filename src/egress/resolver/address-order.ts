/** In which order the addresses of a name are tried: RFC 8305 §4, with as much of RFC 6724 as Node lets a program see. */
import { networkInterfaces } from 'node:os'
import { type Family, familyOf, type Ip, parseIp } from '../../model/address.ts'
import { isNonEmpty, type NonEmpty } from '../../model/brand.ts'
import { judgedAddresses, scopeOf } from '../../model/scope.ts'

const INTERFACES_MS = 5_000

/** Each address once, the families taking turns from `first` on; within a family the server's own order stays. */
export function orderAddresses(ips: NonEmpty<Ip>, first: Family): NonEmpty<Ip> {
  const unique = [...new Set(ips)]
  const firsts = unique.filter((ip) => familyOf(ip) === first)
  const others = unique.filter((ip) => familyOf(ip) !== first)
  const turns = Array.from({ length: Math.max(firsts.length, others.length) }, (_, i) => [firsts[i], others[i]])
  const ordered = turns.flat().filter((ip) => ip !== undefined)
  return isNonEmpty(ordered) ? ordered : ips
}

/**
 * Which family this machine would rather use, asked again every few seconds since laptops move. IPv6 needs a global
 * address of its own: private (ULA), 6to4 and Teredo sources stand below IPv4 in RFC 6724 §2.1's table.
 */
export function createFirstFamily(monotonic: () => number, interfaces: typeof networkInterfaces = networkInterfaces): () => Family {
  let family: Family = 4
  let checkedAt = Number.NEGATIVE_INFINITY
  return () => {
    if (monotonic() - checkedAt >= INTERFACES_MS) {
      checkedAt = monotonic()
      const addresses = Object.values(interfaces()).flatMap((list) => list ?? [])
      family = addresses.some(({ address }) => isNativeGlobalIpv6(address)) ? 6 : 4
    }
    return family
  }
}

function isNativeGlobalIpv6(text: string): boolean {
  const ip = parseIp(text)
  return ip !== null && familyOf(ip) === 6 && scopeOf(ip) === 'global' && judgedAddresses(ip).every((judged) => judged === ip)
}
