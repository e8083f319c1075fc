/**
 * NAT64 with an operator's own prefix (RFC 6147, RFC 6052): the AAAA records that DNS64 made up from a name's A records.
 * Databases place the prefix where the operator is, but the packets go where the IPv4 address is. Nothing in such an
 * address tells that it is one; that a name's own IPv4 address stands in it does.
 */
import { familyOf, type Ip, ipFromBytes, ipToBytes } from './address.ts'
import type { NonEmpty } from './brand.ts'
import { judgedAddresses, scopeOf } from './scope.ts'

/** Where the four bytes stand after a prefix of 32, 40, 48, 56, 64 or 96 bits (RFC 6052 §2.2): around byte 8, which is zero. */
const layouts: readonly NonEmpty<number>[] = [
  [4, 5, 6, 7],
  [5, 6, 7, 9],
  [6, 7, 9, 10],
  [7, 9, 10, 11],
  [9, 10, 11, 12],
  [12, 13, 14, 15],
]

/**
 * Which of a name's IPv6 addresses have one of its IPv4 addresses inside, and which ones those are. All of them must be
 * permitted beside the IPv6 address: who owns the name chooses its A records, and could add one that happens to stand in
 * the operator's prefix. What `judgedAddresses` tells by itself is left out.
 */
export function synthesised(addresses: readonly Ip[]): ReadonlyMap<Ip, NonEmpty<Ip>> {
  // The zeros of 0.0.0.0 stand in almost every address, and nothing is translated to it.
  const v4 = new Set(addresses.filter((ip) => familyOf(ip) === 4 && scopeOf(ip) !== 'unspecified'))
  const found = new Map<Ip, NonEmpty<Ip>>()
  if (v4.size === 0) return found
  for (const ip of addresses) {
    if (familyOf(ip) === 4) continue
    const told = judgedAddresses(ip)
    const [first, ...others] = embeddedIn(ipToBytes(ip)).filter((inner) => v4.has(inner) && !told.includes(inner))
    if (first !== undefined) found.set(ip, [first, ...others])
  }
  return found
}

/** What stands at each of the positions, each address once. */
function embeddedIn(bytes: Uint8Array): readonly Ip[] {
  if (bytes[8] !== 0) return []
  return [...new Set(layouts.map((at) => ipFromBytes(Uint8Array.from(at, (i) => bytes[i] ?? 0))))]
}
