import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { Reader, type Response } from 'maxmind'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseMmdb } from '../../src/geoip/mmdb.ts'
import { openSource, readFiles } from '../../src/geoip/open-source.ts'
import { countryNumber, GeoSourceError } from '../../src/geoip/source.ts'
import { CompiledTable } from '../../src/geoip/table.ts'
import { compile } from '../../src/geoip/table-data.ts'
import { type Data, mmdb, rawTree } from '../support/mmdb-writer.ts'
import { valueAt } from './look-up.ts'
import { ip, specOf } from './support.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringfence-mmdb-'))
})
afterAll(() => rm(folder, { recursive: true }))

const shapes: Readonly<Record<string, (code: string) => Data>> = {
  'GeoLite2, GeoIP2 and DB-IP': (code) => ({ country: { iso_code: code, geoname_id: 1 }, registered_country: { iso_code: 'CN' } }),
  'ip-location-db': (code) => ({ country_code: code }),
  'IPinfo Lite': (code) => ({ country: 'some name', country_code: code }),
  'IPinfo, older': (code) => ({ country: code, country_name: 'some name' }),
}

const networks = (record: (code: string) => Data) =>
  [
    ['8.8.0.0/16', record('US')],
    ['8.8.8.0/24', record('CA')],
    ['52.80.0.0/15', record('CN')],
    ['2400:7fc0::/32', record('CN')],
    ['2400:7fc0:4000::/40', record('RU')],
  ] as const

/** The country of an address by a file that is opened as the product opens it. */
async function countries(bytes: Buffer, ...addresses: readonly string[]) {
  const file = join(folder, 'a.mmdb')
  await writeFile(file, bytes)
  const spec = specOf({ files: [file] })
  const table = new CompiledTable(compile([await openSource(spec, await readFiles(spec))]), () => null)
  return addresses.map((address) => table.locate(ip(address)).best)
}

describe.each(Object.entries(shapes))('a file with records of %s', (_, record) => {
  test.each([24, 28, 32] as const)('is read with %i-bit records', async (recordSize) => {
    const bytes = mmdb({ networks: networks(record), recordSize })
    const found = await countries(
      bytes,
      '8.8.4.4',
      '8.8.8.8',
      '52.81.151.250',
      '1.1.1.1',
      '2400:7fc0::1',
      '2400:7fc0:4000::1',
      '2001:4860::1',
    )
    expect(found).toEqual(['US', 'CA', 'CN', null, 'CN', 'RU', null])
  })
})

test('a file for IPv4 only is read, with a warning', async () => {
  const bytes = mmdb({ networks: [['52.80.0.0/15', { country_code: 'CN' }]], ipVersion: 4 })
  expect(await countries(bytes, '52.81.151.250', '8.8.8.8', '2400:7fc0::1')).toEqual(['CN', null, null])
  expect(parseMmdb(bytes, 'voter').warnings).toEqual(['knows only 0.0 % of IPv4', 'knows no IPv6 networks'])
})

test('IPv4 that hangs below 6to4, Teredo and mapped prefixes too is read once', async () => {
  const bytes = mmdb({ networks: networks((code) => ({ country_code: code })), aliases: true })
  expect(new Reader<Response>(bytes).get('2002:808:808::1')).toEqual({ country_code: 'CA' })
  expect(await countries(bytes, '8.8.8.8', '2002:808:808::1', '2001:0:808:808::1')).toEqual(['CA', null, null])
})

test('a network registered in a country but without a location has no answer', async () => {
  const bytes = mmdb({
    networks: [
      ['1.0.0.0/8', { country: { iso_code: 'AU' } }],
      ['1.1.1.0/24', { registered_country: { iso_code: 'AU' } }],
    ],
  })
  expect(await countries(bytes, '1.2.3.4', '1.1.1.1')).toEqual(['AU', null])
})

test('a code that is no country counts as unknown, with a warning', async () => {
  const bytes = mmdb({
    networks: [
      ['1.0.0.0/8', { country_code: 'AU' }],
      ['2.0.0.0/8', { country_code: 'EU' }],
      ['3.0.0.0/8', { country_code: '' }],
    ],
  })
  expect(await countries(bytes, '1.1.1.1', '2.1.1.1', '3.1.1.1')).toEqual(['AU', null, null])
  expect(parseMmdb(bytes, 'voter').warnings[0]).toBe('codes that are no country count as unknown (2): "EU", ""')
})

