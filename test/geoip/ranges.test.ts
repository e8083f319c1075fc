import fc from 'fast-check'
import { expect, test } from 'vitest'
import { covered, type Lanes, overlay, type Ranges, RangesBuilder, uniform } from '../../src/geoip/ranges.ts'

test('neighbours of equal value become one range', () => {
  const builder = new RangesBuilder(1, 1)
  builder.push(0, 0, 0, 0, 0)
  builder.push(7, 10, 0, 0, 0)
  builder.push(7, 20, 0, 0, 0)
  builder.push(8, 30, 0, 0, 0)
  expect(builder.build()).toEqual({ lanes: 1, starts: Uint32Array.of(0, 10, 30), values: Uint32Array.of(0, 7, 8) })
})

test('coverage counts the addresses that have a value, to the end of the space', () => {
  expect(covered(uniform(1, 0))).toBe(0)
  expect(covered(uniform(1, 3))).toBe(2 ** 32)
  expect(
    covered(
      divided(1, [
        { at: 100, value: 1 },
        { at: 150, value: 0 },
      ]),
    ),
  ).toBe(50)
})

test('coverage of IPv6 counts networks of 48 bits, with their fractions', () => {
  expect(covered(uniform(4, 3))).toBe(2 ** 48)
  // 2a00::/32, and the first half of 2a01::/48.
  const builder = new RangesBuilder(4)
  for (const [value, a, b] of [
    [0, 0, 0],
    [1, 0x2a00_0000, 0],
    [0, 0x2a00_0001, 0],
    [2, 0x2a01_0000, 0],
    [0, 0x2a01_0000, 0x8000],
  ] as const) {
    builder.push(value, a, b, 0, 0)
  }
  expect(covered(builder.build())).toBe(2 ** 16 + 0.5)
})

test('an overlay says of each address what both sides say', () => {
  for (const lanes of [1, 4] as const) {
    fc.assert(
      fc.property(cuts, cuts, (left, right) => {
        const l = divided(lanes, left)
        const r = divided(lanes, right)
        const merged = overlay(l, r, (a, b) => a * 100 + b)
        for (let at = 0; at <= 60; at++) expect(valueAt(merged, at)).toBe(valueAt(l, at) * 100 + valueAt(r, at))
        for (let i = 1; i < merged.values.length; i++) expect(merged.values[i]).not.toBe(merged.values[i - 1])
      }),
    )
  }
})

const cuts = fc.uniqueArray(fc.record({ at: fc.integer({ min: 1, max: 60 }), value: fc.integer({ min: 0, max: 3 }) }), {
  selector: ({ at }) => at,
  maxLength: 12,
})

/** A space that is 0 up to the first cut; for IPv6 the cuts alternate between the highest and the lowest word. */
function divided(lanes: Lanes, list: readonly { at: number; value: number }[]): Ranges {
  const builder = new RangesBuilder(lanes, 2)
  builder.push(0, 0, 0, 0, 0)
  for (const { at, value } of [...list].sort((a, b) => a.at - b.at)) {
    const [a = 0, b = 0, c = 0, d = 0] = words(lanes, at)
    builder.push(value, a, b, c, d)
  }
  return builder.build()
}

const words = (lanes: Lanes, at: number): readonly number[] => (lanes === 1 ? [at] : [at >> 2, 0, at & 2, at & 1])

function valueAt({ lanes, starts, values }: Ranges, at: number): number {
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
