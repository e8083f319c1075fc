import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCsv } from '../../src/geoip/csv.ts'
import { countryNumber } from '../../src/geoip/source.ts'
import { type Ip, ipFromBytes } from '../../src/model/address.ts'
import type { SourceRole } from '../../src/model/location.ts'
import { valueAt } from './look-up.ts'
import { ip, numbers } from './support.ts'

test('both address families may stand in one file, below a header, and in any order', () => {
  const content = parse(
    'voter',
    'network,country_code,x\r\n\r\n2001:db8::/32,JP,x\r\n# ours\r\n"1.0.1.0","1.0.1.255","CN"\r\n16777216,16777471,AU',
  )
  expect(content.v4).toEqual({
    lanes: 1,
    starts: Uint32Array.of(0, 0x0100_0000, 0x0100_0100, 0x0100_0200),
    values: Uint32Array.of(0, countryNumber('AU'), countryNumber('CN'), 0),
  })
  expect(content.v6.values).toEqual(Uint32Array.of(0, countryNumber('JP'), 0))
  expect(content).toMatchObject({ date: null, warnings: [], says: { kind: 'places' } })
})

test('several files make one source, each with its own header', () => {
  const { v4, v6 } = parse('voter', 'start,end,cc\n1.0.0.0,1.0.0.255,AU\n', 'start,end,cc\n2001::,2001::1,JP\n')
  expect([...v4.values, ...v6.values]).toEqual([0, countryNumber('AU'), 0, 0, countryNumber('JP'), 0])
})

test('networks and anycast lists are read by their role', () => {
  expect(parse('asn', '1.1.1.0/24,AS13335,"Cloudflare, Inc."\n8.8.8.0,8.8.8.255,15169,Google')).toMatchObject({
    says: {
      kind: 'networks',
      list: [
        { asn: 13335, name: 'Cloudflare, Inc.' },
        { asn: 15169, name: 'Google' },
      ],
    },
    v4: { values: Uint32Array.of(0, 1, 0, 2, 0) },
  })
  expect(parse('anycast', '1.1.1.0/24,Cloudflare\n9.9.9.0,9.9.9.255\n')).toMatchObject({
    says: { kind: 'anycast', list: ['Cloudflare', 'not named'] },
    v4: { values: Uint32Array.of(0, 1, 0, 2, 0) },
  })
})

describe('lines that speak of the same addresses', () => {
  const values = (role: SourceRole, text: string) => [...parse(role, text).v4.values]

  test('agree, and are one', () => {
    expect(values('voter', '1.0.0.0,1.0.0.255,AU\n1.0.0.128,1.0.1.255,AU\n1.0.0.0/24,AU')).toEqual([0, countryNumber('AU'), 0])
  })

  test('nest as prefixes', () => {
    const [au, cn] = [countryNumber('AU'), countryNumber('CN')]
    expect(values('voter', '1.0.1.0/24,CN\n1.0.0.0/16,AU')).toEqual([0, au, cn, au, 0])
  })

  test.each([
    ['differ as ranges', '1.0.0.0,1.0.0.255,AU\n\n1.0.0.128,1.0.1.255,CN', 'line 3: another country for addresses that line 1 names too'],
    ['nest as ranges', '1.0.1.0,1.0.1.255,CN\n1.0.0.0,1.0.255.255,AU', 'line 2: another country for addresses that line 1 names too'],
    ['nest with a range among the prefixes', '1.0.0.0/16,AU\n1.0.1.0/24,CN\n9.0.0.0,9.0.0.1,US', 'line 2: another country'],
    ['differ for the same prefix', '1.0.0.0/24,AU\n1.0.0.0/24,CN', 'line 2: another country'],
    ['differ on the unknown', '1.0.0.0,1.0.0.255,AU\n1.0.0.0,1.0.0.255,EU', 'line 2: another country'],
  ])('are refused where they %s', (_, text, why) => {
    expect(() => parse('voter', text)).toThrow(why)
  })

  test('are refused across files, which are named', () => {
    expect(() => parse('voter', '1.0.0.0/8,AU\n', '2.0.0.0,2.0.0.1,AU\n1.0.0.0,1.0.0.1,CN')).toThrow(
      'file 2, line 2: another country for addresses that file 1, line 1 names too',
    )
  })

  const many = (count: number) => Array.from({ length: count }, (_, i) => `9.0.${i >> 8}.${i & 255}/32,64500,x`).join('\n')

  test('of networks leave nobody named, if they are few', () => {
    const crossing = '8.0.0.0,8.0.0.255,1,A\n8.0.0.128,8.0.1.255,2,B\n'
    const { v4, v6, warnings } = parse('asn', `${crossing}${many(200)}`)
    expect(['8.0.0.1', '8.0.0.200', '8.0.1.0'].map((each) => valueAt(ip(each), v4, v6))).toEqual([1, 0, 2])
    expect(warnings).toEqual([
      'where two lines name different ASes, nobody is named (1), such as line 2: another AS for addresses that line 1 names too',
    ])
    expect(() => parse('asn', `${crossing}${many(50)}`)).toThrow(
      'line 2: another AS for addresses that line 1 names too, and so it is with',
    )
  })

  test('of networks nest', () => {
    expect(values('asn', '1.0.0.0,1.0.255.255,1,A\n1.0.1.0,1.0.1.255,2,B')).toEqual([0, 1, 2, 1, 0])
  })
})

