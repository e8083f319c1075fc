import { expect, test } from 'vitest'
import { askedOfAll, csvPrinter, jsonPrinter, rowCells, rowHeads, statements } from '../../src/cli/location-rows.ts'
import { csvLine, jsonLine } from '../../src/cli/output.ts'
import { geo, place, places } from './made-up-places.ts'

const rows = Object.values(places).map((location) => ({ address: location.ip as string, location }))

test('every database has a column; what operators, overrides and lists say stands in one', () => {
  expect(rowHeads(geo)).toEqual([
    'address',
    'country',
    'possible',
    'certainty',
    'registry',
    'stated',
    'One',
    'Two',
    'Old',
    'asn',
    'network',
    'home',
  ])
  expect(askedOfAll(geo)).toEqual(['One', 'Two', 'Old'])
  expect(rows.map((row) => rowCells(row, geo).join('|'))).toEqual([
    '18.162.0.1|HK|HK|agreed|US|AWS: HK (ap-east-1)|HK|CN|US|16509|Amazon.com, Inc.|US',
    '101.45.192.1|US|AR US|disputed|US|-|AR|US|-|138699|TIKTOK PTE. LTD.|CN',
    '9.9.9.1|US|US|agreed|-|AWS: DE (eu-central-1), not its network|US|US|-|-|-|-',
    '1.1.1.1|AU|AU|anycast|-|anycast list: Cloudflare|AU|-|-|13335|Cloudflare, Inc.|-',
    '23.1.1.1|DE|DE|agreed|-|ours: DE|-|-|-|-|-|-',
    '23.192.228.7|-|-|unknown|-|-|-|-|-|-|-|-',
    '10.0.0.1|-|-|local|-|-|-|-|-|-|-|-',
  ])
})

test('lines of CSV are the cells, however often an evidence comes again', () => {
  const printer = csvPrinter(geo, csvLine)
  for (const row of [...rows, ...rows]) expect(printer.line(row)).toBe(csvLine(rowCells(row, geo)))
})

test('of the same evidence an anycast or local address is still told apart', () => {
  const printer = csvPrinter(geo, csvLine)
  const { answers } = place('10.0.0.1')
  expect(printer.line({ address: 'a', location: place('10.0.0.1', { answers }) })).toContain(',local,')
  expect(printer.line({ address: 'b', location: place('23.1.1.2', { answers }) })).toContain(',unknown,')
})

test('each line of JSON is whole, and names the table', () => {
  const printer = jsonPrinter(geo, jsonLine)
  const lines = [...rows, ...rows].map((row) => JSON.parse(printer.line(row)))
  expect(lines.slice(0, rows.length)).toEqual(lines.slice(rows.length))
  expect(lines[0]).toEqual({
    address: '18.162.0.1',
    scope: 'global',
    certainty: 'agreed',
    country: 'HK',
    possible: ['HK'],
    stated: 'AWS',
    registry: 'US',
    anycast: false,
    sources: { One: 'HK', Two: 'CN', Old: 'US', AWS: 'HK' },
    details: { AWS: 'ap-east-1' },
    disowned: [],
    network: { asn: 16509, name: 'Amazon.com, Inc.', home: 'US', firm: 'Amazon' },
    table: geo.hash,
  })
  expect(lines[2]).toMatchObject({ disowned: ['AWS'] })
  expect(JSON.parse(printer.line({ address: '64:ff9b::1', location: place('23.1.1.1') }))).toMatchObject({ judged_as: '23.1.1.1' })
})

test('several statements stand beside each other', () => {
  expect(
    statements(
      [
        { source: 'A', country: null, detail: 'x' },
        { source: 'B', country: null },
      ],
      ['B'],
    ),
  ).toBe('A: x')
  expect(statements([], [])).toBe('-')
})
