import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Content } from '../../src/geoip/source.ts'
import { contentOf, type Gazetteer, type StatedPlace } from '../../src/geoip/stated-places.ts'
import { cidr } from '../../src/model/cidr.ts'
import { isCountryCode } from '../../src/model/country.ts'
import { valueAt } from './look-up.ts'
import { ip } from './support.ts'

const gazetteer: Gazetteer = {
  doubted: [cidr('192.0.2.128/25')],
  placeOf: (region) => (isCountryCode(region) ? { country: region, detail: null } : null),
}
const stated = (prefix: string, region: string | null): StatedPlace => ({ network: cidr(prefix), region })
const content = (...statements: readonly StatedPlace[]): Content => contentOf(statements, gazetteer, '2026-04-21')

function countryAt(address: string, { says, v4, v6 }: Content): string | null {
  if (says.kind !== 'places') throw new Error(says.kind)
  return says.list[valueAt(ip(address), v4, v6) - 1]?.country ?? null
}

test('the longest prefix speaks', () => {
  const { warnings, date, ...rest } = content(stated('198.51.100.0/24', 'FR'), stated('198.51.100.64/26', 'DE'))
  expect({ warnings, date }).toEqual({ warnings: [], date: '2026-04-21' })
  expect(countryAt('198.51.100.1', { ...rest, warnings, date })).toBe('FR')
  expect(countryAt('198.51.100.65', { ...rest, warnings, date })).toBe('DE')
  expect(countryAt('198.51.101.0', { ...rest, warnings, date })).toBeNull()
})

test.each([
  ['no region', [stated('198.51.100.64/26', null)], []],
  [
    'a region that nobody knows',
    [stated('198.51.100.64/26', 'zz-1')],
    ['region "zz-1" is not in the table of regions: 1 prefix has no place'],
  ],
  [
    'two regions',
    [stated('198.51.100.64/26', 'DE'), stated('198.51.100.64/26', 'IE')],
    ['1 prefix is said to be in two regions and get no place: 198.51.100.64/26'],
  ],
])('a network in %s has no place, though the one around it has', (_, inner, warnings) => {
  const read = content(stated('198.51.100.0/24', 'FR'), ...inner)
  expect(countryAt('198.51.100.65', read)).toBeNull()
  expect(countryAt('198.51.100.1', read)).toBe('FR')
  expect(read.warnings).toEqual(warnings)
})

test('the same statement twice is one', () => {
  expect(content(stated('198.51.100.0/24', 'FR'), stated('198.51.100.0/24', 'FR')).warnings).toEqual([])
})

test('a doubted network has no place, even when it is what the statement names; a smaller one inside it is believed', () => {
  const read = content(stated('192.0.2.0/24', 'FR'), stated('192.0.2.128/25', 'FR'), stated('192.0.2.192/26', 'DE'))
  expect(['192.0.2.1', '192.0.2.129', '192.0.2.193'].map((address) => countryAt(address, read))).toEqual(['FR', null, 'DE'])
})

test('statements that place nothing are an error, not an empty answer', () => {
  expect(() => content(stated('198.51.100.0/24', 'zz-1'), stated('192.0.2.0/24', null))).toThrow(
    'none of its 2 prefixes is in a region that is known',
  )
  expect(() => content()).toThrow('none of its 0 prefixes')
})

test('the order of statements never matters', () => {
  const statement = fc.record({
    network: fc.constantFrom('10.0.0.0/8', '10.0.0.0/9', '10.1.0.0/16', '10.1.1.0/24', '2001:db8::/32', '2001:db8:1::/48').map(cidr),
    region: fc.constantFrom('FR', 'DE', 'zz-1', 'zz-2', null),
  })
  const shuffled = fc
    .array(statement, { minLength: 1 })
    .chain((list) => fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })))
  const outcome = (list: readonly StatedPlace[]) => {
    try {
      return content(...list)
    } catch (error) {
      return String(error)
    }
  }
  fc.assert(
    fc.property(shuffled, ([list, other]) => {
      expect(outcome(other)).toEqual(outcome(list))
    }),
  )
})
