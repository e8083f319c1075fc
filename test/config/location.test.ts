import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadSettings } from '../../src/config/load.ts'
import { locationOf } from '../../src/config/location.ts'
import { keepAccepted } from '../../src/geoip/accepted-table.ts'
import { lockOf } from '../../src/geoip/lock.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { ip } from '../geoip/support.ts'
import { mmdb } from '../support/mmdb-writer.ts'

const policy = compilePolicy(
  'version: 1\nmode: enforce\nuncertain: { disputed: block, unknown: block, anycast: allow }\nfences: [{ name: no-cn, never: [CN] }, { name: home, only: [US, DE] }, { name: all, never: anywhere, traffic: { host: [x.example] } }]\n',
  'p.yaml',
  'p.yaml',
)

const database = (code: string, built: string) => mmdb({ networks: [['8.0.0.0/8', { country_code: code }]], built })

function setUp(more = '') {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-location-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'a.mmdb'), database('US', '2026-06-01'))
  writeFileSync(join(folder, 's.yaml'), `geoip:\n  folder: geoip\n  sources: [{ type: mmdb, path: a.mmdb, role: voter }]\n${more}`)
  const settings = (asOf?: string) => loadSettings({ config: join(folder, 's.yaml'), asOf })
  return { folder, location: (asOf?: string) => locationOf(settings(asOf), policy) }
}

test('the table of the settings’ sources, and every file that may change it', async () => {
  const { folder, location } = setUp()
  const { open, files } = location()
  expect((await open()).table?.locate(ip('8.8.8.8')).best).toBe('US')
  expect((await files()).map((file) => file.replace(folder, ''))).toEqual([
    '/a.mmdb',
    '/geoip/editions.json',
    expect.stringMatching(/^\/geoip\/accepted-[0-9a-f]{12}\.json$/),
  ])
})

test('what a fence might stop counts as forbidden, and what reads no country does not', () => {
  const { isForbidden } = setUp().location()
  const at = (...possible: readonly string[]) =>
    isForbidden({ answers: [], possible: possible as never, best: null, stated: null, registry: null, anycast: false })
  expect([at('CN'), at('CN', 'US'), at('FR'), at('US'), at('DE', 'US')]).toEqual([true, true, true, false, false])
  expect(
    locationOf(loadSettings(), { fences: policy.fences.slice(2) }).isForbidden({
      answers: [],
      possible: ['CN' as never],
      best: null,
      stated: null,
      registry: null,
      anycast: false,
    }),
  ).toBe(false)
})

test('a downloaded edition takes the place of the file, once it counts', async () => {
  const { folder, location } = setUp()
  const { store, open, planAt } = location()
  writeFileSync(join(folder, 'b.mmdb'), database('DE', '2026-07-01'))
  const edition = {
    format: 'mmdb' as const,
    files: [await store.keep(join(folder, 'b.mmdb'))],
    date: '2026-07-01',
    from: 'https://one.example/',
  }
  const generation = await store.add({ a: edition }, 't')
  expect((await open()).table?.locate(ip('8.8.8.8')).best).toBe('US')
  expect((await planAt(generation))[0]?.files).toEqual([store.fileOf(edition.files[0] ?? '')])
  await store.use(generation.number)
  expect((await open()).table?.locate(ip('8.8.8.8')).best).toBe('DE')
})

test('a lock is the operator’s word: its data is used, however old, and no ledger stands in the way', async () => {
  const { folder, location } = setUp()
  const at = location()
  const { open, plan, store } = at
  const { table } = await open()
  if (table === null) throw new Error('no table')
  const lock = join(folder, 'geoip.lock')
  writeFileSync(lock, JSON.stringify(await lockOf(await plan(), table, store, '0.1.0')))
  writeFileSync(join(folder, 'a.mmdb'), database('DE', '2026-07-01'))
  const newer = (await open()).table
  if (newer !== null) await keepAccepted(newer, at)
  const locked = location(lock)
  expect(locked.ledger).toBeNull()
  expect((await locked.open()).table?.hash).toBe(table.hash)
  expect(readdirSync(join(folder, 'geoip')).sort()).toEqual([
    expect.stringMatching(/^accepted-[0-9a-f]{12}$/),
    expect.stringMatching(/^accepted-[0-9a-f]{12}\.json$/),
    'editions.json',
    'files',
  ])
})

