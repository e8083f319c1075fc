import fc from 'fast-check'
import { expect, test } from 'vitest'
import { movedOut } from '../../src/geoip/moved.ts'
import { CompiledTable } from '../../src/geoip/table.ts'
import { compile } from '../../src/geoip/table-data.ts'
import { at, type Range, source } from './made-up-sources.ts'

const tableOf = (ranges: readonly Range[]) => new CompiledTable(compile([source('one', 'voter', ranges)]), () => null)

const codes = ['US', 'CN', 'RU'] as const
const ranges = fc
  .array(fc.constantFrom('-', ...codes), { minLength: 8, maxLength: 8 })
  .map((list) => list.flatMap((code, i) => (code === '-' ? [] : [at(i * 10, i * 10 + 10, code)])))

test('space that leaves a territory is counted as one counts by hand', () => {
  fc.assert(
    fc.property(ranges, ranges, (one, two) => {
      const [before, after] = [tableOf(one), tableOf(two)]
      const [china] = movedOut(before, after, ({ possible }) => possible.includes('CN' as never))
      const { out, of } = china ?? { out: { v4: 0 }, of: { v4: 0 } }
      let leaving = 0
      let inside = 0
      for (let number = 0; number < 100; number++) {
        const was = before.lookup4(number).best === 'CN'
        if (was) inside++
        if (was && after.lookup4(number).best !== 'CN') leaving++
      }
      expect([out.v4, of.v4]).toEqual([leaving, inside])
    }),
  )
})

test('IPv6 counts in networks of 48 bits', () => {
  const china = new CompiledTable(compile([source('one', 'voter', [])]), () => null)
  expect(movedOut(china, china, () => true)).toEqual([{ country: null, out: { v4: 0, v6: 0 }, of: { v4: 2 ** 32, v6: 2 ** 48 } }])
})

test('each country is counted for itself: a small one does not drown in a large one', () => {
  const before = tableOf([at(0, 1000, 'CN'), at(2000, 2010, 'RU')])
  const after = tableOf([at(0, 1000, 'CN'), at(2000, 2010, 'US')])
  const moved = movedOut(before, after, ({ possible }) => possible.some((country) => ['CN', 'RU'].includes(country)))
  expect(moved.map(({ country, out, of }) => [country, out.v4, of.v4])).toEqual([
    ['CN', 0, 1000],
    ['RU', 10, 10],
  ])
})
