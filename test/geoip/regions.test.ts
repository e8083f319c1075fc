import { expect, test } from 'vitest'
import { gazetteerOf, parseDoubted, parseRegions } from '../../src/geoip/regions.ts'
import { cidr } from '../../src/model/cidr.ts'

const heading = 'region,country,city,source,date\n'
const doubtHeading = '# why\npublisher,prefix,reason,date\n'

test('a region has the country that its row says, whatever its name looks like', () => {
  const countries = parseRegions(
    `${heading}us-east-1,US,,https://example.com,2026-11-25\nus-east-1-lim-1,PE,Lima,https://example.com,2026-11-25\n`,
  )
  expect([...countries]).toEqual([
    ['us-east-1', 'US'],
    ['us-east-1-lim-1', 'PE'],
  ])
})

test.each([
  ['a,UK,,s,d', 'line 2: "UK" is not a country code'],
  ['a,GB', 'line 2: a region has five columns'],
  ['a,GB,,s,d\n\n# note\na,GB,,s,d', 'line 5: region "a" stands there twice'],
])('a faulty table is refused by its line: %j', (text, message) => {
  expect(() => parseRegions(heading + text)).toThrow(message)
})

test('doubts are of one publisher', () => {
  const text = `${doubtHeading}aws,192.0.2.0/24,because,2026-11-25\noracle,198.51.100.0/24,because,2026-11-25\n`
  expect(parseDoubted(text, 'aws')).toEqual([cidr('192.0.2.0/24')])
  expect(parseDoubted(text, 'azure')).toEqual([])
})

test.each([
  ['aws,192.0.2.1/24,because,d', 'line 3: "192.0.2.1/24" is not a prefix (host-bits-set)'],
  ['aws,192.0.2.0/24,because, of a comma,d', 'line 3: a doubt has four columns'],
])('a faulty doubt is refused by its line: %j', (text, message) => {
  expect(() => parseDoubted(doubtHeading + text, 'aws')).toThrow(message)
})

test('a region that is not in the table is nowhere, and one that is keeps its name as the detail', () => {
  const { placeOf } = gazetteerOf({ countries: parseRegions(`${heading}eu-west-3,FR,Paris,s,d`), doubted: [] })
  expect(placeOf('eu-west-3')).toEqual({ country: 'FR', detail: 'eu-west-3' })
  expect(placeOf('eu-west-33')).toBeNull()
})