test.each<readonly [string, SourceRole, readonly (string | Buffer)[], string]>([
  ['an empty file', 'voter', [''], 'the file is empty'],
  ['an empty file among others', 'voter', ['1.0.0.0/8,AU', ''], 'file 2 is empty'],
  ['a compressed file', 'voter', [gzipSync('1.0.0.0/8,AU')], 'compressed (gzip); unpack it first'],
  ['zeros', 'voter', [Buffer.alloc(99)], 'line 1: '],
  ['no file', 'voter', [], 'no country in it'],
  ['comments only', 'voter', ['# nothing\n'], 'no country in it'],
  ['no country', 'voter', ['1.0.0.0/8,ZZ\n'], 'no country in it'],
  ['no AS', 'asn', ['1.0.0.0/8,0,Not routed\n'], 'no AS in it'],
  ['no prefix', 'anycast', ['# nothing'], 'no prefix in it'],
  ['a second header', 'voter', ['start,end,cc\nnetwork,cc\n'], 'line 2: "network" is no address and no prefix'],
  ['a web page', 'voter', ['<!DOCTYPE html>\n'], 'line 1: "<!DOCTYPE html>" is no address and no prefix'],
  ['a line cut off', 'voter', ['1.0.0.0,1.0.0.255,AU\n1.0.1.0,1.0.'], 'line 2: "1.0." is no end for a range'],
  [
    'a line without a country',
    'voter',
    ['1.0.0.0,1.0.0.255\n'],
    'line 1: 0 columns after start and end, where there should be a country code',
  ],
  [
    'a network without a name',
    'asn',
    ['1.0.0.0/24,13335\n'],
    'line 1: 1 columns after the prefix, where there should be an AS number and a name',
  ],
  ['a name with a bare comma', 'asn', ['1.0.0.0/24,13335,Cloudflare, Inc.\n'], 'line 1: 3 columns after the prefix'],
  ['a country instead of an AS', 'asn', ['1.0.0.0/24,AU,Australia\n'], 'line 1: "AU" is no AS number'],
  ['a quote that does not end', 'asn', ['1.0.0.0/24,1,"A\n'], 'line 1: a quoted field does not end'],
])('%s is refused', (_, role, files, why) => {
  expect(() => parse(role, ...files)).toThrow(why)
})

describe('what is written comes back', () => {
  const cuts = (max: bigint) => fc.uniqueArray(fc.bigInt({ min: 0n, max }), { minLength: 2, maxLength: 12 })
  const code = fc.constantFrom('DE', 'US', 'CN')
  const style = fc.record({ decimal: fc.boolean(), quoted: fc.boolean(), end: fc.constantFrom('\n', '\r\n'), shuffled: fc.boolean() })

  test.each([
    ['IPv4', 4, 2n ** 32n - 1n, 0n],
    // Above the addresses that stand for IPv4, as decimal numbers are told by their size.
    ['IPv6', 16, 2n ** 128n - 1n, 2n ** 48n],
  ] as const)('%s', (_, length, max, least) => {
    fc.assert(
      fc.property(
        cuts(max - least),
        fc.array(code, { minLength: 12, maxLength: 12 }),
        style,
        (found, codes, { decimal, quoted, end, shuffled }) => {
          const starts = found.map((cut) => cut + least).sort((a, b) => (a < b ? -1 : 1))
          const ranges = starts.slice(1).map((next, i) => ({ first: starts[i] ?? 0n, last: next - 1n, country: codes[i] ?? 'DE' }))
          const field = (text: string) => (quoted ? `"${text}"` : text)
          const written = (value: bigint) => field(decimal ? String(value) : ipOf(value, length))
          const lines = ranges.map(({ first, last, country }) => `${written(first)},${written(last)},${field(country)}${end}`)
          const { v4, v6 } = parse('voter', (shuffled ? lines.toReversed() : lines).join(''))
          for (const { first, last, country } of ranges) {
            for (const value of [first, last]) expect(valueAt(ipOf(value, length), v4, v6)).toBe(countryNumber(country))
          }
          const [below, above] = [(starts[0] ?? 0n) - 1n, starts.at(-1) ?? 0n]
          expect(valueAt(ipOf(above, length), v4, v6)).toBe(0)
          if (below >= 0n) expect(valueAt(ipOf(below, length), v4, v6)).toBe(0)
        },
      ),
    )
  })
})

