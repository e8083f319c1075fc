/** Sources made up for tests: IPv4 ranges, and the same numbers at the end of 2a00::/16. */
import { RangesBuilder } from '../../src/geoip/ranges.ts'
import { countryNumber, type GeoSource, type Says, saysCountries } from '../../src/geoip/source.ts'
import { type Ip, ipFromBytes, ipToBytes } from '../../src/model/address.ts'
import type { SourceRole } from '../../src/model/location.ts'

export interface Range {
  readonly from: number
  /** The first address that is not in it. */
  readonly to: number
  readonly value: number
}

/** Ranges in ascending order, none over another. */
export function source(name: string, role: SourceRole, ranges: readonly Range[], change: Partial<GeoSource> = {}): GeoSource {
  const v4 = new RangesBuilder(1)
  const v6 = new RangesBuilder(4)
  v4.push(0, 0, 0, 0, 0)
  v6.push(0, 0, 0, 0, 0)
  for (const { from, to, value } of ranges) {
    v4.push(value, from, 0, 0, 0)
    if (to < 2 ** 32) v4.push(0, to, 0, 0, 0)
    v6.push(value, 0x2a00_0000, 0, 0, from)
    if (to < 2 ** 32) v6.push(0, 0x2a00_0000, 0, 0, to)
    else v6.push(0, 0x2a00_0000, 0, 1, 0)
  }
  const info = { name, role, date: '2026-06-01', sha256: name.padEnd(64, '0'), licence: null, attribution: null }
  return { info, says: saysCountries, v4: v4.build(), v6: v6.build(), speaksIn: new Set(), warnings: [], ...change }
}

export const at = (from: number, to: number, country: string): Range => ({ from, to, value: countryNumber(country) })

export const networks = (...list: readonly (readonly [asn: number, name: string])[]): Says => ({
  kind: 'networks',
  list: list.map(([asn, name]) => ({ asn, name })),
})

export const v4 = (number: number): Ip => ipFromBytes(Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number))

export function v6(number: number): Ip {
  const bytes = new Uint8Array(16)
  bytes[0] = 0x2a
  bytes.set(ipToBytes(v4(number)), 12)
  return ipFromBytes(bytes)
}
