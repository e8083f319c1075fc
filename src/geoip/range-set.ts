/**
 * Collects ranges of one address family in any order and lays them out as `Ranges`: sorted, cut where they nest, the
 * gaps filled with 0. It knows neither text nor files; ranges have the numbers in which they were added.
 */
import { type Lanes, type Ranges, RangesBuilder } from './ranges.ts'

/** Told the numbers of two ranges that say different things of one address where that is not allowed; throws, or lets that address have no answer. */
export type OnContradiction = (first: number, second: number) => void

/** Ranges of one address family, each with a number that says something of its addresses. */
export class RangeSet {
  readonly #lanes: Lanes
  /** First and last address of each range: `lanes` words for the one, `lanes` for the other. */
  #words: Uint32Array
  #values: Uint32Array
  #length = 0
  #ascending = true

  constructor(lanes: Lanes, capacity = 1024) {
    this.#lanes = lanes
    this.#words = new Uint32Array(2 * lanes * capacity)
    this.#values = new Uint32Array(capacity)
  }

  /** Adds the range whose first and last address `words` holds: two words for IPv4, eight for IPv6. The last must not be below the first. */
  add(value: number, words: Uint32Array): void {
    const width = 2 * this.#lanes
    if (this.#length === this.#values.length) this.#grow()
    const at = this.#length * width
    for (let i = 0; i < width; i++) this.#words[at + i] = words[i] ?? 0
    // Most files are in order already: each range above the one before.
    if (this.#ascending && at > 0 && this.#order(at, at - this.#lanes) <= 0) this.#ascending = false
    this.#values[this.#length++] = value
  }

  /**
   * Lays all ranges out. Overlapping ranges of one value are one range. Of different values, the inner speaks where
   * `nested` allows it. Ranges that cross, are the same, or may not nest contradict each other.
   */
  layOut(nested: boolean, onContradiction: OnContradiction): Ranges {
    const lanes = this.#lanes
    const layout = new Layout(lanes, this.#length)
    // The ranges that hold the current address, each inside the one before: number, value, and where the last address stands.
    const open: { readonly range: number; readonly value: number; readonly end: number }[] = []
    const closeBefore = (start: number | null) => {
      for (let top = open.at(-1); top !== undefined && (start === null || this.#order(top.end, start) < 0); top = open.at(-1)) {
        open.pop()
        layout.after(open.at(-1)?.value ?? 0, this.#words, top.end)
      }
    }
    const begin = (range: number, value: number, end: number) => {
      layout.from(value, this.#words, range * 2 * lanes)
      open.push({ range, value, end })
    }
    const order = this.#ascending ? null : this.#sorted()
    for (let n = 0; n < this.#length; n++) {
      const range = order?.[n] ?? n
      const start = range * 2 * lanes
      const end = start + lanes
      const value = this.#values[range] ?? 0
      closeBefore(start)
      const crossed = open.findIndex((other) => this.#order(other.end, end) < 0)
      if (crossed < 0) {
        const outer = open.at(-1)
        if (outer?.value === value) continue
        const isSame = outer !== undefined && this.#order(start, outer.range * 2 * lanes) === 0 && this.#order(end, outer.end) === 0
        const isAllowed = outer === undefined || (nested && !isSame)
        if (!isAllowed) onContradiction(Math.min(outer.range, range), Math.max(outer.range, range))
        begin(range, isAllowed ? value : 0, end)
        continue
      }
      // The longest of those that end earlier holds the others, and all that this one shares with any of them.
      const [longest, ...others] = open.splice(crossed)
      const other = longest?.value === value ? others.find((each) => each.value !== value) : longest
      open.push({ range, value, end })
      if (longest === undefined || other === undefined) continue
      onContradiction(Math.min(other.range, range), Math.max(other.range, range))
      begin(range, 0, longest.end)
    }
    closeBefore(null)
    return layout.build()
  }

  /** Where the words of two addresses stand in the array: negative where the left one is the lower address. */
  #order(left: number, right: number): number {
    const words = this.#words
    for (let lane = 0; lane < this.#lanes; lane++) {
      const difference = (words[left + lane] ?? 0) - (words[right + lane] ?? 0)
      if (difference !== 0) return difference
    }
    return 0
  }

  /** The ranges' numbers by first address, the longer first. */
  #sorted(): Uint32Array {
    const width = 2 * this.#lanes
    const compare = (l: number, r: number): number => {
      const left = l * width
      const right = r * width
      return this.#order(left, right) || this.#order(right + this.#lanes, left + this.#lanes)
    }
    return Uint32Array.from({ length: this.#length }, (_, i) => i).sort(compare)
  }

  #grow(): void {
    const values = new Uint32Array(this.#values.length * 2)
    const words = new Uint32Array(this.#words.length * 2)
    values.set(this.#values)
    words.set(this.#words)
    this.#values = values
    this.#words = words
  }
}

/** Takes beginnings in ascending order; of several at one address the last counts. */
class Layout {
  readonly #lanes: Lanes
  readonly #builder: RangesBuilder
  #value = 0
  #a = 0
  #b = 0
  #c = 0
  #d = 0
  #isFull = false

  constructor(lanes: Lanes, ranges: number) {
    this.#lanes = lanes
    this.#builder = new RangesBuilder(lanes, 2 * ranges + 1)
  }

  /** `value` begins at the address whose words stand at `at`. */
  from(value: number, words: Uint32Array, at: number): void {
    this.#begin(value, words[at] ?? 0, words[at + 1] ?? 0, words[at + 2] ?? 0, words[at + 3] ?? 0)
  }

  /** `value` begins at the address after the one whose words stand at `at`; after the last of all, nothing does. */
  after(value: number, words: Uint32Array, at: number): void {
    const last = [words[at] ?? 0, words[at + 1] ?? 0, words[at + 2] ?? 0, words[at + 3] ?? 0]
    let lane = this.#lanes - 1
    while (lane >= 0 && last[lane] === 0xffff_ffff) last[lane--] = 0
    if (lane < 0) {
      this.#isFull = true
      return
    }
    last[lane] = (last[lane] ?? 0) + 1
    const [a = 0, b = 0, c = 0, d = 0] = last
    this.#begin(value, a, b, c, d)
  }

  build(): Ranges {
    this.#flush()
    return this.#builder.build()
  }

  #begin(value: number, a: number, b: number, c: number, d: number): void {
    const isIpv4 = this.#lanes === 1
    if (this.#isFull) return
    if (a !== this.#a || (!isIpv4 && (b !== this.#b || c !== this.#c || d !== this.#d))) this.#flush()
    this.#value = value
    this.#a = a
    this.#b = b
    this.#c = c
    this.#d = d
  }

  #flush(): void {
    this.#builder.push(this.#value, this.#a, this.#b, this.#c, this.#d)
  }
}
