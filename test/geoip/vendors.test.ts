import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Access,
  azureLink,
  findVendor,
  findVendorFile,
  firstHash,
  monthBefore,
  type VendorFile,
  vendors,
} from '../../src/geoip/vendors.ts'

const access: Access = { today: '2026-03-01', account: '12345', key: 'hush' }

function fileOf(vendor: string, name: string): VendorFile {
  const file = findVendor(vendor)?.files.find((candidate) => candidate.name === name)
  if (file === undefined) throw new Error(`no ${name} of ${vendor}`)
  return file
}

function asksOf(file: VendorFile) {
  if (file.place.kind !== 'direct') throw new Error(`${file.name} is linked`)
  return file.place.asks(access)
}

const files = vendors.flatMap((vendor) => vendor.files)

test('ids, names and files are unique', () => {
  for (const list of [vendors.map(({ id }) => id), files.map(({ name }) => name), files.map(({ file }) => file)])
    expect(list).toEqual([...new Set(list)])
})

test('a file is found with its vendor, or the name is an error', () => {
  expect(findVendorFile('origin-asn')).toMatchObject({ vendor: { id: 'ip-location-db' }, file: { file: 'origin-asn.mmdb' } })
  expect(() => findVendorFile('GeoLite2-City')).toThrow('no vendor offers a file "GeoLite2-City"')
})

test('every address is https, and none holds a key', () => {
  const urls = files.flatMap((file) => [
    ...(file.place.kind === 'direct' ? file.place.asks(access).map(({ url }) => url) : [file.place.page]),
    ...(file.sha256 === null ? [] : [file.sha256.ask(access).url]),
  ])
  for (const url of urls) {
    expect(url.protocol).toBe('https:')
    expect(url.href).not.toContain('hush')
  }
})

test('a vendor that needs nothing is asked without a header', () => {
  for (const { needs, files: theirs } of vendors)
    for (const file of theirs)
      if (needs.length === 0 && file.place.kind === 'direct')
        expect(asksOf(file).map(({ headers }) => headers)).toEqual(asksOf(file).map(() => ({})))
})

test('MaxMind is asked with account and key, for the archive and for its hash', () => {
  const file = fileOf('maxmind', 'GeoLite2-Country')
  const authorization = `Basic ${Buffer.from('12345:hush').toString('base64')}`
  const base = 'https://download.maxmind.com/geoip/databases/GeoLite2-Country/download?suffix='
  expect(asksOf(file)).toEqual([{ url: new URL(`${base}tar.gz`), headers: { authorization } }])
  expect(file.sha256?.ask(access)).toEqual({ url: new URL(`${base}tar.gz.sha256`), headers: { authorization } })
})

test('IPinfo is asked with a bearer token', () => {
  const file = fileOf('ipinfo', 'ipinfo-lite')
  expect(asksOf(file)).toEqual([{ url: new URL('https://ipinfo.io/data/ipinfo_lite.mmdb'), headers: { authorization: 'Bearer hush' } }])
  expect(file.sha256?.ask(access).url.href).toBe('https://ipinfo.io/data/ipinfo_lite.mmdb/checksums')
})

test('DB-IP is asked for this month, then for the one before', () => {
  expect(asksOf(fileOf('db-ip', 'dbip-country-lite')).map(({ url }) => url.pathname)).toEqual([
    '/free/dbip-country-lite-2026-03.mmdb.gz',
    '/free/dbip-country-lite-2026-02.mmdb.gz',
  ])
  expect(monthBefore('2026-01-31')).toBe('2025-12')
  expect(monthBefore('2026-12-01')).toBe('2026-11')
})

test('ip-location-db has its files in one release and their hashes in another', () => {
  const file = fileOf('ip-location-db', 'server-country')
  const releases = 'https://github.com/sapics/ip-location-db/releases/download'
  expect(asksOf(file).map(({ url }) => url.href)).toEqual([`${releases}/latest/server-country.mmdb`])
  expect(file.sha256?.ask(access).url.href).toBe(`${releases}/checksum/server-country.mmdb.sha256`)
})

const hash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

test.each([
  ['sha256sum', `${hash}  GeoLite2-Country_20261124.tar.gz\n`, hash],
  ['capitals', `${hash.toUpperCase()} *x`, hash],
  ['JSON with other hashes', `{"checksums":{"md5":"ec1e0b806d09a4d367514fca3d7bae2e","sha256":"${hash}"}}`, hash],
  ['a longer number', `${hash}0`, null],
  ['a shorter one', hash.slice(1), null],
  ['a page', '<html>Log in</html>', null],
])('a hash is found in %s', (_form, text, found) => {
  expect(firstHash(text)).toBe(found)
})

const link = (cloud: string, date: string) =>
  `https://download.microsoft.com/download/7/1/d/71d86715-5596-4529-9b13-da13a5de5b63/ServiceTags_${cloud}_${date}.json`

test('the link to the service tags is found in the page, the newest of its cloud', () => {
  const page = `<a href="${link('Public', '20261109')}">old</a> <a class="x" href="${link('Public', '20261116')}">Download</a> <a href="${link('China', '20261123')}">`
  expect(azureLink(page, 'Public')?.href).toBe(link('Public', '20261116'))
  expect(azureLink(page, 'China')?.href).toBe(link('China', '20261123'))
})

test('it is found where only a script holds it', () => {
  expect(azureLink(`{"url":"${link('Public', '20261116').replaceAll('/', '\\/')}"}`, 'Public')?.href).toBe(link('Public', '20261116'))
  expect(azureLink(`{"url":"${link('China', '20261116').replaceAll('/', '\\u002F')}"}`, 'China')?.href).toBe(link('China', '20261116'))
})

test.each([
  ['nothing', ''],
  ['another host', link('Public', '20261116').replace('download.microsoft.com', 'download.microsoft.com.example.net')],
  ['another file', link('Public', '20261116').replace('ServiceTags', 'Other')],
  ['http', link('Public', '20261116').replace('https', 'http')],
  ['another cloud', link('AzureGovernment', '20261116')],
  ['no date', link('Public', 'latest')],
])('a page with %s has no such link', (_what, page) => {
  expect(azureLink(page, 'Public')).toBeNull()
})

test("whatever a page says, the link leads to Microsoft's download host or there is none", () => {
  const pieces = fc.constantFrom(
    'https://',
    'download.microsoft.com',
    '/download/',
    '@',
    '..',
    '\\u002f',
    '\\/',
    'ServiceTags_Public_20261116.json',
    'evil.test',
    ' ',
    '"',
    '?',
  )
  const page = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 12 }).map((list) => list.join('')),
  )
  fc.assert(
    fc.property(page, (text) => {
      const found = azureLink(text, 'Public')
      if (found !== null) expect(`${found.protocol}//${found.host}`).toBe('https://download.microsoft.com')
    }),
  )
})
