/**
 * An address space cut into ranges, each with a small number: sorted starts in a typed array, no gaps, no object per
 * range. It knows neither files nor countries; what a value means is its maker's business.
 */

/** Words of 32 bits in an address: one for IPv4, four for IPv6. */
export type Lanes = 1 | 4

/** Range `i` runs from start `i` to just before start `i + 1`; the first start is zero, neighbours differ in value. */
export interface Ranges {
  readonly lanes: Lanes
  /** `lanes` words for each start, most significant first. */
  readonly starts: Uint32Array
  readonly values: Uint32Array
}

/** Collects ranges in ascending order into arrays that grow; joins neighbours of equal value. */
export class RangesBuilder {
  readonly #lanes: Lanes
  #starts: Uint32Array
  #values: Uint32Array
  #length = 0

  constructor(lanes: Lanes, capacity = 1024) {
    this.#lanes = lanes
    this.#starts = new Uint32Array(lanes * capacity)
    this.#values = new Uint32Array(capacity)
  }

  /** Begins a range at the address a.b.c.d (`b`, `c` and `d` count for IPv6 only), which must be above the last one. */
  push(value: number, a: number, b: number, c: number, d: number): void {
    const length = this.#length
    if (length > 0 && this.#values[length - 1] === value) return
    if (length === this.#values.length) this.#grow()
    this.#values[length] = value
    const at = length * this.#lanes
    this.#starts[at] = a
    if (this.#lanes === 4) {
      this.#starts[at + 1] = b
      this.#starts[at + 2] = c
      this.#starts[at + 3] = d
    }
    this.#length = length + 1
  }

  build(): Ranges {
    return { lanes: this.#lanes, starts: this.#starts.slice(0, this.#length * this.#lanes), values: this.#values.slice(0, this.#length) }
  }

  #grow(): void {
    const values = new Uint32Array(this.#values.length * 2)
    const starts = new Uint32Array(this.#starts.length * 2)
    values.set(this.#values)
    starts.set(this.#starts)
    this.#values = values
    this.#starts = starts
  }
}

/** The whole address space with one value. */
export function uniform(lanes: Lanes, value: number): Ranges {
  return { lanes, starts: new Uint32Array(lanes), values: Uint32Array.of(value) }
}

/** Lays two divisions of the same space over each other; `pair` names each combination of values. */
export function overlay(left: Ranges, right: Ranges, pair: (left: number, right: number) => number): Ranges {
  const { lanes } = left
  const builder = new RangesBuilder(lanes, Math.max(16, left.values.length + right.values.length))
  let l = 0
  let r = 0
  for (;;) {
    // The later of the two current starts is where this combination begins.
    const leftIsLater = compare(left, l, right, r) >= 0
    const from = leftIsLater ? left.starts : right.starts
    const at = (leftIsLater ? l : r) * lanes
    builder.push(pair(left.values[l] ?? 0, right.values[r] ?? 0), from[at] ?? 0, from[at + 1] ?? 0, from[at + 2] ?? 0, from[at + 3] ?? 0)
    const leftEnds = l + 1 === left.values.length
    const rightEnds = r + 1 === right.values.length
    if (leftEnds && rightEnds) return builder.build()
    const order = leftEnds ? 1 : rightEnds ? -1 : compare(left, l + 1, right, r + 1)
    if (order <= 0) l++
    if (order >= 0) r++
  }
}

function compare(left: Ranges, l: number, right: Ranges, r: number): number {
  const { lanes } = left
  for (let lane = 0; lane < lanes; lane++) {
    const order = (left.starts[l * lanes + lane] ?? 0) - (right.starts[r * lanes + lane] ?? 0)
    if (order !== 0) return order
  }
  return 0
}

/** How much of the space has a value other than zero: addresses of IPv4, networks of 48 bits of IPv6 (with their fractions). */
export function covered(ranges: Ranges): number {
  let sum = 0
  for (const [value, space] of spaceByValue(ranges)) if (value !== 0) sum += space
  return sum
}

/** How much of the space has each value, in the same units. */
export function spaceByValue({ lanes, starts, values }: Ranges): ReadonlyMap<number, number> {
  // The first 53 bits of a start as one number, in units of what is counted.
  const at = (i: number): number => {
    if (i === values.length) return lanes === 1 ? 2 ** 32 : 2 ** 48
    if (lanes === 1) return starts[i] ?? 0
    return (starts[i * 4] ?? 0) * 2 ** 16 + (starts[i * 4 + 1] ?? 0) / 2 ** 16
  }
  const space = new Map<number, number>()
  for (const [i, value] of values.entries()) space.set(value, (space.get(value) ?? 0) + at(i + 1) - at(i))
  return space
}
