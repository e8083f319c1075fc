import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asOfRecord, countryOfRecord, registryOfRecord } from '../../src/geoip/mmdb-record.ts'
import { isCountryCode } from '../../src/model/country.ts'

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

test('where the block is registered, and what stands for it in a file of registrations', () => {
  expect(registryOfRecord({ country: { iso_code: 'SG' }, registered_country: { iso_code: 'CN' } })).toEqual({ kind: 'country', code: 'CN' })
  expect(registryOfRecord({ country_code: 'AU' })).toEqual({ kind: 'country', code: 'AU' })
  expect(registryOfRecord({ country: { iso_code: 'SG' } })).toEqual({ kind: 'none' })
  expect(registryOfRecord(7)).toMatchObject({ kind: 'malformed' })
})

test.each<[record: unknown, network: { asn: number; name: string }]>([
  [
    { autonomous_system_number: 13335, autonomous_system_organization: 'CLOUDFLARENET' },
    { asn: 13335, name: 'CLOUDFLARENET' },
  ],
  [
    { asn: 'AS4134', as_name: 'CHINANET' },
    { asn: 4134, name: 'CHINANET' },
  ],
  [{ asn: '4134' }, { asn: 4134, name: '' }],
])('the AS of %j', (record, network) => expect(asOfRecord(record)).toEqual({ kind: 'as', network }))

test.each([{}, { asn: '' }, { country_code: 'US' }])('no AS in %j', (record) => expect(asOfRecord(record)).toEqual({ kind: 'none' }))

test.each([null, { asn: 'ASX' }, { asn: 0 }, { asn: 2 ** 32 }, { asn: 1.5 }, { autonomous_system_number: {} }, { asn: 1, as_name: 7 }])(
  'a malformed AS: %j',
  (record) => expect(asOfRecord(record)).toMatchObject({ kind: 'malformed' }),
)

test('of any record: a country, an AS, or why not', () => {
  const word = fc.constantFrom(
    ...['country', 'country_code', 'registered_country', 'iso_code', 'asn', 'autonomous_system_number', 'as_name'],
  )
  const { record } = fc.letrec((tie) => ({
    record: fc.oneof(
      { maxDepth: 3 },
      fc.anything({ maxDepth: 1 }),
      fc.constantFrom('US', 'EU', 'AS13335', 13335),
      fc.dictionary(word, tie('record')),
    ),
  }))
  fc.assert(
    fc.property(record, (any) => {
      for (const read of [countryOfRecord, registryOfRecord]) {
        const said = read(any)
        if (said.kind === 'country') expect(isCountryCode(said.code)).toBe(true)
        if (said.kind === 'odd') expect(isCountryCode(said.text)).toBe(false)
      }
      const said = asOfRecord(any)
      if (said.kind === 'as') expect(said.network.asn).toBe(said.network.asn >>> 0)
    }),
    { numRuns: 2_000 },
  )
})
