/** A plain look-up in ranges, by bisection over BigInt: the referee for what parsers make. */
import type { Ranges } from '../../src/geoip/ranges.ts'
import { familyOf, type Ip, ipToBytes } from '../../src/model/address.ts'

/** What the ranges of its family say of an address. */
export function valueAt(ip: Ip, v4: Ranges, v6: Ranges): number {
  const { lanes, starts, values } = familyOf(ip) === 4 ? v4 : v6
  const wanted = numberOf(wordsOf(ip))
  let low = 0
  let above = values.length
  while (above - low > 1) {
    const middle = (low + above) >> 1
    if (numberOf(starts.subarray(middle * lanes, (middle + 1) * lanes)) <= wanted) low = middle
    else above = middle
  }
  return values[low] ?? 0
}

const numberOf = (words: ArrayLike<number>): bigint => Array.from(words).reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)

function wordsOf(ip: Ip): readonly number[] {
  const bytes = Buffer.from(ipToBytes(ip))
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32BE(4 * i))
}
