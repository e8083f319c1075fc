import fc from 'fast-check'
import { expect, test } from 'vitest'
import { movedOut } from '../../src/geoip/moved.ts'
import { RangesBuilder } from '../../src/geoip/ranges.ts'
import { countryNumber } from '../../src/geoip/source.ts'
import { CompiledTable } from '../../src/geoip/table.ts'
import { compile } from '../../src/geoip/table-data.ts'
import type { CountryCode } from '../../src/model/country.ts'
import type { Evidence } from '../../src/model/location.ts'
import { at, source } from './made-up-sources.ts'

type Code = 'US' | 'CN' | null

/** Of 16 codes eight are for eighths of the whole IPv4 space, eight for neighbouring IPv6 networks of 48 bits. */
const blocks = fc.array(fc.option(fc.constantFrom<'US' | 'CN'>('US', 'CN')), { minLength: 16, maxLength: 16 })
const EIGHTH = 2 ** 29

/** A table of voters: of two, an address may be in both countries. */
function tableOf(...voters: readonly (readonly Code[])[]): CompiledTable {
  const sources = voters.map((codes, n) => {
    const v4 = new RangesBuilder(1)
    const v6 = new RangesBuilder(4)
    v6.push(0, 0, 0, 0, 0)
    for (const [i, code] of codes.entries()) {
      const value = code === null ? 0 : countryNumber(code)
      if (i < 8) v4.push(value, i * EIGHTH, 0, 0, 0)
      else v6.push(value, 0x2a00_0000, i * 2 ** 16, 0, 0)
    }
    v6.push(0, 0x2a00_0000, 16 * 2 ** 16, 0, 0)
    return source(`s${n}`, 'voter', [], { v4: v4.build(), v6: v6.build() })
  })
  return new CompiledTable(compile(sources), () => null)
}

const inChina = ({ possible }: Evidence): boolean => possible.some((country) => country === 'CN')

test('space that leaves a territory is counted, country by country, as one counts by hand', () => {
  fc.assert(
    fc.property(blocks, blocks, blocks, (one, two, three) => {
      const before = tableOf(one, two)
      const counted = new Map<CountryCode | null, { out: { v4: number; v6: number }; of: { v4: number; v6: number } }>()
      for (const [i, code] of one.entries()) {
        if (code !== 'CN' && two[i] !== 'CN') continue
        const { best } = i < 8 ? before.lookup4(i * EIGHTH) : before.lookup6(0x2a00_0000, i * 2 ** 16, 0, 0)
        const { out, of } = counted.get(best) ?? { out: { v4: 0, v6: 0 }, of: { v4: 0, v6: 0 } }
        counted.set(best, { out, of })
        for (const sum of three[i] === 'CN' ? [of] : [of, out]) {
          if (i < 8) sum.v4 += EIGHTH
          else sum.v6++
        }
      }
      const moved = movedOut(before, tableOf(three), inChina)
      expect(new Map(moved.map(({ country, out, of }) => [country, { out, of }]))).toEqual(counted)
      expect(moved).toHaveLength(counted.size)
    }),
  )
})

test('IPv6 counts in networks of 48 bits', () => {
  const nowhere = new CompiledTable(compile([source('one', 'voter', [])]), () => null)
  expect(movedOut(nowhere, nowhere, () => true)).toEqual([{ country: null, out: { v4: 0, v6: 0 }, of: { v4: 2 ** 32, v6: 2 ** 48 } }])
})

test('each country is counted for itself: a small one does not drown in a large one', () => {
  const withSmall = (code: string) =>
    new CompiledTable(compile([source('one', 'voter', [at(10, 1000, 'CN'), at(2000, 2010, code)])]), () => null)
  const moved = movedOut(withSmall('RU'), withSmall('US'), ({ possible }) => possible.some((country) => ['CN', 'RU'].includes(country)))
  expect(moved.map(({ country, out, of }) => [country, out.v4, of.v4])).toEqual([
    ['CN', 0, 990],
    ['RU', 10, 10],
  ])
})
