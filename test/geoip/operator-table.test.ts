import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatOperatorTable, parseOperatorTable } from '../../src/geoip/operator-table.ts'
import { gazetteerOf, parseRegions, type RegionTable } from '../../src/geoip/regions.ts'
import type { Content } from '../../src/geoip/source.ts'
import { contentOf } from '../../src/geoip/stated-places.ts'
import { ipFromBytes } from '../../src/model/address.ts'
import { type Cidr, cidr } from '../../src/model/cidr.ts'
import { valueAt } from './look-up.ts'
import { ip } from './support.ts'

const regions: RegionTable = {
  countries: parseRegions('region,country,city,source,date\nnorth-1,SE,,s,d\nsouth-1,IT,,s,d\nsouth-1-gib,GI,,s,d\n'),
  doubted: [],
}

const table = (text: string, from: RegionTable | null = regions) => parseOperatorTable(Buffer.from(text), from)

test('a line is a region and its prefixes, and the heading bears the day', () => {
  const { says, v4, v6, date, warnings } = table(
    '# An operator\n# source: https://example.com\n# date: 2026-04-21\nnorth-1,192.0.2.0/24 2001:db8::/32\nsouth-1,198.51.100.0/24\n',
  )
  expect(says).toEqual({
    kind: 'places',
    list: [
      { country: 'SE', detail: 'north-1' },
      { country: 'IT', detail: 'south-1' },
    ],
  })
  expect(['192.0.2.1', '2001:db8::1', '198.51.100.1', '203.0.113.1'].map((text) => valueAt(ip(text), v4, v6))).toEqual([1, 1, 2, 0])
  expect({ date, warnings }).toEqual({ date: '2026-04-21', warnings: [] })
})

test('without a table of regions the first column is the country', () => {
  const { says, date } = table('NL,192.0.2.0/24\n', null)
  expect(says).toEqual({ kind: 'places', list: [{ country: 'NL', detail: null }] })
  expect(date).toBeNull()
})

test.each([
  ['north-1 192.0.2.0/24', 'line 1: not of the form'],
  ['# x\nnorth-1,192.0.2.0/24  192.0.3.0/24', 'line 2: "" is not a prefix'],
  ['north-1,192.0.2.1/24', 'line 1: "192.0.2.1/24" is not a prefix (host-bits-set)'],
  ['# date: 2026-04-21', 'it lists no prefix'],
  ['elsewhere-1,192.0.2.0/24', 'none of its 1 prefixes is in a region that is known'],
])('a faulty table is refused: %j', (text, message) => {
  expect(() => table(text)).toThrow(message)
})

test('lines are sorted by place and cut where the first part of the address changes', () => {
  const content = table('south-1,198.51.100.0/24 192.0.2.0/25 192.0.2.128/25\nnorth-1,2001:db8::/32\nsouth-1,192.0.4.0/24', regions)
  expect(formatOperatorTable(content)).toEqual(['north-1,2001:db8::/32', 'south-1,192.0.2.0/24 192.0.4.0/24', 'south-1,198.51.100.0/24'])
})

test('only places can be written down', () => {
  const { v4, v6 } = table('north-1,192.0.2.0/24')
  expect(() => formatOperatorTable({ says: { kind: 'anycast', list: ['x'] }, v4, v6, date: null, warnings: [] })).toThrow('anycast')
})

test('a table that was written down answers as the statements that it was made from', () => {
  const network = fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 8 }), fc.boolean())
    .map(([byte, bits, isV4]): Cidr => {
      const bytes = new Uint8Array(isV4 ? 4 : 16)
      bytes.set([isV4 ? 11 : 0x20, byte & (0xff << (8 - bits))])
      return cidr(`${ipFromBytes(bytes)}/${8 + bits}`)
    })
  const statement = fc.record({ network, region: fc.constantFrom('north-1', 'south-1', 'south-1-gib', 'unknown-1', null) })
  const anchor = { network: cidr('10.0.0.0/8'), region: 'north-1' }
  fc.assert(
    fc.property(fc.array(statement), (statements) => {
      const published = contentOf([anchor, ...statements], gazetteerOf(regions), null)
      const compiled = table(formatOperatorTable(published).join('\n'))
      for (let byte = 0; byte < 256; byte++) {
        for (const address of [`11.${byte}.0.0`, `20${byte.toString(16).padStart(2, '0')}::`])
          expect(regionAt(address, compiled)).toBe(regionAt(address, published))
      }
    }),
    { numRuns: 30 },
  )
})

function regionAt(address: string, { says, v4, v6 }: Content): string | null {
  if (says.kind !== 'places') throw new Error(says.kind)
  return says.list[valueAt(ip(address), v4, v6) - 1]?.detail ?? null
}

test('bytes that are no table are refused with an Error, never otherwise', () => {
  const line = fc
    .tuple(fc.constantFrom('north-1', 'x', '#', ''), fc.constantFrom(',', ' '), fc.constantFrom('192.0.2.0/24', '::/0', 'x'))
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.array(line).map((lines) => Buffer.from(lines.join('\n'))),
      ),
      (bytes) => {
        try {
          expect(parseOperatorTable(Buffer.from(bytes), regions).says.kind).toBe('places')
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
          expect(String(error)).not.toContain('TypeError')
        }
      },
    ),
  )
})
