import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { create } from 'tar'
import { expect, onTestFinished, test } from 'vitest'
import type { Fetch, FetchRequest } from '../../src/geoip/download.ts'
import { EditionStore } from '../../src/geoip/editions.ts'
import { GeoSourceError } from '../../src/geoip/source.ts'
import type { VendorAsk } from '../../src/geoip/spec.ts'
import { fetchEdition } from '../../src/geoip/update.ts'
import { OperatorError } from '../../src/model/errors.ts'
import { mmdb } from '../support/mmdb-writer.ts'
import { specOf } from './support.ts'

/** The web as a table: what each address holds, and what was asked. */
function web(pages: Readonly<Record<string, string | Buffer>>) {
  const asked: FetchRequest[] = []
  const fetch: Fetch = async (request) => {
    asked.push(request)
    const found =
      pages[`${request.url.origin}${request.url.pathname}${request.url.search}`] ?? pages[`${request.url.origin}${request.url.pathname}`]
    const body = Buffer.from(found ?? '')
    return {
      status: found === undefined ? 404 : 200,
      headers: { 'content-length': String(body.length) },
      body: (async function* () {
        yield body
      })(),
      close: async () => undefined,
    }
  }
  return { fetch, asked }
}

function setUp(pages: Readonly<Record<string, string | Buffer>>, env: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-update-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const store = new EditionStore(folder)
  const { fetch, asked } = web(pages)
  const get = (file: string, change: Parameters<typeof specOf>[0] = {}, own: Partial<VendorAsk> = {}) =>
    fetchEdition(
      specOf(change),
      { file, account: null, key: null, ...own },
      {
        fetch,
        signal: new AbortController().signal,
        store,
        scratch: join(folder, 'incoming'),
        today: '2026-11-25',
        env,
        wait: async () => undefined,
      },
    )
  return { folder, store, asked, get }
}

const database = mmdb({ networks: [['8.0.0.0/8', { country_code: 'US' }]], built: '2026-10-02' })
const dbip = (month: string) => `https://download.db-ip.com/free/dbip-country-lite-${month}.mmdb.gz`
const hashOf = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex')

test('this month’s file, or last month’s where it is not out yet; unpacked, read as a whole, stored by its hash', async () => {
  const { get, asked, store, folder } = setUp({ [dbip('2026-10')]: gzipSync(database) })
  expect(await get('dbip-country-lite')).toEqual({ format: 'mmdb', files: [hashOf(database)], date: '2026-10-02', from: dbip('2026-10') })
  expect(asked.map(({ url }) => url.href)).toEqual([dbip('2026-11'), dbip('2026-10')])
  expect(readFileSync(store.fileOf(hashOf(database))).equals(database)).toBe(true)
  expect(readdirSync(join(folder, 'incoming'))).toEqual([])
})

test('neither this month’s nor last month’s file', async () => {
  const { get, asked } = setUp({})
  await expect(get('dbip-country-lite')).rejects.toMatchObject({
    problem: 'not-found',
    message: 'dbip-country-lite of DB-IP Lite: download.db-ip.com answered 404: there is no such file',
  })
  expect(asked).toHaveLength(2)
})

test('what can’t be read as this source is refused, and not stored', async () => {
  const wrong = mmdb({ networks: [['8.0.0.0/8', { autonomous_system_number: 7 }]], type: 'ASN' })
  const { get, store, folder } = setUp({ [dbip('2026-11')]: gzipSync(wrong), [dbip('2026-10')]: gzipSync(database) })
  const error = await get('dbip-country-lite').catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(GeoSourceError)
  expect(String(error)).toMatch(
    /dbip-country-lite\.mmdb: not a country database \(its type is "ASN"\): its records hold "autonomous_system_number"$/,
  )
  expect(existsSync(store.fileOf(hashOf(wrong)))).toBe(false)
  expect(readdirSync(join(folder, 'incoming'))).toEqual([])
  await expect(store.read()).resolves.toMatchObject({ current: 0, generations: [] })
})

test('what is not packed as it should be is refused, and nothing of it stays', async () => {
  const { get, folder } = setUp({ [dbip('2026-11')]: database })
  await expect(get('dbip-country-lite')).rejects.toBeInstanceOf(GeoSourceError)
  expect(readdirSync(join(folder, 'incoming'))).toEqual([])
})

