import { expect, test } from 'vitest'
import { countryOfRecord } from '../../src/geoip/mmdb-record.ts'

const shapes: readonly (readonly [string, unknown])[] = [
  [
    'GeoLite2 and GeoIP2',
    { continent: { code: 'AS' }, country: { iso_code: 'SG', geoname_id: 1880251 }, registered_country: { iso_code: 'CN' } },
  ],
  ['ip-location-db', { country_code: 'SG' }],
  ['IPinfo Lite', { country: 'Singapore', country_code: 'SG', continent: 'Asia', asn: 'AS45102' }],
  ['IPinfo, older files', { country: 'SG', country_name: 'Singapore' }],
]

test.each(shapes)('the country is found in a record of %s', (_, record) => {
  expect(countryOfRecord(record)).toEqual({ kind: 'country', code: 'SG' })
})

test('a registration is not a location', () => {
  expect(countryOfRecord({ registered_country: { iso_code: 'US' } })).toEqual({ kind: 'none' })
  expect(countryOfRecord({ country: { geoname_id: 1 }, registered_country: { iso_code: 'US' } })).toEqual({ kind: 'none' })
})

test.each(['EU', 'AP', 'ZZ', '', 'us', 'Singapore'])('"%s" is no country', (text) => {
  expect(countryOfRecord({ country_code: text })).toEqual({ kind: 'odd', text })
  expect(countryOfRecord({ country: { iso_code: text } })).toEqual({ kind: 'odd', text })
})

test.each([null, 'US', 7, ['US'], Buffer.from('US')])('a record that is no map is malformed: %j', (record) => {
  expect(countryOfRecord(record)).toMatchObject({ kind: 'malformed' })
})

test.each([{ country_code: 7 }, { country: 7 }, { country: { iso_code: { en: 'US' } } }])(
  'a country that is not text is malformed: %j',
  (record) => {
    expect(countryOfRecord(record)).toMatchObject({ kind: 'malformed' })
  },
)