test('a damaged list of editions is data that can’t be used: the last good table is, and where there is none, none', async () => {
  const { folder, location } = setUp()
  const at = location()
  const { open, store, files } = at
  mkdirSync(join(folder, 'geoip'))
  writeFileSync(store.indexFile, '{')
  const why = `${store.indexFile}: damaged; remove it to go on with the data as shipped`
  expect(await open()).toEqual({ table: null, refused: { why, key: null } })
  await expect(files()).rejects.toThrow(why)
  rmSync(store.indexFile)
  const { table } = await open()
  if (table === null) throw new Error('no table')
  await keepAccepted(table, at)
  writeFileSync(store.indexFile, '{')
  expect(await open()).toMatchObject({ table: { hash: table.hash }, refused: { why } })
})

test('a list of sources that makes no table is a fault of the settings, whatever was good before', async () => {
  const { folder, location } = setUp()
  const at = location()
  const { open } = at
  const { table } = await open()
  if (table !== null) await keepAccepted(table, at)
  const settings = loadSettings({ config: join(folder, 's.yaml') })
  const none = locationOf({ geoip: { ...settings.geoip, sources: [] } }, policy)
  await expect(none.open()).rejects.toThrow('geoip.sources: no source is a voter')
})

test('each list of sources is measured by what was accepted of its own', async () => {
  const { folder, location } = setUp()
  const settings = loadSettings({ config: join(folder, 's.yaml') })
  const [source] = settings.geoip.sources
  const renamed = source?.type === 'mmdb' ? [{ ...source, name: 'other' }] : []
  expect(locationOf({ geoip: { ...settings.geoip, sources: renamed } }, policy).ledger).not.toBe(location().ledger)
  expect(location().ledger).toBe(location().ledger)
})

test('the files of a lock are looked for once; then they are watched with the lock, where they are and where they may be put', async () => {
  const { folder, location } = setUp()
  const { open, plan, store } = location()
  const { table } = await open()
  if (table === null) throw new Error('no table')
  const lock = join(folder, 'geoip.lock')
  const made = await lockOf(await plan(), table, store, '0.1.0')
  writeFileSync(lock, JSON.stringify(made))
  const stored = store.fileOf(made.sources[0]?.files[0] ?? '')
  rmSync(stored)
  const locked = location(lock)
  expect((await locked.open()).table?.hash).toBe(table.hash)
  expect(await locked.files()).toEqual([lock, join(folder, 'a.mmdb'), stored])
  // The list stands though the lock can't be followed any more: what is to change is looked for at these places.
  rmSync(join(folder, 'a.mmdb'))
  expect(await locked.files()).toEqual([lock, join(folder, 'a.mmdb'), stored])
  await expect(locked.open()).rejects.toThrow('a: no file with the SHA-256')
})

test('a lock of another program’s table is refused, though the files are the same', async () => {
  const { folder, location } = setUp()
  const { open, plan, store } = location()
  const { table } = await open()
  if (table === null) throw new Error('no table')
  const lock = join(folder, 'geoip.lock')
  const made = await lockOf(await plan(), table, store, '0.0.9')
  writeFileSync(lock, JSON.stringify({ ...made, table: '0'.repeat(64) }))
  await expect(location(lock).open()).rejects.toThrow(
    'the files are the same, but this version of Ringfence differs in its regions, publishers or readers; the lock was made by 0.0.9',
  )
  writeFileSync(lock, JSON.stringify({ ...made, hash: '0'.repeat(64) }))
  await expect(location(lock).open()).rejects.toThrow('differs in its list of companies')
})
