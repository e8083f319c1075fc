import { expect, test } from 'vitest'
import { columnsFor } from '../../src/geoip/csv-columns.ts'
import { CsvLines } from '../../src/geoip/csv-lines.ts'
import { countryNumber, saysCountries } from '../../src/geoip/source.ts'
import type { SourceRole } from '../../src/model/location.ts'

test.each(['voter', 'witness', 'registry', 'authority', 'override'] as const)('a %s names countries', (role) => {
  const { numbers, columns } = read(role, ['DE', 'fr', 'XK'])
  expect(numbers).toEqual(['DE', 'FR', 'XK'].map(countryNumber))
  expect(columns.says()).toBe(saysCountries)
  expect(columns.warnings()).toEqual([])
})

test('a code that is no country counts as unknown and is told once', () => {
  const { numbers, columns } = read('voter', ['EU', 'ZZ', 'A1', '-', '""', 'EU'])
  expect(numbers).toEqual([0, 0, 0, 0, 0, 0])
  expect(columns.warnings()).toEqual(['codes that are no country count as unknown (5): "EU", "ZZ", "A1", "-", ""'])
})

test.each(['Germany', 'DEU', '15169', 'D', '\x1b[2'])('%j is no country code', (text) => {
  expect(() => read('voter', [text])).toThrow('is no country code of two letters')
})

test('networks are numbered as they come, by their first name', () => {
  const { numbers, columns } = read('asn', ['13335,"Cloudflare, Inc."', 'AS15169,Google', 'as13335,Cloudflare', '64500,', '4294967295,x'])
  expect(numbers).toEqual([1, 2, 1, 3, 4])
  expect(columns.says()).toEqual({
    kind: 'networks',
    list: [
      { asn: 13335, name: 'Cloudflare, Inc.' },
      { asn: 15169, name: 'Google' },
      { asn: 64500, name: 'AS64500' },
      { asn: 4294967295, name: 'x' },
    ],
  })
})

test.each(['0,Not routed', '-,-', '"",'])('no AS announces what stands as %s', (text) => {
  const { numbers, columns } = read('asn', [text])
  expect([numbers, columns.says()]).toEqual([[0], { kind: 'networks', list: [] }])
})

test.each(['4294967296,x', 'AS,x', 'Google,15169', '1.5,x', '-1,x'])('%s names no AS', (text) => {
  expect(() => read('asn', [text])).toThrow('is no AS number')
})

test('anycast has an owner, or is not named', () => {
  const { numbers, columns } = read('anycast', ['Cloudflare', '""', 'Quad9', 'Cloudflare'])
  expect(numbers).toEqual([1, 2, 3, 1])
  expect(columns.says()).toEqual({ kind: 'anycast', list: ['Cloudflare', 'not named', 'Quad9'] })
})

/** Reads lines that hold nothing before the columns. */
function read(role: SourceRole, texts: readonly string[]) {
  const columns = columnsFor[role]()
  const lines = new CsvLines(Buffer.from(texts.join('\n')))
  const numbers: number[] = []
  while (lines.next()) numbers.push(columns.read(lines, 0))
  return { numbers, columns }
}
