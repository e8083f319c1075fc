import fc from 'fast-check'
import { expect, test } from 'vitest'
import { layOver } from '../../src/geoip/combinations.ts'
import { valueAt } from './look-up.ts'
import { source, v4, v6 } from './made-up-sources.ts'

test('each combination has the value of every source, in the order of the sources, however long they are', () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(fc.array(cuts, { maxLength: 5 }), (list) => {
      const sources = list.map((starts, k) => {
        const sorted = [...starts].sort((a, b) => a - b)
        return source(
          `s${k}`,
          'voter',
          sorted.map((from, i) => ({ from, to: sorted[i + 1] ?? 64, value: ((from + k) % 3) + 1 })),
        )
      })
      const { v4: laid4, v6: laid6, rows, count } = layOver(sources)
      expect(rows).toHaveLength(count * sources.length)
      for (let number = 0; number < 70; number++) {
        for (const address of [v4(number), v6(number)]) {
          const combination = valueAt(address, laid4, laid6)
          expect(combination).toBeLessThan(count)
          const row = [...rows.subarray(combination * sources.length, (combination + 1) * sources.length)]
          expect(row).toEqual(sources.map((one) => valueAt(address, one.v4, one.v6)))
        }
      }
    }),
  )
})

test('a combination that is found in both families, or again, has one number', () => {
  const alike = (value: number) =>
    source(
      's',
      'voter',
      [0, 20, 40].map((from) => ({ from, to: from + 10, value })),
    )
  const { v4: laid4, v6: laid6, rows, count } = layOver([alike(7), alike(9)])
  expect(count).toBe(2)
  expect(Array.from({ length: count }, (_, n) => [...rows.subarray(2 * n, 2 * n + 2)])).toEqual(
    expect.arrayContaining([
      [0, 0],
      [7, 9],
    ]),
  )
  expect(new Set([5, 25, 45].flatMap((number) => [v4(number), v6(number)]).map((address) => valueAt(address, laid4, laid6))).size).toBe(1)
})

test('of no source everything is the one empty combination', () => {
  const { v4: laid4, v6: laid6, rows, count } = layOver([])
  expect([count, rows.length, laid4.values.length, laid6.values.length]).toEqual([1, 0, 1, 1])
})
