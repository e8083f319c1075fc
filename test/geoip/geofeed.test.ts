import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseGeofeed } from '../../src/geoip/geofeed.ts'
import { countryNumber, saysCountries } from '../../src/geoip/source.ts'
import { allCountries } from '../../src/model/country.ts'
import { valueAt } from './look-up.ts'
import { ip } from './support.ts'

test('a feed is read as RFC 8805 writes it', () => {
  const content = parse(
    '\ufeff# ours, of 2025-06-20 10:00\r\n8.0.0.0/9,us,us-ca,"Mountain View, CA",94043\r\n\r\n8.8.8.8,DE,,Köln\r\n2a00:1::/32,FR,FR-IDF # Paris, all of it\r\n',
  )
  expect(['8.1.1.1', '8.8.8.8', '2a00:1::1', '9.9.9.9'].map((text) => at(content, text))).toEqual([
    ...['US', 'DE', 'FR'].map(countryNumber),
    0,
  ])
  expect(content).toMatchObject({ says: saysCountries, date: '2025-06-20', warnings: [] })
})

test('an empty country is a hole in the prefix around it', () => {
  const content = parse('8.0.0.0/8,US\n8.8.0.0/16,,,,\n8.9.0.0/16,ZZ\n')
  expect(['8.1.1.1', '8.8.1.1', '8.9.1.1'].map((text) => at(content, text))).toEqual([countryNumber('US'), 0, 0])
  expect(content.warnings).toEqual([])
})

test.each([
  ['example,US', '"example" is no prefix'],
  ['9.0.0.0/33,US', '"9.0.0.0/33" is no prefix'],
  ['9.0.0.1/24,US', '9.0.0.1/24 has bits set beyond its length; 9.0.0.0/24 would be a prefix'],
  ['10.0.0.0/8,US', '10.0.0.0/8 is not on the Internet (private)'],
  ['2001:db8::/32,US', '2001:db8::/32 is not on the Internet (reserved)'],
  ['128.0.0.0/1,US', "128.0.0.0/1 is wider than any operator's network"],
  ['2000::/3,US', "2000::/3 is wider than any operator's network"],
  ['9.0.0.0/8', '9.0.0.0/8 has no country column'],
  ['9.0.0.0/8 # US', '9.0.0.0/8 has no country column'],
  ['9.0.0.0/8,UK', '"UK" is no country code'],
  ['9.0.0.0/8,USA', '"USA" is no country code'],
  ['9.0.0.0/8,US,CA-ON,Toronto', 'the region CA-ON is not in US'],
  ['9.0.0.0/8,"US', 'a quoted field does not end'],
])('%s is skipped and told', (line, why) => {
  const content = parse(`8.0.0.0/8,US\n${line}\n7.0.0.0/8,DE`)
  expect(content.warnings).toEqual([`line 2: ${why}`])
  expect(['8.1.1.1', '9.1.1.1', '7.1.1.1'].map((text) => at(content, text))).toEqual([countryNumber('US'), 0, countryNumber('DE')])
})

test.each(['US,US-CA', 'HK,CN-HK', 'PR,US-PR', 'US,California', 'FR,'])('%s is a country with a region of its own', (place) => {
  expect(parse(`9.0.0.0/8,${place}`).warnings).toEqual([])
})

test('a prefix in two countries is in neither, nor where a wider one says', () => {
  const content = parse('8.0.0.0/8,US\n8.8.0.0/16,DE\n8.8.0.0/16,FR\n8.9.0.0/16,DE\n8.9.0.0/16,DE,DE-BE')
  expect(['8.1.1.1', '8.8.1.1', '8.9.1.1'].map((text) => at(content, text))).toEqual([countryNumber('US'), 0, countryNumber('DE')])
  expect(content.warnings).toEqual(['line 3: 8.8.0.0/16 is on line 2 too, with another country; neither counts'])
})

test('ten bad lines are told, and how many more there are', () => {
  const { warnings } = parse(`${'x,US\n'.repeat(13)}${Array.from({ length: 13 }, (_, i) => `8.${i}.0.0/16,US`).join('\n')}`)
  expect(warnings).toHaveLength(11)
  expect([warnings[9], warnings[10]]).toEqual(['line 10: "x" is no prefix', 'and 3 more lines that were skipped'])
})

