import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { EditionStore } from '../../src/geoip/editions.ts'
import { openTable } from '../../src/geoip/index.ts'
import { lockOf, readLock, specsOfLock } from '../../src/geoip/lock.ts'
import { mmdb } from '../support/mmdb-writer.ts'
import { noCompanies, specOf } from './support.ts'

/** Shared, so that the table is built once. */
const cache = mkdtempSync(join(tmpdir(), 'ringfence-lock-cache-'))
afterAll(() => rmSync(cache, { recursive: true, force: true }))

async function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-lock-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'a.mmdb')
  writeFileSync(file, mmdb({ networks: [['8.0.0.0/8', { country_code: 'US' }]] }))
  const store = new EditionStore(join(folder, 'geoip'))
  const specs = [specOf({ files: [file] }), specOf({ name: 'ours', role: 'override', format: 'override', places: { '8.8.8.0/24': 'DE' } })]
  const world = { companies: noCompanies, cache }
  const table = await openTable(specs, world)
  const lock = await lockOf(specs, table, store, '0.1.0')
  const place = join(folder, 'geoip.lock')
  writeFileSync(place, JSON.stringify(lock))
  return { folder, file, store, specs, world, table, lock: await readLock(place) }
}

test('the same files make the same table again, though nothing stands where it stood', async () => {
  const { file, folder, store, specs, world, table, lock } = await setUp()
  expect(lock).toMatchObject({ program: '0.1.0', table: table.key, hash: table.hash })
  rmSync(file)
  const again = await openTable(await specsOfLock(lock, specs, store), world)
  expect([again.key, again.hash]).toEqual([table.key, table.hash])
  // Not in the store any more, but among the sources under another name.
  const stored = store.fileOf(lock.sources[0]?.files[0] ?? '')
  renameSync(stored, join(folder, 'elsewhere'))
  const moved = await specsOfLock(lock, [specOf({ files: [join(folder, 'elsewhere')] })], store)
  expect((await openTable(moved, world)).key).toBe(table.key)
})

test('the files of a lock outlive every update', async () => {
  const { store, lock } = await setUp()
  const [hash = ''] = lock.sources[0]?.files ?? []
  const edition = (file: string) => ({ a: { format: 'mmdb' as const, files: [file], date: null, from: 'https://one.example/' } })
  await store.add(edition(hash), 't')
  for (let i = 0; i < 13; i++) await store.add(edition(String(i).padStart(64, '0')), 't')
  const specs = await specsOfLock(lock, [], store)
  expect(specs.map(({ name, files, expected }) => [name, files, expected])).toEqual([
    ['a', [store.fileOf(hash)], [hash]],
    ['ours', [], []],
  ])
})

test('a file in the store that no longer holds what its name says is not taken for it', async () => {
  const { file, store, lock } = await setUp()
  const [hash = ''] = lock.sources[0]?.files ?? []
  rmSync(file)
  writeFileSync(store.fileOf(hash), 'damaged')
  await expect(specsOfLock(lock, [], store)).rejects.toThrow(`a: no file with the SHA-256 ${hash} is here`)
})

test('a file that is nowhere is named by its hash, with where to put it', async () => {
  const { file, store, lock } = await setUp()
  const hash = lock.sources[0]?.files[0] ?? ''
  rmSync(file)
  rmSync(store.fileOf(hash))
  await expect(specsOfLock(lock, [], store)).rejects.toThrow(
    `a: no file with the SHA-256 ${hash} is here; the lock needs it (copy it to ${store.fileOf(hash)})`,
  )
})

test.each(['', '{}', 'version: 1'])('what is no lock is refused: %j', async (text) => {
  const { folder } = await setUp()
  writeFileSync(join(folder, 'x'), text)
  await expect(readLock(join(folder, 'x'))).rejects.toThrow('not a lock of location data ("ringfence geoip lock" writes one)')
  await expect(readLock(join(folder, 'none'))).rejects.toThrow('there is no such file')
})
