import fc from 'fast-check'
import { expect, test } from 'vitest'
import { finestOf } from '../../src/geoip/finest.ts'
import { RangesBuilder } from '../../src/geoip/ranges.ts'
import { valueAt } from './look-up.ts'
import { type Range, source, v4, v6 } from './made-up-sources.ts'

const space = (...ranges: readonly (readonly [from: number, to: number])[]) =>
  source(
    's',
    'voter',
    ranges.map(([from, to]) => ({ from, to, value: 1 })),
  )

const finestAt = (sources: readonly ReturnType<typeof space>[], number: number) => {
  const { starts, values } = finestOf(sources.map(({ v4 }) => v4))
  return values[starts.findLastIndex((start) => start <= number)]
}

test('the narrower range is the finer; of equal width the first; one without an answer never', () => {
  const sources = [space([0, 1 << 16]), space([256, 512], [1024, 1025]), space([256, 320], [4096, 8192])]
  expect(finestAt(sources, 5)).toBe(1)
  expect(finestAt(sources, 300)).toBe(3)
  expect(finestAt(sources, 400)).toBe(2)
  expect(finestAt(sources, 1024)).toBe(2)
  expect(finestAt(sources, 5000)).toBe(3)
  expect(finestAt([space([0, 64]), space([0, 64])], 9)).toBe(1)
})

test('of every address it is what one finds by measuring the ranges round it', () => {
  const ranges = fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { maxLength: 12 }).map((cuts) => {
    const sorted = [...cuts].sort((a, b) => a - b)
    return sorted.slice(1).flatMap((to, i): Range[] => (i % 3 === 2 ? [] : [{ from: sorted[i] ?? 0, to, value: i + 1 }]))
  })
  fc.assert(
    fc.property(fc.array(ranges, { minLength: 1, maxLength: 4 }), (lists) => {
      const sources = lists.map((list) => source('s', 'voter', list))
      const found4 = finestOf(sources.map((one) => one.v4))
      const found6 = finestOf(sources.map((one) => one.v6))
      for (let number = 0; number <= 300; number++) {
        const bits = lists.map((list) => {
          const range = list.find(({ from, to }) => from <= number && number < to)
          return range === undefined ? Number.POSITIVE_INFINITY : Math.ceil(Math.log2(range.to - range.from))
        })
        const wanted = bits.indexOf(Math.min(...bits)) + 1
        expect([v4(number), v6(number)].map((address) => valueAt(address, found4, found6))).toEqual([wanted, wanted])
      }
    }),
    { numRuns: 30 },
  )
})

test('IPv6 is measured over all its bits', () => {
  const words = (value: number, ...starts: readonly number[][]) => {
    const builder = new RangesBuilder(4)
    builder.push(0, 0, 0, 0, 0)
    for (const [i, [a = 0, b = 0, c = 0, d = 0]] of starts.entries()) builder.push(i % 2 === 0 ? value : 0, a, b, c, d)
    return builder.build()
  }
  // A /32, in which another has a /64, in which a third has one address.
  const wide = words(1, [0x2a00_0000], [0x2a00_0001, 0, 0, 0])
  const narrow = words(1, [0x2a00_0000, 7, 0, 0], [0x2a00_0000, 8, 0, 0])
  const single = words(1, [0x2a00_0000, 7, 0, 5], [0x2a00_0000, 7, 0, 6])
  const found = finestOf([wide, narrow, single])
  expect([...found.values]).toEqual([1, 2, 3, 2, 1])
  expect([...found.starts.subarray(4, 8)]).toEqual([0x2a00_0000, 7, 0, 0])
  expect([...found.starts.subarray(8, 12)]).toEqual([0x2a00_0000, 7, 0, 5])
})

test('without a source there is none', () => expect(() => finestOf([])).toThrow('no source'))
