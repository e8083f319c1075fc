import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Edition, EditionStore, withEditions } from '../../src/geoip/editions.ts'
import { specOf } from './support.ts'

function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-editions-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const store = new EditionStore(join(folder, 'geoip'))
  const keep = (content: string) => {
    writeFileSync(join(folder, 'fresh'), content)
    return store.keep(join(folder, 'fresh'))
  }
  return { folder, store, keep }
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')
const edition = (file: string, date: string | null = '2026-07-01'): Edition => ({
  format: 'mmdb',
  files: [file],
  date,
  from: 'https://one.example/a',
})

test('a file is kept under its hash, once', async () => {
  const { store, keep } = setUp()
  expect(await keep('one')).toBe(hashOf('one'))
  expect(await keep('one')).toBe(hashOf('one'))
  expect(existsSync(store.fileOf(hashOf('one')))).toBe(true)
})

test('each generation builds on the current one; which counts is said separately', async () => {
  const { store, keep } = setUp()
  expect(await store.read()).toEqual({ version: 1, current: 0, held: null, generations: [] })
  await store.add({ A: edition(await keep('a1')) }, 't1')
  expect((await store.read()).current).toBe(0)
  await store.use(1)
  await store.add({ B: edition(await keep('b1')) }, 't2')
  await store.use(2)
  await store.use(1)
  await store.add({ A: edition(await keep('a2')) }, 't3')
  const { generations, current } = await store.read()
  expect(current).toBe(1)
  expect(generations.map(({ number, sources }) => [number, Object.keys(sources).join()])).toEqual([
    [1, 'A'],
    [2, 'A,B'],
    [3, 'A'],
  ])
})

test('one that waits is remembered until it is used', async () => {
  const { store, keep } = setUp()
  await store.add({ A: edition(await keep('a1')) }, 't1')
  await store.hold(1)
  expect((await store.read()).held).toBe(1)
  await store.use(1)
  expect(await store.read()).toMatchObject({ held: null, current: 1 })
})

test('old generations go with the files that only they used; the current one never does', async () => {
  const { store, keep } = setUp()
  const shared = await keep('shared')
  for (let i = 1; i <= 20; i++) {
    await store.add({ A: edition(await keep(`a${i}`)), B: edition(shared) }, `t${i}`)
    if (i === 1) await store.use(1)
  }
  const { generations, current } = await store.read()
  expect(current).toBe(1)
  expect(generations.map(({ number }) => number)).toEqual([1, ...[10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]])
  expect([1, 2, 9, 10, 20].map((i) => existsSync(store.fileOf(hashOf(`a${i}`))))).toEqual([true, false, false, true, true])
  expect(existsSync(store.fileOf(shared))).toBe(true)
})

test('a damaged index is refused, with what to do', async () => {
  const { store, keep } = setUp()
  await store.add({ A: edition(await keep('a')) }, 't')
  writeFileSync(store.indexFile, '{"version":1')
  await expect(store.read()).rejects.toThrow('editions.json: damaged; remove it to go on with the data as shipped')
})

test('an edition takes the place of what was shipped, unless that is newer', async () => {
  const { store } = setUp()
  const generation = { number: 1, at: 't', sources: { a: edition(hashOf('x'), '2026-07-01') } }
  const specs = [specOf({ name: 'a', date: '2026-06-01', files: ['/shipped'] }), specOf({ name: 'b', files: ['/other'] })]
  expect(withEditions(specs, generation, store)).toMatchObject([
    { files: [store.fileOf(hashOf('x'))], expected: [hashOf('x')], date: '2026-07-01' },
    { files: ['/other'] },
  ])
  expect(withEditions(specs, undefined, store)).toEqual(specs)
  const upgraded = [specOf({ name: 'a', date: '2026-09-01', files: ['/shipped'] })]
  expect(withEditions(upgraded, generation, store)).toEqual(upgraded)
})
