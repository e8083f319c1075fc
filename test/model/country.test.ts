import { expect, test } from 'vitest'
import { allCountries, countryLabel, countryName, isCountryCode, suggestCountry } from '../../src/model/country.ts'

test('there are the 249 codes of ISO 3166-1 and XK, each once', () => {
  expect(allCountries).toHaveLength(250)
  expect(new Set(allCountries).size).toBe(250)
  expect(allCountries).toContain('XK')
  for (const code of allCountries) expect(code).toMatch(/^[A-Z]{2}$/)
})

test('every code has a name of its own that is not the code', () => {
  const names = allCountries.map(countryName)
  expect(new Set(names).size).toBe(250)
  for (const [i, name] of names.entries()) expect(name).not.toBe(allCountries[i])
})

test('only capital codes that are assigned are codes', () => {
  for (const text of ['CN', 'US', 'TW', 'HK', 'XK']) expect(isCountryCode(text), text).toBe(true)
  for (const text of ['cn', 'UK', 'EU', 'XX', 'ZZ', 'A1', '', 'CHN', 'toString', '__proto__']) expect(isCountryCode(text), text).toBe(false)
})

test.each([
  ['CN', 'China (CN)'],
  ['TW', 'Taiwan (TW)'],
  ['HK', 'Hong Kong (HK)'],
  ['MO', 'Macao (MO)'],
  ['XK', 'Kosovo (XK)'],
  ['GB', 'United Kingdom (GB)'],
])('%s is shown as %s', (code, label) => expect(isCountryCode(code) && countryLabel(code)).toBe(label))

test.each([
  ['UK', 'GB'],
  ['uk', 'GB'],
  ['cn', 'CN'],
  [' de ', 'DE'],
  ['Germany', 'DE'],
  ['hong kong', 'HK'],
  ['DD', 'DE'],
  ['SU', 'RU'],
])('who wrote %j meant %s', (text, code) => expect(suggestCountry(text)).toBe(code))

test.each(['', 'EU', 'XX', 'QZ', '??', 'eea', 'Atlantis', 'constructor', '1', 'CHN'])('what %j means is not guessed', (text) =>
  expect(suggestCountry(text)).toBeNull(),
)
