import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changesBetween } from '../../src/geoip/changes.ts'
import { CompiledTable } from '../../src/geoip/table.ts'
import { compile } from '../../src/geoip/table-data.ts'
import { at, type Range, source } from './made-up-sources.ts'

const tableOf = (ranges: readonly Range[]) => new CompiledTable(compile([source('one', 'voter', ranges)]), () => null)

const codes = ['US', 'CN', 'RU'] as const
const ranges = fc
  .array(fc.constantFrom('-', ...codes), { minLength: 8, maxLength: 8 })
  .map((list) => list.flatMap((code, i) => (code === '-' ? [] : [at(i * 10, i * 10 + 10, code)])))

test('the changes between two tables add up to what differs', () => {
  fc.assert(
    fc.property(ranges, ranges, (one, two) => {
      const [before, after] = [tableOf(one), tableOf(two)]
      let differing = 0
      for (let number = 0; number < 100; number++) if (before.lookup4(number).best !== after.lookup4(number).best) differing++
      const changes = changesBetween(before, after)
      expect(changes.reduce((sum, { v4 }) => sum + v4, 0)).toBe(differing)
      expect(changes.every(({ from, to }) => from !== to)).toBe(true)
      expect(changes.map(({ v4 }) => v4)).toEqual(changes.map(({ v4 }) => v4).sort((a, b) => b - a))
    }),
  )
})
