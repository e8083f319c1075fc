import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseOverrides } from '../../src/geoip/override.ts'
import { countryNumber, saysCountries } from '../../src/geoip/source.ts'
import { valueAt } from './look-up.ts'
import { ip } from './support.ts'

test('the longest prefix names the country, of both address families', () => {
  const { v4, v6, says, date, warnings } = parseOverrides({ '8.0.0.0/8': 'US', '8.8.8.8': 'DE', '2a00::/16': 'FR', '8.8.0.0/16': 'CN' })
  const at = (text: string) => valueAt(ip(text), v4, v6)
  expect(['8.1.1.1', '8.8.1.1', '8.8.8.8', '2a00::1', '9.9.9.9', '::1'].map(at)).toEqual([
    ...['US', 'CN', 'DE', 'FR'].map(countryNumber),
    0,
    0,
  ])
  expect([says, date, warnings]).toEqual([saysCountries, null, []])
})

test('all faults are told at once, each with what was meant', () => {
  const places = { '198.51.100.1/24': 'UK', example: 'DE', '9.0.0.0/33': 'Germany', '8.0.0.0/8': 'xx', '7.0.0.0/8': 'US' }
  expect(() => parseOverrides(places)).toThrow(
    new Error(
      [
        '"198.51.100.1/24" has bits set beyond its length, did you mean "198.51.100.0/24"?',
        '"198.51.100.1/24": "UK" is not a country code, did you mean "GB"?',
        '"example" is neither an address nor a prefix',
        '"9.0.0.0/33" has no valid length behind the slash',
        '"9.0.0.0/33": "Germany" is not a country code, did you mean "DE"?',
        '"8.0.0.0/8": "xx" is not a country code',
      ].join('\n'),
    ),
  )
})

test('one prefix written in two ways may not have two countries', () => {
  expect(() => parseOverrides({ '8.8.8.8': 'US', '8.8.8.8/32': 'DE' })).toThrow('"8.8.8.8/32" stands there twice with different countries')
  expect(() => parseOverrides({ '8.8.8.8': 'US', '8.8.8.8/32': 'US' })).not.toThrow()
})

test('an address that is never judged by country is told', () => {
  expect(parseOverrides({ '10.0.0.0/8': 'DE' }).warnings).toEqual(['10.0.0.0/8 is not on the Internet, so it is never judged by country'])
})

test('no prefix at all is a fault', () => {
  expect(() => parseOverrides({})).toThrow('it names no prefix')
})

test('whatever the settings hold, there is a source or one Error that names the entry', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('8.0.0.0/8', '8.8.8.8/8', '::/0', 'DE', 'uk', '__proto__'))
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(text, text), { selector: ([key]) => key, minLength: 1, maxLength: 4 }), (entries) => {
      try {
        expect(parseOverrides(Object.fromEntries(entries)).says).toBe(saysCountries)
      } catch (error) {
        for (const line of (error as Error).message.split('\n')) expect(line).toMatch(/^"/)
      }
    }),
  )
})
