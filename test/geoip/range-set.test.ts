import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RangeSet } from '../../src/geoip/range-set.ts'
import type { Lanes, Ranges } from '../../src/geoip/ranges.ts'

type Range = readonly [first: number, last: number, value: number]

test('gaps are 0, and neighbours of one value are one range', () => {
  expect(
    laidOut(1, [
      [10, 19, 1],
      [20, 29, 1],
      [40, 49, 2],
    ]),
  ).toEqual({
    lanes: 1,
    starts: Uint32Array.of(0, ...[10, 30, 40, 50].flatMap((at) => words(1, at))),
    values: Uint32Array.of(0, 1, 0, 2, 0),
  })
})

test('overlapping ranges of one value are no contradiction', () => {
  expect(
    laidOut(1, [
      [10, 29, 1],
      [20, 39, 1],
      [12, 13, 1],
      [10, 29, 1],
    ]).starts,
  ).toEqual(Uint32Array.of(0, ...words(1, 10), ...words(1, 40)))
})

test('an end at the edge of a word carries over', () => {
  const set = new RangeSet(4)
  set.add(1, Uint32Array.of(1, 2, 0, 0, 1, 2, 0xffff_ffff, 0xffff_ffff))
  expect(set.layOut(false, never).starts).toEqual(Uint32Array.of(0, 0, 0, 0, 1, 2, 0, 0, 1, 3, 0, 0))
})

const contradictions: readonly (readonly [string, boolean, readonly Range[], readonly number[]])[] = [
  [
    'a range inside another, where they may not nest',
    false,
    [
      [10, 50, 1],
      [20, 30, 2],
    ],
    [0, 1, 0, 1, 0],
  ],
  [
    'ranges that cross',
    true,
    [
      [10, 50, 1],
      [20, 59, 2],
    ],
    [0, 1, 0, 2, 0],
  ],
  [
    'the same range twice',
    true,
    [
      [10, 50, 1],
      [10, 50, 2],
    ],
    [0],
  ],
  [
    'a range that crosses several at once',
    true,
    [
      [10, 50, 1],
      [20, 40, 3],
      [30, 59, 1],
    ],
    [0, 1, 3, 0, 1, 0],
  ],
]
test.each(contradictions)('%s: the numbers of both are told, and what they share has no answer', (_, nested, ranges, values) => {
  const told: (readonly [number, number])[] = []
  const set = filled(1, ranges.toReversed())
  expect([...set.layOut(nested, (first, second) => told.push([first, second])).values]).toEqual(values)
  expect(told).toHaveLength(1)
  for (const [first, second] of told) expect(first).toBeLessThan(second)
})

test('what a contradiction throws comes through', () => {
  const set = filled(1, [
    [10, 50, 1],
    [20, 59, 2],
  ])
  expect(() =>
    set.layOut(true, (first, second) => {
      throw new Error(`${first} and ${second}`)
    }),
  ).toThrow('0 and 1')
})

const LAST = 60
const range = fc
  .tuple(fc.nat(LAST), fc.nat(LAST), fc.integer({ min: 1, max: 3 }))
  .map(([a, b, value]): Range => [Math.min(a, b), Math.max(a, b), value])

test('an address in ranges of one value has that value, whatever else contradicts', () => {
  for (const lanes of [1, 4] as const) {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 10 }), fc.boolean(), (ranges, nested) => {
        const laid = filled(lanes, ranges).layOut(nested, () => {})
        for (let at = 0; at <= LAST; at++) {
          const said = new Set(ranges.filter(([first, last]) => first <= at && at <= last).map(([, , value]) => value))
          const value = saidAt(laid, at)
          if (said.size === 0) expect(value).toBe(0)
          // A contradiction near by may silence an address, never give it an answer that no range gives.
          else expect([0, ...said]).toContain(value)
        }
      }),
    )
  }
})

test('without a contradiction each address has the value of the ranges that hold it, whatever the order', () => {
  const apart = fc.uniqueArray(fc.nat(LAST), { maxLength: 16 }).map((cuts) => {
    const sorted = cuts.sort((a, b) => a - b)
    return sorted.slice(1).flatMap((cut, i): Range[] => (i % 3 === 2 ? [] : [[sorted[i] ?? 0, cut - 1, 1 + (i % 2)]]))
  })
  const cases = apart.chain((ranges) => fc.tuple(fc.constant(ranges), fc.shuffledSubarray(ranges, { minLength: ranges.length })))
  fc.assert(
    fc.property(cases, fc.constantFrom<Lanes>(1, 4), ([ranges, shuffled], lanes) => {
      const laid = laidOut(lanes, shuffled)
      for (let at = 0; at <= LAST; at++) {
        expect(saidAt(laid, at)).toBe(ranges.find(([first, last]) => first <= at && at <= last)?.[2] ?? 0)
      }
    }),
  )
})

const never = (): never => {
  throw new Error('a contradiction')
}

/** The last addresses of the space, so that its end is tried too; of IPv6, across two words. */
const words = (lanes: Lanes, at: number): readonly number[] =>
  lanes === 1
    ? [0xffff_ffff - LAST + at]
    : [0xffff_ffff, 0xffff_ffff, at < 20 ? 0xffff_fffe : 0xffff_ffff, at < 20 ? 0xffff_ffff - 19 + at : 0xffff_ffff - LAST + at]

function filled(lanes: Lanes, ranges: readonly Range[]): RangeSet {
  const set = new RangeSet(lanes, 2)
  for (const [first, last, value] of ranges) set.add(value, Uint32Array.from([...words(lanes, first), ...words(lanes, last)]))
  return set
}
const laidOut = (lanes: Lanes, ranges: readonly Range[]) => filled(lanes, ranges).layOut(false, never)

function saidAt({ lanes, starts, values }: Ranges, at: number): number {
  const wanted = words(lanes, at)
  const isAfter = (i: number) => {
    for (let lane = 0; lane < lanes; lane++) {
      const order = (starts[i * lanes + lane] ?? 0) - (wanted[lane] ?? 0)
      if (order !== 0) return order > 0
    }
    return false
  }
  return values.findLast((_, i) => !isAfter(i)) ?? 0
}
