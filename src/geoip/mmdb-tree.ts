/**
 * Walks the whole search tree of a MaxMind DB once, in address order (MaxMind DB format 2.0, "Binary Search Tree
 * Section"), and turns it into ranges. It reads nodes only; what a data pointer means, the caller says.
 *
 * A damaged tree is refused rather than read in part: every node must be reached exactly once. A flipped or zeroed
 * record nearly always points to a node that something else points to as well, or leaves one that nothing points to.
 */
import { type Lanes, type Ranges, RangesBuilder, uniform } from './ranges.ts'

/** The tree's bytes and the numbers that the file's metadata gives for it. */
export interface Tree {
  readonly bytes: Uint8Array
  readonly nodeCount: number
  readonly recordSize: number
  readonly ipVersion: number
}

/** Four words of an address, most significant first; IPv4 stands in the first alone. */
export type Words = readonly [number, number, number, number]

/** The value of a data record, asked once for each: `pointer` counts from the tree's start, as nodes do; `at` is an address that has it. */
export type ValueOf = (pointer: number, at: Words, lanes: Lanes) => number

/** Both address families of a tree, as ranges; a value of 0 stands for addresses without data. Throws where the tree is damaged. */
export function walkTree(tree: Tree, value: ValueOf): { readonly v4: Ranges; readonly v6: Ranges } {
  const walker = new Walker(tree, value)
  const v4Root = tree.ipVersion === 4 ? 0 : walker.v4Root()
  const v4 = walker.walk(1, v4Root, null)
  // IPv4 space hangs below ::/96, and some writers hang it again below ::ffff:0:0/96, 2002::/16 and 2001::/32. Those
  // addresses are judged by the IPv4 address inside (model/scope.ts), so IPv6 ranges leave that subtree out everywhere.
  const v6 = tree.ipVersion === 4 ? uniform(4, 0) : walker.walk(4, 0, v4Root)
  walker.assertComplete()
  return { v4, v6 }
}

class Walker {
  readonly #tree: Tree
  readonly #value: ValueOf
  readonly #record: RecordReader
  readonly #seen: Uint8Array
  readonly #values = new Map<number, number>()
  #reached = 0

  constructor(tree: Tree, value: ValueOf) {
    this.#tree = tree
    this.#value = value
    this.#record = recordReader(tree)
    this.#seen = new Uint8Array(tree.nodeCount)
  }

  v4Root(): number {
    let record = 0
    for (let depth = 0; depth < 96 && record < this.#tree.nodeCount; depth++) record = this.#record(record, 0)
    return record
  }

  walk(lanes: Lanes, root: number, leaveOut: number | null): Ranges {
    const { nodeCount } = this.#tree
    const builder = new RangesBuilder(lanes, 1 << 16)
    const width = 32 * lanes
    // What is still to be done: the right halves of the nodes above, at most one for each depth.
    const pending: { record: number; depth: number; a: number; b: number; c: number; d: number }[] = []
    for (let i = 0; i <= width; i++) pending.push({ record: 0, depth: 0, a: 0, b: 0, c: 0, d: 0 })
    let waiting = 0
    let record = root
    let depth = 0
    let a = 0
    let b = 0
    let c = 0
    let d = 0
    for (;;) {
      if (record < nodeCount && record !== leaveOut) {
        if (depth === width) throw new Error(`the search tree is cyclic: node ${record} lies deeper than ${width} bits`)
        this.#visit(record)
        const right = pending[waiting++]
        if (right === undefined) throw new Error('the search tree is too deep')
        const bit = (0x8000_0000 >>> (depth & 31)) >>> 0
        const lane = depth >> 5
        right.record = this.#record(record, 1)
        right.depth = depth + 1
        right.a = lane === 0 ? a + bit : a
        right.b = lane === 1 ? b + bit : b
        right.c = lane === 2 ? c + bit : c
        right.d = lane === 3 ? d + bit : d
        record = this.#record(record, 0)
        depth++
        continue
      }
      const value = record <= nodeCount ? 0 : (this.#values.get(record) ?? this.#firstValue(record, [a, b, c, d], lanes))
      builder.push(value, a, b, c, d)
      const next = pending[--waiting]
      if (next === undefined) return builder.build()
      ;({ record, depth, a, b, c, d } = next)
    }
  }

  #firstValue(pointer: number, at: Words, lanes: Lanes): number {
    const value = this.#value(pointer, at, lanes)
    this.#values.set(pointer, value)
    return value
  }

  #visit(node: number): void {
    if (this.#seen[node] === 1) throw new Error(`the search tree is cyclic or damaged: node ${node} is reached twice`)
    this.#seen[node] = 1
    this.#reached++
  }

  assertComplete(): void {
    const lost = this.#tree.nodeCount - this.#reached
    if (lost > 0) throw new Error(`the search tree is damaged: ${lost} of its ${this.#tree.nodeCount} nodes are never reached`)
  }
}

type RecordReader = (node: number, side: 0 | 1) => number

/** Two records a node, big-endian, of 24, 28 or 32 bits; with 28 the middle byte holds the high nibble of both. */
function recordReader({ bytes, recordSize }: Tree): RecordReader {
  const at = (i: number): number => bytes[i] ?? 0
  if (recordSize === 24) {
    return (node, side) => {
      const i = node * 6 + side * 3
      return (at(i) << 16) | (at(i + 1) << 8) | at(i + 2)
    }
  }
  if (recordSize === 28) {
    return (node, side) => {
      const i = node * 7
      const high = side === 0 ? at(i + 3) >> 4 : at(i + 3) & 0xf
      const low = i + side * 4
      return (high << 24) | (at(low) << 16) | (at(low + 1) << 8) | at(low + 2)
    }
  }
  return (node, side) => {
    const i = node * 8 + side * 4
    return ((at(i) << 24) | (at(i + 1) << 16) | (at(i + 2) << 8) | at(i + 3)) >>> 0
  }
}
