/** What can befall a file of each format: it is refused, with its name and what is wrong with it, and no table is made of the rest. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { buildTable } from '../../src/geoip/build.ts'
import { readManifest, specOf as shipped } from '../../src/geoip/embedded.ts'
import { openTable } from '../../src/geoip/index.ts'
import { readFiles } from '../../src/geoip/open-source.ts'
import { GeoSourceError } from '../../src/geoip/source.ts'
import type { SourceSpec } from '../../src/geoip/spec.ts'
import { decodeTable } from '../../src/geoip/table-file.ts'
import { mmdb } from '../support/mmdb-writer.ts'
import { noCompanies, specOf } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'ringfence-damage-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const countries = mmdb({
  networks: [
    ['8.8.0.0/16', { country_code: 'US' }],
    ['8.8.8.0/24', { country_code: 'CA' }],
    ['52.80.0.0/15', { country_code: 'CN' }],
    ['2400:7fc0::/32', { country_code: 'CN' }],
  ],
})
const ases = mmdb({ networks: [['8.8.8.0/24', { autonomous_system_number: 15169 }]], type: 'GeoLite2-ASN' })
const csv = 'start,end,country\n8.0.0.0,8.255.255.255,US\n9.0.0.0,9.255.255.255,DE\n2400:7fc0::,2400:7fc0::ffff,CN\n'
const asCsv = '1.1.1.0,1.1.1.255,13335,Cloudflare\n8.8.8.0,8.8.8.255,15169,Google\n52.80.0.0,52.81.255.255,55960,AWS Beijing\n'
const feed = '8.8.8.0/24,US,US-CA,,\n9.9.9.0/24,DE,,,\n52.80.0.0/15,CN,,,\n2400:7fc0::/32,CN,,,\n'
const aws = JSON.stringify({
  syncToken: '1',
  createDate: '2026-04-21-00-00-00',
  prefixes: [{ ip_prefix: '18.162.0.0/16', region: 'ap-east-1', service: 'EC2', network_border_group: 'ap-east-1' }],
  ipv6_prefixes: [{ ipv6_prefix: '2400:7fc0::/32', region: 'cn-north-1', service: 'EC2', network_border_group: 'cn-north-1' }],
})
const operators = '# date: 2026-04-21\nap-east-1,18.162.0.0/16 18.163.0.0/16\ncn-north-1,52.80.0.0/15 2400:7fc0::/32\n'
const page = '<!doctype html><html><title>Log in</title></html>'

interface Format {
  readonly good: Buffer
  readonly as: Partial<SourceSpec>
}

const authority = { role: 'authority', publisher: 'aws' } as const
const formats = {
  mmdb: { good: countries, as: {} },
  'mmdb of ASes': { good: ases, as: { role: 'asn' } },
  csv: { good: Buffer.from(csv), as: { format: 'csv' } },
  'csv of ASes': { good: Buffer.from(asCsv), as: { format: 'csv', role: 'asn' } },
  geofeed: { good: Buffer.from(feed), as: { format: 'geofeed' } },
  'cloud-ranges': { good: Buffer.from(aws), as: { ...authority, format: 'cloud-ranges' } },
  'operator-table': { good: Buffer.from(operators), as: { ...authority, format: 'operator-table' } },
} satisfies Record<string, Format>
const named: readonly (readonly [name: string, format: Format])[] = Object.entries(formats)

const file = join(folder, 'a.file')

/** The source, with these bytes in its file. */
function holding(bytes: Buffer | string, as: Partial<SourceSpec>): SourceSpec {
  writeFileSync(file, bytes)
  return specOf({ date: '2026-01-01', ...as, files: [file] })
}

/** Why a file is refused, without its name; fails where it is not, or is not named. */
async function whyRefused(bytes: Buffer | string, as: Partial<SourceSpec>): Promise<string> {
  const error = await buildTable([holding(bytes, as)]).catch((thrown: unknown) => thrown)
  if (!(error instanceof GeoSourceError)) throw new Error(`it was taken, or failed otherwise: ${error}`)
  expect(error.file).toBe(file)
  expect(error.message.startsWith(`${file}: `)).toBe(true)
  return error.message.slice(file.length + 2)
}

const zeroed = (bytes: Buffer): Buffer => Buffer.from(bytes).fill(0, Math.floor(bytes.length / 3), Math.floor((2 * bytes.length) / 3))

const flipped = (bytes: Buffer, at: number, bit = 0): Buffer => {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ (1 << bit)
  return copy
}

