import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { open as openFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { buildTable, keyOf } from '../../src/geoip/build.ts'
import { type GeoTable, openTable, planSources, reopenTable, tableOf } from '../../src/geoip/index.ts'
import { hashesOf } from '../../src/geoip/input-hashes.ts'
import { type GeoSourceSettings, geoSourceSchema } from '../../src/geoip/kinds.ts'
import { writeCached } from '../../src/geoip/table-cache.ts'
import { compile } from '../../src/geoip/table-data.ts'
import { decodeTable, encodeTable } from '../../src/geoip/table-file.ts'
import type { Locator } from '../../src/pipeline/ports.ts'
import { mmdb } from '../support/mmdb-writer.ts'
import { at, source } from './made-up-sources.ts'
import { ip, noCompanies } from './support.ts'

function folderWith(files: Readonly<Record<string, Buffer | string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-geoip-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return folder
}

const database = (network: string, code: string, built: string) => mmdb({ networks: [[network, { country_code: code }]], built })

const files = () => ({ 'Mine.mmdb': database('8.0.0.0/8', 'US', '2026-01-02'), 'Other.mmdb': database('8.8.0.0/16', 'CN', '2025-03-04') })

const mmdbAt = (path: string, role: 'voter' | 'witness' = 'voter', name?: string): GeoSourceSettings =>
  geoSourceSchema.parse({ type: 'mmdb', path, role, ...(name !== undefined && { name }) })

const open = async (cache: string | null, ...settings: readonly GeoSourceSettings[]): Promise<GeoTable> =>
  openTable(await planSources(settings), { companies: noCompanies, cache })

/** As `openTable` makes it, in this thread: one of its own for each test would take seconds. */
async function built(...settings: readonly GeoSourceSettings[]): Promise<GeoTable> {
  const { key, data } = decodeTable(await buildTable(await planSources(settings)))
  return tableOf(key, data, noCompanies)
}

test('files are laid over each other, each with its own answer', async () => {
  const folder = folderWith(files())
  const table = await open(null, mmdbAt(join(folder, 'Mine.mmdb')), mmdbAt(join(folder, 'Other.mmdb')))
  expect(table.sources.map(({ name }) => name)).toEqual(['Mine', 'Other'])
  expect(table.locate(ip('8.8.8.8'))).toMatchObject({ possible: ['CN', 'US'] })
  expect([table.oldestDate, table.newestDate]).toEqual(['2025-03-04', '2026-01-02'])
  expect(table satisfies Locator).toBeDefined()
})

test('a witness is recorded and never votes', async () => {
  const folder = folderWith(files())
  const table = await built(mmdbAt(join(folder, 'Mine.mmdb')), mmdbAt(join(folder, 'Other.mmdb'), 'witness'))
  expect(table.locate(ip('8.8.8.8'))).toMatchObject({
    answers: [
      { source: 'Mine', country: 'US' },
      { source: 'Other', country: 'CN' },
    ],
    possible: ['US'],
  })
})

test('the hash names the sources, their roles, their content, their order and the companies', async () => {
  const folder = folderWith(files())
  const us = join(folder, 'Mine.mmdb')
  const cn = join(folder, 'Other.mmdb')
  const hash = async (...settings: readonly GeoSourceSettings[]) => (await built(...settings)).hash
  const first = await hash(mmdbAt(us), mmdbAt(cn))
  expect(first).toMatch(/^[0-9a-f]{64}$/)
  expect((await open(null, mmdbAt(us), mmdbAt(cn))).hash).toBe(first)
  const others = [
    await hash(mmdbAt(cn), mmdbAt(us)),
    await hash(mmdbAt(us), mmdbAt(cn, 'witness')),
    await hash(mmdbAt(us, 'voter', 'A'), mmdbAt(cn)),
    await hash(mmdbAt(us)),
    await hash(mmdbAt(us), mmdbAt(cn, 'voter', 'B')),
  ]
  const keyed = decodeTable(await buildTable(await planSources([mmdbAt(us), mmdbAt(cn)])))
  const withCompanies = tableOf(keyed.key, keyed.data, { ...noCompanies, sha256: '1' })
  expect(withCompanies.key).toBe((await built(mmdbAt(us), mmdbAt(cn))).key)
  others.push(withCompanies.hash)
  expect(new Set([first, ...others]).size).toBe(7)
})

test('what is in the cache under the key of the inputs is used as it is; when an input changes it is not', async () => {
  const folder = folderWith(files())
  const us = join(folder, 'Mine.mmdb')
  const cache = join(folder, 'cache')
  const { key } = await open(cache, mmdbAt(us))
  expect(readdirSync(cache)).toEqual([`table-${key}.bin`])
  // Another table under the same key: if it comes back, nothing was built.
  await writeCached(cache, key, encodeTable(compile([source('planted', 'voter', [at(0, 2 ** 32, 'FR')])]), key))
  const again = await open(cache, mmdbAt(us))
  expect(again.sources.map(({ name }) => name)).toEqual(['planted'])
  expect((await reopenTable(key, { companies: noCompanies, cache }))?.locate(ip('8.8.8.8')).best).toBe('FR')
  writeFileSync(us, database('8.0.0.0/8', 'DE', '2026-02-02'))
  const changed = await open(cache, mmdbAt(us))
  expect(changed.key).not.toBe(key)
  expect(changed.locate(ip('8.8.8.8')).best).toBe('DE')
})

test('the same content at another path is the same table, under the licence that is said of it now', async () => {
  const folder = folderWith({ ...files(), 'Copy.mmdb': files()['Mine.mmdb'] })
  const cache = join(folder, 'cache')
  const { key } = await open(cache, mmdbAt(join(folder, 'Mine.mmdb')))
  await writeCached(cache, key, encodeTable(compile([source('Mine', 'voter', [at(0, 2 ** 32, 'FR')])]), key))
  const moved = geoSourceSchema.parse({
    type: 'mmdb',
    path: join(folder, 'Copy.mmdb'),
    role: 'voter',
    name: 'Mine',
    attribution: 'by me, https://me.example',
  })
  const table = await open(cache, moved)
  expect([table.key, table.locate(ip('8.8.8.8')).best]).toEqual([key, 'FR'])
  expect(table.sources).toMatchObject([{ name: 'Mine', licence: null, attribution: 'by me, https://me.example' }])
})

test('the tables that the program reads a publisher with are inputs too', async () => {
  const folder = folderWith({ ...files(), 'feed.csv': '8.8.8.0/24,DE,,,\n' })
  const feed = { type: 'geofeed', path: join(folder, 'feed.csv'), role: 'voter', date: '2026-06-01' }
  const specs = await planSources([geoSourceSchema.parse({ ...feed, publisher: 'aws' })])
  const hashes = await Promise.all(specs.map(hashesOf))
  const table = await openTable(specs, { companies: noCompanies, cache: null })
  expect(table.key).toBe(keyOf(specs, hashes))
  expect(hashes[0]).toHaveLength(4)
  const other = (hash: number) => keyOf(specs, [(hashes[0] ?? []).map((each, i) => (i === hash ? '0'.repeat(64) : each))])
  expect(new Set([table.key, ...[0, 1, 2, 3].map(other)]).size).toBe(5)
})

test('a damaged table in the cache is built anew', async () => {
  const folder = folderWith(files())
  const cache = join(folder, 'cache')
  const { key } = await open(cache, mmdbAt(join(folder, 'Mine.mmdb')))
  writeFileSync(join(cache, `table-${key}.bin`), 'half a table')
  expect((await open(cache, mmdbAt(join(folder, 'Mine.mmdb')))).locate(ip('8.8.8.8')).best).toBe('US')
})

test('an override is an input like any other', async () => {
  const folder = folderWith(files())
  const override = (code: string) => geoSourceSchema.parse({ type: 'override', places: { '8.8.8.0/24': code } })
  const one = await built(mmdbAt(join(folder, 'Mine.mmdb')), override('DE'))
  const two = await built(mmdbAt(join(folder, 'Mine.mmdb')), override('FR'))
  expect([one.locate(ip('8.8.8.8')), two.locate(ip('8.8.8.8'))]).toMatchObject([
    { possible: ['DE'], stated: 'override' },
    { possible: ['FR'] },
  ])
  expect(one.hash).not.toBe(two.hash)
  expect(one.key).not.toBe(two.key)
})

test('warnings begin with the name of their source', async () => {
  const folder = folderWith(files())
  expect((await built(mmdbAt(join(folder, 'Mine.mmdb')))).warnings).toEqual([
    'Mine: knows only 0.5 % of IPv4',
    'Mine: knows no IPv6 networks',
  ])
})

test('an authority without a source that says whose network an address is warns that it has no say', async () => {
  const folder = folderWith({ ...files(), 'feed.csv': '8.8.8.0/24,DE,,,\n' })
  const feed = geoSourceSchema.parse({
    type: 'geofeed',
    path: join(folder, 'feed.csv'),
    role: 'authority',
    publisher: 'vultr',
    date: '2026-06-01',
  })
  const table = await built(mmdbAt(join(folder, 'Mine.mmdb')), feed)
  expect(table.warnings.at(-1)).toBe('feed: not counted, since no source of role "asn" says whose network an address is')
  expect(table.locate(ip('8.8.8.8'))).toMatchObject({ possible: ['US'], stated: null })
})

test('lists that make no table are refused, with what to do', async () => {
  const folder = folderWith(files())
  const us = mmdbAt(join(folder, 'Mine.mmdb'), 'voter', 'Mine')
  await expect(planSources([us, us])).rejects.toThrow('geoip.sources: two sources are called "Mine"; give one of them another name')
  await expect(planSources([mmdbAt(join(folder, 'Mine.mmdb'), 'witness')])).rejects.toThrow('geoip.sources: no source is a voter')
  await expect(planSources([])).rejects.toThrow('geoip.sources: no source is a voter, so few addresses would ever have a country')
  const twice: GeoSourceSettings = { type: 'embedded' }
  await expect(planSources([twice, twice])).rejects.toThrow('two sources are called "DB-IP Lite"')
  const stranger = geoSourceSchema.parse({ type: 'cloud-ranges', path: 'x', publisher: 'awz' })
  await expect(planSources([us, stranger])).rejects.toThrow(
    /^geoip\.sources: "awz" is not on the list of publishers, did you mean "aws"\? \(they are aws, /,
  )
})

test('a file that was never downloaded is named with what to do', async () => {
  const vendor = geoSourceSchema.parse({ type: 'mmdb', vendor: 'GeoLite2-Country', role: 'voter' })
  await expect(open(null, vendor)).rejects.toThrow('GeoLite2-Country: not downloaded yet: run "ringfence geoip update"')
})

// The table of the old content is looked for in the cache after hashing and before building. There a pipe stands in for
// it: reading it waits for a writer, so that the moment between the two lasts as long as the test wants.
test.skipIf(process.platform === 'win32')(
  'a file that was replaced between hashing and building makes the table of what was built',
  async () => {
    const folder = folderWith(files())
    const us = join(folder, 'Mine.mmdb')
    const specs = await planSources([mmdbAt(us)])
    const keyNow = async () => keyOf(specs, await Promise.all(specs.map(hashesOf)))
    const before = await keyNow()
    const pipe = join(folder, `table-${before}.bin`)
    execFileSync('mkfifo', [pipe])
    const opening = openTable(specs, { companies: noCompanies, cache: folder })
    const writer = await openFile(pipe, 'w') // opens when the cache is read: the hash has been taken
    writeFileSync(us, database('8.0.0.0/8', 'DE', '2026-02-02'))
    await writer.close()
    const table = await opening
    const after = await keyNow()
    expect(table.key).toBe(after)
    expect(after).not.toBe(before)
    expect(table.locate(ip('8.8.8.8')).best).toBe('DE')
    expect((await reopenTable(after, { companies: noCompanies, cache: folder }))?.hash).toBe(table.hash)
    expect(statSync(pipe).isFIFO()).toBe(true)
  },
)