test('date and hash of a file are those of its content', async () => {
  const file = join(folder, 'b.mmdb')
  await writeFile(file, mmdb({ networks: [['1.0.0.0/8', { country_code: 'AU' }]], built: '2025-11-30' }))
  const spec = specOf({ name: 'Mine', role: 'witness', files: [file] })
  const { info } = await openSource(spec, await readFiles(spec))
  expect(info).toMatchObject({ name: 'Mine', role: 'witness', date: '2025-11-30', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
})

const good = mmdb({ networks: networks((code) => ({ country_code: code })) })
const { searchTreeSize } = new Reader<Response>(good).metadata
const end = good.lastIndexOf('MaxMind.com') - 3

const zeroed = (from: number, to: number) => Buffer.from(good).fill(0, from, to)

const damaged: readonly (readonly [string, Buffer, RegExp])[] = [
  ['an empty file', Buffer.alloc(0), /the file is empty/],
  ['random bytes', Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 7919) % 251)), /not an mmdb file, or cut off/],
  ['zeros', Buffer.alloc(50_000), /not an mmdb file, or cut off/],
  ['a compressed file', gzipSync(good), /compressed/],
  ['a file without its last half', good.subarray(0, good.length / 2), /not an mmdb file, or cut off/],
  ['a file cut in its metadata', good.subarray(0, end + 40), /the metadata cannot be read/],
  ['a file cut just behind the marker', good.subarray(0, end + 14), /the metadata cannot be read/],
  ['a file without its first bytes', good.subarray(60), /damaged: tree and data are not where the metadata says|cut off/],
  ['a file without its middle', Buffer.concat([good.subarray(0, 60), good.subarray(200)]), /damaged|cut off/],
  ['a file whose tree is gone', good.subarray(searchTreeSize), /cut off: the metadata counts \d+ nodes/],
  ['a zeroed start of the tree', zeroed(0, 60), /cyclic|damaged/],
  ['a zeroed node in the tree', zeroed(searchTreeSize - 6, searchTreeSize), /cyclic|damaged/],
  ['a zeroed data section', zeroed(searchTreeSize, end), /the record of 8\.8\.0\.0 cannot be read/],
  ['a cyclic tree', rawTree([[0, 0]], { country_code: 'US' }), /cyclic/],
  [
    'a data pointer behind the data',
    rawTree([[17, 4000]], { country_code: 'US' }),
    /the record of 128\.0\.0\.0 lies outside the data section/,
  ],
  ['a data pointer before the data', rawTree([[17, 3]], { country_code: 'US' }), /lies outside the data section/],
  [
    'a data pointer into a record',
    rawTree([[17, 18]], { country_code: 'US' }),
    /the record of 128\.0\.0\.0 is damaged, or this is not a country database .*: a record is not a map/,
  ],
  [
    'an ASN database',
    mmdb({ networks: [['1.0.0.0/8', { autonomous_system_number: 13335 }]], type: 'GeoLite2-ASN' }),
    /not a country database \(its type is "GeoLite2-ASN"\): its records hold "autonomous_system_number"/,
  ],
  ['a database without records', mmdb({ networks: [] }), /not a country database .*: no record names a country/],
  ['a database of country numbers', mmdb({ networks: [['1.0.0.0/8', { country_code: 36 }]] }), /"country_code" is not text/],
]

test.each(damaged)('%s is refused', async (_, bytes, message) => {
  const file = join(folder, 'damaged.mmdb')
  await writeFile(file, bytes)
  const spec = specOf({ files: [file] })
  const error = await openSource(spec, await readFiles(spec)).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(GeoSourceError)
  expect(error).toMatchObject({ file, message: expect.stringMatching(message), cause: expect.any(Error) })
  expect(String(error)).toContain(`${file}: `)
})

test('a file that is not there is refused with its name', async () => {
  const file = join(folder, 'nowhere.mmdb')
  await expect(readFiles(specOf({ files: [file] }))).rejects.toMatchObject({
    file,
    message: `${file}: there is no such file`,
  })
  await expect(readFiles(specOf({ files: [folder] }))).rejects.toThrow(`${folder}: it is a folder`)
})