describe.each(named)('%s', (name, { good, as }) => {
  test('as it should be, it is taken', async () => {
    const { data } = decodeTable(await buildTable([holding(good, as)]))
    expect(data.sources[0]?.coverage.v4).toBeGreaterThan(0)
    expect(data.warnings.filter((text) => !text.includes('knows'))).toEqual([])
  })

  test('what befell it is said', async () => {
    const why: Record<string, string> = {}
    const damages: Readonly<Record<string, Buffer>> = {
      empty: Buffer.alloc(0),
      'all zeros': Buffer.alloc(good.length),
      'cut in half': good.subarray(0, good.length >> 1),
      'a gzip': gzipSync(good),
      'a web page': Buffer.from(page),
    }
    for (const [damage, bytes] of Object.entries(damages)) {
      // A geofeed that ends between two lines is one: that it says less than before, acceptance tells.
      if (name !== 'geofeed' || damage !== 'cut in half') why[damage] = await whyRefused(bytes, as)
    }
    expect(why).toEqual(wanted[name])
  })
})

const noMetadata = 'not an mmdb file, or cut off: it has no metadata at its end'
const gzip = 'the file is compressed (gzip); unpack it first'
const ofMmdb = { empty: 'the file is empty', 'all zeros': noMetadata, 'cut in half': noMetadata, 'a gzip': gzip, 'a web page': noMetadata }
const zeros = `${'\\u0000'.repeat(14).slice(0, 79)}…`
const notAws = 'it is not the ip-ranges.json of AWS: it looks like'
const notRegions = 'line 1: not of the form "region,prefix prefix …"'
const ofCsv = {
  empty: 'the file is empty',
  'all zeros': `line 1: "${zeros}" is no address and no prefix`,
  'a gzip': gzip,
  'a web page': `line 1: "${page}" is no address and no prefix`,
}

const wanted: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  mmdb: ofMmdb,
  'mmdb of ASes': ofMmdb,
  csv: { ...ofCsv, 'cut in half': 'line 3: "9.0.0." is no address and no prefix' },
  'csv of ASes': { ...ofCsv, 'cut in half': 'line 2: 1 columns after start and end, where there should be an AS number and a name' },
  geofeed: {
    empty: 'the file is empty',
    'all zeros': `1 of 1 lines are bad, first line 1: "${zeros}" is no prefix`,
    'a gzip': gzip,
    'a web page': 'a web page (HTML or XML), not a geofeed',
  },
  'cloud-ranges': {
    empty: 'it is empty',
    'all zeros': `${notAws} text that is not JSON`,
    'cut in half': 'it is JSON that is damaged or cut off',
    'a gzip': `${notAws} text that is not JSON`,
    'a web page': `${notAws} a web page`,
  },
  'operator-table': {
    empty: 'it lists no prefix',
    'all zeros': notRegions,
    'cut in half': 'line 2: "18.16" is not a prefix (not-an-address)',
    'a gzip': notRegions,
    'a web page': notRegions,
  },
}

describe('a zeroed middle', () => {
  test.each<[name: keyof typeof formats, says: RegExp]>([
    ['mmdb', /^the search tree is cyclic: node \d+ lies deeper than 32 bits$/],
    ['csv', /^line 2: "8\.255\.2\\u0000.*…" is no country code of two letters$/],
    ['csv of ASes', /^line 2: "8\\u0000.*…" is no address and no prefix$/],
    ['cloud-ranges', /^it is JSON that is damaged or cut off$/],
    ['operator-table', /^line 2: "18\.\\u0000.*…" is not a prefix \(not-an-address\)$/],
  ])('of %s', async (name, says) => expect(await whyRefused(zeroed(formats[name].good), formats[name].as)).toMatch(says))

  test('of a geofeed: its bad lines are skipped and told, as RFC 8805 wants it', async () => {
    const { data } = decodeTable(await buildTable([holding(zeroed(formats.geofeed.good), formats.geofeed.as)]))
    expect(data.warnings).toEqual([expect.stringMatching(/^a: line 2: "9\.9\.\\u0000.*…" is no prefix$/)])
  })
})

