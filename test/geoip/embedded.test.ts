import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Reader, type Response } from 'maxmind'
import { beforeAll, describe, expect, test } from 'vitest'
import { openEmbedded, openEntry, readManifest } from '../../src/geoip/embedded.ts'
import { type GeoSource, GeoSourceError } from '../../src/geoip/source.ts'
import { compileTable, type Table } from '../../src/geoip/table.ts'
import { ipFromBytes } from '../../src/model/address.ts'
import { isCountryCode } from '../../src/model/country.ts'
import { ip, numbers } from './support.ts'

const require = createRequire(import.meta.url)
let sources: readonly GeoSource[]
let table: Table
beforeAll(async () => {
  sources = await openEmbedded()
  table = compileTable(sources)
})

describe('known addresses', () => {
  // Unicast, by the operators' own publications; the two sources agree.
  test.each([
    ['170.114.1.1', 'US', 'Zoom'],
    ['52.81.151.250', 'CN', 'AWS cn-north-1'],
    ['3.7.35.1', 'IN', 'AWS ap-south-1'],
    ['5.255.255.70', 'RU', 'Yandex'],
    ['77.88.8.8', 'RU', 'Yandex DNS'],
    ['8.8.8.8', 'US', 'Google DNS, anycast'],
    ['2600:1f18::1', 'US', 'AWS us-east-1'],
    ['2400:7fc0:4000::1', 'CN', 'AWS cn-north-1'],
    ['240e:e1:8100:28::2:16', 'CN', 'China Telecom'],
    ['2a02:6b8:c00::1', 'RU', 'Yandex, data centres'],
    ['2406:da1a::1', 'IN', 'AWS ap-south-1'],
  ])('%s is in %s (%s)', (address, country) => {
    expect(table.locate(ip(address))).toMatchObject({
      scope: 'global',
      answers: [
        { source: 'DB-IP Lite', country },
        { source: 'geo-whois-asn', country },
      ],
      possible: [country],
      best: country,
    })
  })

  test('Cloudflare, which is anycast, is disputed', () => {
    expect(table.locate(ip('104.16.1.1'))).toMatchObject({ possible: ['CA', 'US'], best: 'CA' })
  })
})

test('the manifest names what is installed', async () => {
  const manifest = await readManifest()
  expect(sources.map(({ info }) => info)).toEqual(
    manifest.map(({ name, role, date, sha256, attribution }) => ({ name, role, date, sha256, attribution })),
  )
  for (const entry of manifest) expect(require(`${entry.package}/package.json`)).toMatchObject({ version: entry.version })
})

test('a file that is not the one in the manifest is refused', async () => {
  const [entry] = await readManifest()
  if (entry === undefined) throw new Error('the manifest is empty')
  await expect(openEntry({ ...entry, sha256: '0'.repeat(64) })).rejects.toThrow(
    /dbip-country\.mmdb: not as shipped: its SHA-256 is [0-9a-f]{64}/,
  )
})

test('a package that is not installed is named', async () => {
  const [entry] = await readManifest()
  if (entry === undefined) throw new Error('the manifest is empty')
  const error = await openEntry({ ...entry, package: '@ringfence/no-such-package' }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(GeoSourceError)
  expect(error).toMatchObject({
    message: expect.stringContaining('is the npm package @ringfence/no-such-package 2.3.2026060120 installed?'),
  })
})

const SAMPLES = 100_000

describe('the table agrees with maxmind on random addresses', async () => {
  for (const [i, entry] of (await readManifest()).entries()) {
    const reader = new Reader<Response>(readFileSync(require.resolve(`${entry.package}/${entry.file}`)))
    const said = (address: string) => {
      const record = reader.get(address)
      const code: unknown = record !== null && 'country_code' in record ? record.country_code : null
      return typeof code === 'string' && isCountryCode(code) ? code : null
    }

    test(`${entry.name}, IPv4`, () => {
      const next = numbers(4)
      const wrong: string[] = []
      for (let n = 0; n < SAMPLES; n++) {
        const word = next()
        const address = ipFromBytes(bytesOf(word))
        if (table.lookup4(word).answers[i]?.country !== said(address)) wrong.push(address)
      }
      expect(wrong).toEqual([])
    })

    test(`${entry.name}, IPv6`, () => {
      const next = numbers(6)
      const starts = sources[i]?.v6.starts ?? new Uint32Array()
      const wrong: string[] = []
      let known = 0
      for (let n = 0; n < SAMPLES; n++) {
        // Most of the space is empty, so every other address stands just at or round the start of a range.
        const at = (next() % (starts.length / 4)) * 4
        const near = n % 2 === 0 ? starts.subarray(at, at + 4) : Uint32Array.of(0x2000_0000 + (next() >>> 3), next(), next(), next())
        const [a = 0, b = 0, c = 0, d = 0] = n % 4 === 0 ? near : [near[0] ?? 0, near[1] ?? 0, near[2] ?? 0, next()]
        // Where the table leaves an address to the IPv4 address inside.
        if ((a === 0 && b === 0) || a === 0x2001_0000 || a >>> 16 === 0x2002) continue
        const address = ipFromBytes(bytesOf(a, b, c, d))
        const country = table.lookup6(a, b, c, d).answers[i]?.country
        if (country !== said(address)) wrong.push(address)
        if (country !== null) known++
      }
      expect(wrong).toEqual([])
      expect(known).toBeGreaterThan(SAMPLES / 4)
    })
  }
})

const bytesOf = (...words: readonly number[]): Uint8Array =>
  Uint8Array.from(words.flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255]))