test('what the vendor publishes as its hash is what must come', async () => {
  const releases = 'https://github.com/sapics/ip-location-db/releases/download'
  const file = { [`${releases}/latest/server-country.mmdb`]: database }
  const published = (text: string) => setUp({ ...file, [`${releases}/checksum/server-country.mmdb.sha256`]: text })
  await expect(published(`${hashOf(database)}  server-country.mmdb\n`).get('server-country')).resolves.toMatchObject({
    files: [hashOf(database)],
  })
  const wrong = published(`${'0'.repeat(64)}  server-country.mmdb\n`)
  await expect(wrong.get('server-country')).rejects.toMatchObject({
    problem: 'damaged',
    message: `server-country of ip-location-db: github.com sent a file with the SHA-256 ${hashOf(database)} instead of ${'0'.repeat(64)}`,
  })
  expect(existsSync(wrong.store.fileOf(hashOf(database)))).toBe(false)
  await expect(setUp(file).get('server-country')).rejects.toThrow(
    'the checksum of server-country of ip-location-db: github.com answered 404',
  )
  await expect(published('no hash in it').get('server-country')).rejects.toThrow('what should be its checksum is none')
})

test('a page that links to the file is followed; one that does not any more is told', async () => {
  const page = 'https://www.microsoft.com/en-us/download/details.aspx?id=56519'
  const link = 'https://download.microsoft.com/download/7/1/d/ServiceTags_Public_20261109.json'
  const tags = JSON.stringify({
    changeNumber: 1,
    cloud: 'Public',
    values: [{ name: 'AzureCloud.eastasia', id: 'x', properties: { region: 'eastasia', addressPrefixes: ['20.0.0.0/24'] } }],
  })
  const azure = { format: 'operator-table', role: 'authority', publisher: 'azure' } as const
  const there = setUp({ [page]: `<a href="${link}">download</a>`, [link]: tags })
  expect(await there.get('azure', azure)).toMatchObject({ format: 'cloud-ranges', files: [hashOf(tags)], from: link })
  await expect(setUp({ [page]: '<p>moved</p>' }).get('azure', azure)).rejects.toThrow('links to no such file any more')
})

test('a key is asked for by name, sent to its vendor, and never part of what is stored', async () => {
  const url = 'https://ipinfo.io/data/ipinfo_lite.mmdb'
  const pages = { [url]: database, [`${url}/checksums`]: JSON.stringify({ checksums: { sha256: hashOf(database) } }) }
  await expect(setUp(pages).get('ipinfo-lite')).rejects.toThrow(
    /^IPinfo Lite wants a key: say "key:" at the source .*, or set IPINFO_TOKEN; to be had at https:\/\/ipinfo\.io\/lite$/,
  )
  const { get, asked } = setUp(pages, { IPINFO_TOKEN: 'secret-token' })
  const edition = await get('ipinfo-lite')
  expect(asked.every(({ headers }) => headers?.authorization === 'Bearer secret-token')).toBe(true)
  expect(JSON.stringify(edition)).not.toContain('secret')
})

test('an account and a key: each is named that is missing, the query is no part of where an edition is from', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-tar-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'GeoLite2-Country.mmdb'), database)
  create({ cwd: folder, file: join(folder, 'packed'), gzip: true, sync: true }, ['GeoLite2-Country.mmdb'])
  const packed = readFileSync(join(folder, 'packed'))
  const url = 'https://download.maxmind.com/geoip/databases/GeoLite2-Country/download'
  const pages = { [`${url}?suffix=tar.gz`]: packed, [`${url}?suffix=tar.gz.sha256`]: `${hashOf(packed)}  GeoLite2-Country.tar.gz\n` }
  const home = 'to be had at https://www.maxmind.com/en/geolite2/signup'
  await expect(setUp(pages).get('GeoLite2-Country')).rejects.toThrow(
    `MaxMind GeoLite2 wants an account number: say "account:" at the source, or set MAXMIND_ACCOUNT_ID; ${home}`,
  )
  await expect(setUp(pages, { MAXMIND_ACCOUNT_ID: '7' }).get('GeoLite2-Country')).rejects.toThrow(
    `MaxMind GeoLite2 wants a key: say "key:" at the source ({ file: … } or { env: … }), or set MAXMIND_LICENSE_KEY; ${home}`,
  )
  const own = { account: '7', key: { env: 'MY_KEY' } }
  await expect(setUp(pages).get('GeoLite2-Country', {}, own)).rejects.toThrow('the environment variable MY_KEY is not set')
  const { get, asked } = setUp(pages, { MY_KEY: 's3cret' })
  expect(await get('GeoLite2-Country', {}, own)).toEqual({ format: 'mmdb', files: [hashOf(database)], date: '2026-10-02', from: url })
  const authorization = `Basic ${Buffer.from('7:s3cret').toString('base64')}`
  expect(asked.map(({ headers }) => headers?.authorization)).toEqual([authorization, authorization])
})

test('no request is made while a key is missing', async () => {
  const { get, asked } = setUp({})
  await expect(get('ipinfo-lite')).rejects.toThrow(OperatorError)
  expect(asked).toEqual([])
})

test('a vendor’s file that there is not is told', async () => {
  await expect(setUp({}).get('GeoLite9')).rejects.toThrow('no vendor offers a file "GeoLite9"')
})