describe('one flipped bit', () => {
  test.each<[name: keyof typeof formats, at: string, says: string]>([
    ['csv', '8.255', 'line 2: "x.255.255.255" is no country code of two letters'],
    ['csv', 'US', 'line 2: "\\u0015S" is no country code of two letters'],
    ['csv of ASes', '13335', 'line 1: "q3335" is no AS number'],
    ['cloud-ranges', '"prefixes"', 'it is JSON that is damaged or cut off'],
    ['operator-table', '18.162', 'line 2: "q8.162.0.0/16" is not a prefix (not-an-address)'],
  ])('in %s at %s', async (name, at, says) => {
    const { good, as } = formats[name]
    expect(await whyRefused(flipped(good, good.indexOf(at), 6), as)).toBe(says)
  })

  test('in whatever comes with Ringfence: its hash is another', async () => {
    const own = (await readManifest()).filter((entry) => entry.package === undefined)
    expect(own.length).toBeGreaterThan(7)
    for (const spec of own.map(shipped)) {
      const [{ bytes } = { bytes: Buffer.alloc(0) }] = await readFiles(spec)
      const changed = { ...spec, files: [file] }
      writeFileSync(file, flipped(bytes, bytes.length >> 1))
      await expect(buildTable([changed]), spec.name).rejects.toThrow(
        new RegExp(`^${file}: not the file that was meant: its SHA-256 is [0-9a-f]{64}, not ${spec.expected[0]}$`),
      )
    }
  })
})

describe('a file of another type', () => {
  test.each<[what: string, bytes: Buffer | string, as: keyof typeof formats, says: string]>([
    [
      'a database of ASes',
      ases,
      'mmdb',
      'not a country database (its type is "GeoLite2-ASN"): its records hold "autonomous_system_number"',
    ],
    [
      'a database of countries',
      countries,
      'mmdb of ASes',
      'not an AS database (its type is "Test-Country"): its records hold "country_code"',
    ],
    ['a CSV file', csv, 'mmdb', noMetadata],
    ['a CSV file of ASes', asCsv, 'csv', 'line 1: "13335" is no country code of two letters'],
    ['a CSV file of countries', csv, 'csv of ASes', 'line 2: 1 columns after start and end, where there should be an AS number and a name'],
    ['a CSV file of ranges', csv, 'geofeed', '4 of 4 lines are bad, first line 1: "start" is no prefix'],
    ['JSON', aws, 'geofeed', 'JSON, not a geofeed'],
    ['a geofeed', feed, 'cloud-ranges', `${notAws} text that is not JSON`],
    ['the list of Google Cloud', '{"prefixes":[{"ipv4Prefix":"34.0.0.0/15"}]}', 'cloud-ranges', `${notAws} the cloud.json of Google Cloud`],
    ['a geofeed', feed, 'operator-table', 'line 1: "US,US-CA,," is not a prefix (not-an-address)'],
  ])('%s is not taken for %4$s', async (_, bytes, as, says) => expect(await whyRefused(bytes, formats[as].as)).toBe(says))
})

// Of each format one: a thread for each costs a second.
test.each(named.filter(([name]) => !name.includes(' ')))(
  '%s: the table is refused as a whole, nothing is kept, and the file is named once',
  async (name, { good, as }) => {
    const whole = join(folder, 'whole.mmdb')
    writeFileSync(whole, countries)
    const damaged = name === 'geofeed' ? Buffer.from(page) : good.subarray(0, good.length >> 1)
    const cache = join(folder, 'cache')
    const specs = [specOf({ name: 'whole', files: [whole] }), holding(damaged, as)]
    const error = await openTable(specs, { companies: noCompanies, cache }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(GeoSourceError)
    expect(error).toMatchObject({ file, message: `${file}: ${await whyRefused(damaged, as)}` })
    expect(readdirSync(folder)).not.toContain('cache')
  },
)

test('whatever befalls a file, it is refused with its name, or still says something', async () => {
  const damage = fc.oneof(
    fc.record({ kind: fc.constant('cut' as const), at: fc.double({ min: 0, max: 1, noNaN: true }), with: fc.constant(Buffer.alloc(0)) }),
    fc.record({
      kind: fc.constant('overwrite' as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      with: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    }),
    fc.record({
      kind: fc.constant('insert' as const),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      with: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    }),
  )
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...named), damage, async ([, { good, as }], { kind, at, with: bytes }) => {
      const from = Math.floor(at * good.length)
      const behind = kind === 'cut' ? good.length : kind === 'insert' ? from : from + bytes.length
      const spec = holding(Buffer.concat([good.subarray(0, from), bytes, good.subarray(behind)]), as)
      const built = await buildTable([spec]).catch((thrown: unknown) => {
        if (thrown instanceof GeoSourceError && thrown.file === file) return null
        throw thrown
      })
      if (built === null) return
      const [source] = decodeTable(built).data.sources
      expect((source?.coverage.v4 ?? 0) + (source?.coverage.v6 ?? 0)).toBeGreaterThan(0)
    }),
    { numRuns: 400 },
  )
})