test('a signature in comments is no part of the feed', () => {
  expect(parse('9.0.0.0/8,US\n# RPKI Signature: 9.0.0.0/8\n# MIIGlwYJKoZIhvcNAQcCoIIG\n# End Signature: 9.0.0.0/8').warnings).toEqual([])
})

describe('the date', () => {
  test.each([
    ['# Last modified: 2025-06-20 10:00:06.169909\n', '2025-06-20'],
    ['# prefix, country\n\n# lastupdated (rfc3339): 2026-02-20T14:20:30+01:00,,,,\n', '2026-02-20'],
    ['# from 2025-06-20\n# until 2025-06-20\n', '2025-06-20'],
    ['# from 2025-06-20\n# until 2025-07-20\n', null],
    ['# 2025-02-30\n', null],
    ['# 12025-02-03 and 2025-02-031\n', null],
    ['8.0.0.0/8,US\n# 2025-06-20\n', null],
    ['', null],
  ])('of %j is %s', (text, date) => {
    expect(parse(`${text}9.0.0.0/8,US\n`).date).toBe(date)
  })
})

test.each([
  ['an empty file', '', 'the file is empty'],
  ['a web page', '\n<!doctype html><html>', 'a web page (HTML or XML), not a geofeed'],
  ['JSON', '{"prefixes":[]}', 'JSON, not a geofeed'],
  ['a compressed file', gzipSync('9.0.0.0/8,US'), 'the file is compressed (gzip); unpack it first'],
  ['comments only', '# nothing\n', 'no country in it'],
  ['holes only', '9.0.0.0/8,\n', 'no country in it'],
  ['mostly bad lines', '9.0.0.0/8,US\nx,US\n\ny,US', '2 of 3 lines are bad, first line 2: "x" is no prefix'],
  ['UTF-16', Buffer.from('9.0.0.0/8,US\n', 'utf16le'), 'lines are bad'],
])('%s is refused', (_, bytes, why) => {
  expect(() => parseGeofeed(Buffer.from(bytes))).toThrow(why)
})

test('every good line counts, whatever bad lines stand between', () => {
  const good = fc.uniqueArray(fc.tuple(fc.nat(255), fc.constantFrom(...allCountries)), {
    selector: ([net]) => net,
    minLength: 1,
    maxLength: 12,
  })
  const junk = fc.string().map((text) => `!${text.replaceAll(/[\n#]/g, '')}`)
  fc.assert(
    fc.property(good, fc.array(junk, { maxLength: 12 }), (lines, bad) => {
      const kept = bad.slice(0, lines.length)
      const text = lines.flatMap(([net, country], i) => [...kept.slice(i, i + 1), `8.${net}.0.0/16,${country}`]).join('\n')
      const content = parse(text)
      for (const [net, country] of lines) expect(at(content, `8.${net}.1.1`)).toBe(countryNumber(country))
      expect(content.warnings.length).toBe(Math.min(kept.length, 11))
    }),
  )
})

test('whatever the bytes, there is a source or an Error', () => {
  const part = fc.constantFrom('8.0.0.0/8', '::1', ',', ',US', ',DE,DE-BE', '\n', '"', '#', '\0', '\xff', '2025-01-01', ' ')
  const text = fc.array(part, { maxLength: 20 }).map((parts) => Buffer.from(parts.join(''), 'latin1'))
  fc.assert(
    fc.property(
      fc.oneof(
        text,
        fc.uint8Array().map((array) => Buffer.from(array)),
      ),
      (bytes) => {
        try {
          expect(parseGeofeed(bytes).says).toBe(saysCountries)
        } catch (error) {
          expect((error as Error).message).toMatch(/not a geofeed|is empty|compressed|lines are bad, first line \d+: |no country in it/)
        }
      },
    ),
    { numRuns: 1000 },
  )
})

const parse = (text: string) => parseGeofeed(Buffer.from(text))
const at = ({ v4, v6 }: ReturnType<typeof parseGeofeed>, text: string) => valueAt(ip(text), v4, v6)
