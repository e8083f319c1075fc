/** Ranges written as prefixes: the fewest that give the same answers, none inside another. */
import { ipFromBytes } from '../model/address.ts'
import type { Cidr } from '../model/cidr.ts'
import type { Ranges } from './ranges.ts'

/** A network and the number that its addresses have. */
export interface ValuedNetwork {
  readonly network: Cidr
  /** 1 and up: what has no answer is not listed. */
  readonly value: number
}

/** The networks of all ranges that have an answer, in ascending order. */
export function prefixesOf({ lanes, starts, values }: Ranges): readonly ValuedNetwork[] {
  const width = 32 * lanes
  const startOf = (range: number): bigint =>
    range < values.length
      ? starts.subarray(range * lanes, (range + 1) * lanes).reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)
      : 1n << BigInt(width)
  const networks: ValuedNetwork[] = []
  for (const [range, value] of values.entries()) {
    if (value === 0) continue
    const end = startOf(range + 1)
    for (let at = startOf(range); at < end; ) {
      const free = freeBits(at, end, width)
      networks.push({ network: networkAt(at, width - free, width), value })
      at += 1n << BigInt(free)
    }
  }
  return networks
}

/** How many low bits the largest network has that begins at `at` and ends at `end` or before. */
function freeBits(at: bigint, end: bigint, width: number): number {
  let bits = 0
  while (bits < width && (at >> BigInt(bits)) % 2n === 0n && at + (2n << BigInt(bits)) <= end) bits++
  return bits
}

function networkAt(at: bigint, bits: number, width: number): Cidr {
  const bytes = Buffer.from(at.toString(16).padStart(width / 4, '0'), 'hex')
  return { ip: ipFromBytes(bytes), family: width === 32 ? 4 : 6, bits }
}