test('a file cut anywhere is refused', () => {
  for (let length = 0; length < good.length; length++)
    expect(() => parseMmdb(good.subarray(0, length), 'voter'), `${length} bytes`).toThrow()
})

test('a flipped bit in the tree is refused, or changes one leaf', () => {
  let refused = 0
  for (let bit = 0; bit < searchTreeSize * 8; bit++) {
    const bytes = Buffer.from(good)
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    try {
      // A bit that turns a leaf into another valid leaf goes unseen: only the file's hash can tell.
      expect(Math.abs(rangesOf(bytes) - rangesOf(good))).toBeLessThanOrEqual(2)
    } catch (error) {
      if (error instanceof Error && error.name === 'AssertionError') throw error
      refused++
    }
  }
  expect(refused / (searchTreeSize * 8)).toBeGreaterThan(0.9)
})

function rangesOf(bytes: Buffer): number {
  const { v4, v6 } = parseMmdb(bytes, 'voter')
  return v4.values.length + v6.values.length
}

test('any networks are read as the maxmind reader finds them, at both ends of each and beside them', () => {
  const code = fc.constantFrom('US', 'CN', 'DE')
  const network = fc.oneof(
    fc.tuple(fc.nat({ max: 2 ** 32 - 1 }), fc.integer({ min: 4, max: 32 }), code).map(([address, bits, country]) => {
      const first = bits === 32 ? address : (address & -(2 ** (32 - bits))) >>> 0
      return {
        text: `${v4Text(first)}/${bits}`,
        country,
        ends: [first - 1, first, first + 2 ** (32 - bits) - 1, first + 2 ** (32 - bits)].map(v4Text),
      }
    }),
    fc.tuple(fc.nat({ max: 0xffff }), fc.integer({ min: 20, max: 32 }), code).map(([group, bits, country]) => {
      const first = group & -(2 ** (32 - bits)) & 0xffff
      const last = first + 2 ** (32 - bits) - 1
      return {
        text: `2a00:${first.toString(16)}::/${bits}`,
        country,
        ends: [`2a00:${first.toString(16)}::`, `2a00:${last.toString(16)}:ffff::1`],
      }
    }),
  )
  fc.assert(
    fc.property(
      fc.array(network, { minLength: 1, maxLength: 12 }),
      fc.constantFrom(24 as const, 28 as const, 32 as const),
      (list, recordSize) => {
        const bytes = mmdb({ networks: list.map(({ text, country }) => [text, { country_code: country }]), recordSize })
        const { v4, v6 } = parseMmdb(bytes, 'voter')
        const reader = new Reader<{ country_code: string } & Response>(bytes)
        for (const address of list.flatMap(({ ends }) => ends)) {
          expect(valueAt(ip(address), v4, v6), address).toBe(countryNumber(reader.get(address)?.country_code ?? null))
        }
      },
    ),
    { numRuns: 200 },
  )
})

const v4Text = (number: number): string => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.')

test('an AS database is read for the role asn, in MaxMind’s and IPinfo’s shape, each AS once', () => {
  const bytes = mmdb({
    networks: [
      ['1.1.1.0/24', { autonomous_system_number: 13335, autonomous_system_organization: 'CLOUDFLARENET' }],
      ['1.0.0.0/24', { asn: 'AS13335', as_name: 'Cloudflare, Inc.' }],
      ['8.8.8.0/24', { asn: '' }],
    ],
  })
  const { says, v4 } = parseMmdb(bytes, 'asn')
  expect(says).toEqual({ kind: 'networks', list: [{ asn: 13335, name: 'Cloudflare, Inc.' }] })
  expect([...new Set(v4.values)].sort()).toEqual([0, 1])
  expect(() => parseMmdb(good, 'asn')).toThrow(/not an AS database .*: its records hold "country_code"/)
})

test('for the role registry it is the registration that is read', () => {
  const bytes = mmdb({ networks: [['1.0.0.0/8', { country: { iso_code: 'US' }, registered_country: { iso_code: 'AU' } }]] })
  const { says, v4 } = parseMmdb(bytes, 'registry')
  expect(says.kind === 'places' ? says.list[Math.max(...v4.values) - 1]?.country : null).toBe('AU')
})
