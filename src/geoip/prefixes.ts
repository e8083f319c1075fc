/**
 * Collects prefixes with a number each, and turns them into ranges by the rule of routing tables: of all prefixes that
 * hold an address, the longest speaks. It refuses to know what the numbers mean.
 */
import { ipToBytes } from '../model/address.ts'
import { type Cidr, formatCidr } from '../model/cidr.ts'
import { RangeSet } from './range-set.ts'
import type { Lanes, Ranges } from './ranges.ts'

/** Prefixes in any order; where they nest, the longest that holds an address speaks. */
export class PrefixSet {
  readonly #values = new Map<string, number>()
  readonly #v4 = new RangeSet(1)
  readonly #v6 = new RangeSet(4)

  /** `conflict`: the same prefix is there with another value, and the first stays. The value 0 makes a hole in what is around it. */
  add(network: Cidr, value: number): 'added' | 'same' | 'conflict' {
    const key = formatCidr(network)
    const known = this.#values.get(key)
    if (known !== undefined) return known === value ? 'same' : 'conflict'
    this.#values.set(key, value)
    if (network.family === 4) this.#v4.add(value, wordsOf(network, 1))
    else this.#v6.add(value, wordsOf(network, 4))
    return 'added'
  }

  /** How many distinct prefixes there are. */
  get size(): number {
    return this.#values.size
  }

  /** Both families as ranges; addresses in no prefix have the value 0. */
  build(): { readonly v4: Ranges; readonly v6: Ranges } {
    return { v4: this.#v4.layOut(true, impossible), v6: this.#v6.layOut(true, impossible) }
  }
}

const impossible = (): never => {
  throw new Error('prefixes that cross: bits are set beyond the length of one')
}

/** First and last address of a network, as words. */
function wordsOf({ ip, bits }: Cidr, lanes: Lanes): Uint32Array {
  const bytes = ipToBytes(ip)
  const words = new Uint32Array(2 * lanes)
  for (let lane = 0; lane < lanes; lane++) {
    const at = 4 * lane
    const first = (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
    const kept = Math.max(0, Math.min(32, bits - 32 * lane))
    words[lane] = first
    words[lanes + lane] = kept === 32 ? first : first | (0xffff_ffff >>> kept)
  }
  return words
}