test('whatever the bytes, there is a source or an error that says where', () => {
  const word = fc.constantFrom('1.0.0.0', '1.0.0.0/24', '::1', '2001::/16', '16777216', '99999999999', 'AU', 'EU', '15169', 'x')
  const mark = fc.constantFrom(',', ',', ',', '\n', '"', '#', ' ', '\r', '\0', '/', '\xff')
  const text = fc.array(fc.oneof(word, mark), { maxLength: 20 }).map((parts) => Buffer.from(parts.join(''), 'latin1'))
  const bytes = fc.oneof(
    text,
    fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
  )
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 1, maxLength: 2 }), fc.constantFrom<SourceRole>('voter', 'asn', 'anycast'), (files, role) => {
      try {
        const { v4, v6, says } = parseCsv(files, role)
        for (const value of [...v4.values, ...v6.values]) expect(value).toBeLessThanOrEqual(says.list.length)
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
        expect((error as Error).message).toMatch(/^(file \d+, )?line \d+: |is empty$|^no .* in it$|compressed/)
      }
    }),
    { numRuns: 3000 },
  )
})

describe('the lists that come with Ringfence', () => {
  const require = createRequire(import.meta.url)
  const read = (name: string) => readFileSync(require.resolve(`@ip-location-db/${name}`))

  test.each([
    ['voter', 'asn-country/asn-country', 149_000, 135_000],
    ['asn', 'asn/asn', 466_000, 177_000],
  ] as const)('say the same as text and as numbers (%s)', (role, name, v4Ranges, v6Ranges) => {
    const text = parseCsv([read(`${name}-ipv4.csv`), read(`${name}-ipv6.csv`)], role)
    const decimal = parseCsv([read(`${name}-ipv4-num.csv`), read(`${name}-ipv6-num.csv`)], role)
    // Compared as bytes: element by element would take seconds.
    for (const family of ['v4', 'v6'] as const) {
      expect(Buffer.compare(Buffer.from(text[family].starts.buffer), Buffer.from(decimal[family].starts.buffer))).toBe(0)
      expect(Buffer.compare(Buffer.from(text[family].values.buffer), Buffer.from(decimal[family].values.buffer))).toBe(0)
    }
    expect(text.v4.values.length).toBeGreaterThan(v4Ranges)
    expect(text.v6.values.length).toBeGreaterThan(v6Ranges)
  })

  test('are read as line by line they stand', () => {
    const next = numbers(8)
    const { v4, v6 } = parseCsv([read('asn-country/asn-country-ipv4-num.csv'), read('asn-country/asn-country-ipv6.csv')], 'registry')
    const rows = ['4', '6'].flatMap((family) => {
      const lines = read(`asn-country/asn-country-ipv${family}.csv`).toString('latin1').trimEnd().split('\n')
      return Array.from({ length: 150 }, () => (lines[next() % lines.length] ?? '').split(','))
    })
    for (const [start = '', end = '', country = ''] of rows) {
      for (const address of [start, end]) expect([address, valueAt(ip(address), v4, v6)]).toEqual([address, countryNumber(country)])
    }
  })
})

const parse = (role: SourceRole, ...files: readonly (string | Buffer)[]) =>
  parseCsv(
    files.map((file) => (typeof file === 'string' ? Buffer.from(file) : file)),
    role,
  )

function ipOf(value: bigint, length: number): Ip {
  return ipFromBytes(Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex'))
}
