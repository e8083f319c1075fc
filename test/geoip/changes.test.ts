import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changesBetween } from '../../src/geoip/changes.ts'
import { CompiledTable } from '../../src/geoip/table.ts'
import { compile } from '../../src/geoip/table-data.ts'
import { at, source } from './made-up-sources.ts'

const codes = ['US', 'CN', 'RU'] as const
type Code = (typeof codes)[number] | null

const tableOf = (...ranges: Parameters<typeof source>[2]) => new CompiledTable(compile([source('one', 'voter', ranges)]), () => null)

/** Blocks of ten addresses, with ten between them that nobody speaks of. */
const blocksOf = (blocks: readonly Code[]) =>
  tableOf(...blocks.flatMap((code, i) => (code === null ? [] : [at(i * 20 + 5, i * 20 + 15, code)])))

const blocks = fc.array(fc.option(fc.constantFrom(...codes)), { minLength: 8, maxLength: 8 })

test('between two tables every pair of countries is counted as one counts by hand, the largest first', () => {
  fc.assert(
    fc.property(blocks, blocks, (one, two) => {
      const counted = new Map<string, number>()
      for (const [i, from] of one.entries()) {
        const pair = `${from} → ${two[i]}`
        if (from !== two[i]) counted.set(pair, (counted.get(pair) ?? 0) + 10)
      }
      const changes = changesBetween(blocksOf(one), blocksOf(two))
      expect(new Map(changes.map(({ from, to, v4 }) => [`${from} → ${to}`, v4]))).toEqual(counted)
      expect(changes).toHaveLength(counted.size)
      const sizes = changes.map(({ v4 }) => v4)
      expect(sizes).toEqual(sizes.toSorted((a, b) => b - a))
    }),
  )
})

test('the last address counts too', () => {
  const before = tableOf(at(2 ** 31, 2 ** 32, 'US'))
  expect(changesBetween(before, tableOf(at(2 ** 31, 2 ** 32 - 1, 'US')))).toEqual([{ from: 'US', to: null, v4: 1 }])
  expect(changesBetween(before, before)).toEqual([])
})
