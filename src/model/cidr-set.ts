/**
 * Networks compiled for look-ups, however many: laid over each other, cut where any begins or ends, and found by binary
 * search. An IPv4 address is never in an IPv6 network, nor the reverse.
 */
import { type Family, type Ip, ipToBytes } from './address.ts'
import type { Cidr } from './cidr.ts'
import { SharedLists } from './shared-lists.ts'

export class CidrSet {
  readonly #networks: CidrMap<true>

  constructor(networks: readonly Cidr[]) {
    this.#networks = new CidrMap(networks.map((network) => [network, true]))
  }

  has(ip: Ip): boolean {
    return this.#networks.get(ip).length > 0
  }

  /** The same for the 4 or 16 bytes of an address, for a caller who asks several sets about it. */
  hasBytes(bytes: Uint8Array): boolean {
    return this.#networks.getBytes(bytes).length > 0
  }
}

/** Networks with values. They may overlap, and one may stand here several times. */
export class CidrMap<T> {
  readonly #v4: Ranges<T>
  readonly #v6: Ranges<T>

  constructor(entries: readonly (readonly [Cidr, T])[]) {
    const lists = new SharedLists<T>()
    this.#v4 = rangesOf(entries, 4, lists)
    this.#v6 = rangesOf(entries, 6, lists)
  }

  /** The values of all networks that hold the address, each once, those of the widest network first. A shared, frozen array. */
  get(ip: Ip): readonly T[] {
    const { values, none } = ip.includes(':') ? this.#v6 : this.#v4
    // Text is dear to read.
    return values.length === 0 ? none : this.getBytes(ipToBytes(ip))
  }

  /** The same for the 4 or 16 bytes of an address. */
  getBytes(bytes: Uint8Array): readonly T[] {
    const { starts, values, none } = bytes.length === 4 ? this.#v4 : this.#v6
    const at = lastUpTo(starts, values.length, bytes)
    // Read as an element, -1 would be looked up by name, as a property.
    return at < 0 ? none : (values[at] ?? none)
  }
}

/** What holds from each start to the next. */
interface Ranges<T> {
  /** In words of 32 bits: one for an IPv4 address, four for IPv6. */
  readonly starts: Uint32Array
  readonly values: readonly (readonly T[])[]
  /** What holds below the first. */
  readonly none: readonly T[]
}

/** The index of the last start that is not above the address; -1 where there is none. */
function lastUpTo(starts: Uint32Array, count: number, bytes: Uint8Array): number {
  const width = bytes.length >> 2
  const first = wordAt(bytes, 0)
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    const start = starts[middle * width] ?? 0
    if (start < first || (start === first && (width === 1 || !isAbove(starts, middle, bytes)))) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** Of an IPv6 start whose first word is that of the address. */
function isAbove(starts: Uint32Array, index: number, bytes: Uint8Array): boolean {
  for (let word = 1; word < 4; word++) {
    const start = starts[4 * index + word] ?? 0
    const asked = wordAt(bytes, 4 * word)
    if (start !== asked) return start > asked
  }
  return false
}

const wordAt = (b: Uint8Array, at: number): number =>
  (((b[at] ?? 0) << 24) | ((b[at + 1] ?? 0) << 16) | ((b[at + 2] ?? 0) << 8) | (b[at + 3] ?? 0)) >>> 0

/** Two networks never overlap in part, so that those around an address lie on a stack. */
function rangesOf<T>(all: readonly (readonly [Cidr, T])[], family: Family, lists: SharedLists<T>): Ranges<T> {
  const entries = all.filter(([network]) => network.family === family)
  const width = family === 4 ? 1 : 4
  const starts = new Addresses(entries.length, width)
  const ends = new Addresses(entries.length, width)
  for (const [i, [{ ip, bits }]] of entries.entries()) {
    starts.read(i, ipToBytes(ip))
    ends.copy(i, starts, i)
    ends.pass(i, bits)
  }
  const order = entries
    .map(([{ bits }, value], i) => ({ i, bits, value }))
    .sort((a, b) => starts.compare(a.i, starts, b.i) || a.bits - b.bits)

  const cuts = new Cuts<T>(2 * entries.length, width, lists.none)
  const open: { readonly i: number; readonly values: readonly T[] }[] = []
  const around = () => open.at(-1)?.values ?? lists.none
  const close = (isOver: (i: number) => boolean) => {
    for (let top = open.at(-1); top !== undefined && !ends.isZero(top.i) && isOver(top.i); top = open.at(-1)) {
      open.pop()
      cuts.add(ends, top.i, around())
    }
  }
  for (const { i, value } of order) {
    close((opened) => ends.compare(opened, starts, i) <= 0)
    const values = lists.plus(around(), value)
    cuts.add(starts, i, values)
    open.push({ i, values })
  }
  close(() => true)
  return { starts: cuts.starts.first(cuts.values.length), values: cuts.values, none: lists.none }
}

/** Addresses of one family, by index. */
class Addresses {
  readonly #words: Uint32Array
  readonly #width: number

  constructor(count: number, width: number) {
    this.#words = new Uint32Array(count * width)
    this.#width = width
  }

  /** Of the first ones, the words. */
  first(count: number): Uint32Array {
    return this.#words.slice(0, count * this.#width)
  }

  read(i: number, bytes: Uint8Array): void {
    for (let word = 0; word < this.#width; word++) this.#words[i * this.#width + word] = wordAt(bytes, 4 * word)
  }

  copy(i: number, other: Addresses, j: number): void {
    for (let word = 0; word < this.#width; word++) this.#words[i * this.#width + word] = other.#words[j * this.#width + word] ?? 0
  }

  /** From the start of a network to the first address behind it: zero where there is none. */
  pass(i: number, bits: number): void {
    // The lowest bit of the network's own, one up; what overflows a word is carried into the one before.
    let size = 2 ** (31 - ((bits - 1) & 31))
    for (let word = i * this.#width + ((bits - 1) >> 5); word >= i * this.#width; word--) {
      const sum = (this.#words[word] ?? 0) + size
      this.#words[word] = sum
      if (sum < 2 ** 32) return
      size = 1
    }
  }

  compare(i: number, other: Addresses, j: number): number {
    for (let word = 0; word < this.#width; word++) {
      const difference = (this.#words[i * this.#width + word] ?? 0) - (other.#words[j * this.#width + word] ?? 0)
      if (difference !== 0) return difference
    }
    return 0
  }

  isZero(i: number): boolean {
    for (let word = 0; word < this.#width; word++) if (this.#words[i * this.#width + word] !== 0) return false
    return true
  }
}

/** Collects cuts in order. Of several at one place the last counts, and one that changes nothing is none. */
class Cuts<T> {
  readonly starts: Addresses
  readonly values: (readonly T[])[] = []
  readonly #none: readonly T[]

  constructor(most: number, width: number, none: readonly T[]) {
    this.starts = new Addresses(most, width)
    this.#none = none
  }

  add(addresses: Addresses, i: number, values: readonly T[]): void {
    const last = this.values.length - 1
    if (last >= 0 && this.starts.compare(last, addresses, i) === 0) this.values.pop()
    if (values === (this.values.at(-1) ?? this.#none)) return
    this.starts.copy(this.values.length, addresses, i)
    this.values.push(values)
  }
}
