/** Networks laid over each other and cut where any begins or ends: one binary search gives the values of all that hold an address. */
import { ipToBytes } from '../model/address.ts'
import type { Cidr } from '../model/cidr.ts'

interface Entry<T> {
  readonly network: Cidr
  readonly value: T
}

export class AddressIntervals<Answer> {
  /** Where each interval begins, in words of 32 bits: one for an IPv4 address, four for IPv6. It ends where the next begins. */
  readonly #starts: Uint32Array
  readonly #values: readonly Answer[]

  constructor(starts: Uint32Array, values: readonly Answer[]) {
    this.#starts = starts
    this.#values = values
  }

  /** Of networks of one family; `answer` makes the answer from the values of all networks that hold an interval, in their order. */
  static of<T, Answer>(entries: readonly Entry<T>[], answer: (values: readonly T[]) => Answer): AddressIntervals<Answer> {
    const width = entries[0]?.network.family === 4 ? 32 : 128
    const spans = entries.map(({ network, value }) => {
      const from = numberOf(ipToBytes(network.ip))
      return { from, end: from + (1n << BigInt(width - network.bits)), value }
    })
    const cuts = [...new Set(spans.flatMap(({ from, end }) => [from, end]))]
      .filter((cut) => cut < 1n << BigInt(width))
      .sort((a, b) => (a < b ? -1 : 1))
    const values = cuts.map((cut) => answer(spans.filter(({ from, end }) => from <= cut && cut < end).map(({ value }) => value)))
    return new AddressIntervals<Answer>(Uint32Array.from(cuts.flatMap((cut) => wordsOf(cut, width / 32))), values)
  }

  /** `undefined`: below them all. Between two networks: what `answer` makes of nothing. */
  get(bytes: Uint8Array): Answer | undefined {
    let low = 0
    let high = this.#values.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#beginsAfter(middle, bytes)) high = middle
      else low = middle + 1
    }
    return this.#values[low - 1]
  }

  #beginsAfter(index: number, bytes: Uint8Array): boolean {
    const words = bytes.length >> 2
    for (let word = 0; word < words; word++) {
      const start = this.#starts[index * words + word] ?? 0
      const asked = wordAt(bytes, 4 * word)
      if (start !== asked) return start > asked
    }
    return false
  }
}

const wordAt = (b: Uint8Array, at: number): number =>
  (((b[at] ?? 0) << 24) | ((b[at + 1] ?? 0) << 16) | ((b[at + 2] ?? 0) << 8) | (b[at + 3] ?? 0)) >>> 0

const numberOf = (bytes: Uint8Array): bigint => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)

const wordsOf = (cut: bigint, count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => Number((cut >> BigInt(32 * (count - 1 - i))) & 0xffff_ffffn))
