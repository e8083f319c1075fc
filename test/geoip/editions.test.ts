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
  expect(await store.read()).toEqual({ version: 1, current: 0, held: null, generations: [], locked: [], before: [] })
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

test('one that waits goes with the old ones, and then none waits', async () => {
  const { store, keep } = setUp()
  await store.add({ A: edition(await keep('a')) }, 't')
  await store.hold(1)
  for (let i = 2; i <= 12; i++) await store.add({ A: edition(await keep(`a${i}`)) }, 't')
  expect((await store.read()).held).toBe(1)
  await store.add({ A: edition(await keep('a13')) }, 't')
  expect((await store.read()).held).toBeNull()
})

test('back to an older one and on from there: its number is never given again, and no file of a kept one goes', async () => {
  const { store, keep } = setUp()
  for (let i = 1; i <= 3; i++) {
    await store.add({ A: edition(await keep(`a${i}`)) }, `t${i}`)
    await store.use(i)
  }
  await store.use(0)
  expect((await store.read()).current).toBe(0)
  const { number, sources } = await store.add({ B: edition(await keep('b')) }, 't4')
  expect({ number, sources: Object.keys(sources) }).toEqual({ number: 4, sources: ['B'] })
  const { generations } = await store.read()
  const files = generations.flatMap((generation) => Object.values(generation.sources).flatMap((each) => each.files))
  expect(files.filter((file) => !existsSync(store.fileOf(file)))).toEqual([])
  await expect(store.use(9)).rejects.toThrow('there is no generation 9')
  expect((await store.read()).current).toBe(0)
})

test('a file that a lock names stays when its generation goes', async () => {
  const { store, keep } = setUp()
  for (let i = 1; i <= 20; i++) {
    await store.add({ A: edition(await keep(`a${i}`)) }, `t${i}`)
    if (i === 2) await store.lock([hashOf('a2'), hashOf('a2')])
  }
  await store.lock([hashOf('a2')])
  expect((await store.read()).locked).toEqual([hashOf('a2')])
  expect([1, 2, 3].map((i) => existsSync(store.fileOf(hashOf(`a${i}`))))).toEqual([false, true, false])
})

test.each([
  ['cut off', '{"version":1'],
  ['empty', ''],
  ['of another version', '{"version":2,"current":0,"held":null,"generations":[]}'],
  ['that names a generation which it does not hold', '{"version":1,"current":3,"held":null,"generations":[]}'],
])('an index %s is refused, with what to do', async (_, text) => {
  const { store, keep } = setUp()
  await store.add({ A: edition(await keep('a')) }, 't')
  writeFileSync(store.indexFile, text)
  await expect(store.read()).rejects.toThrow('editions.json: damaged; remove it to go on with the data as shipped')
  // Nothing is written over it.
  await expect(store.add({}, 't')).rejects.toThrow('damaged')
})

test('an index that was written before there were locks is read', async () => {
  const { store, keep } = setUp()
  await store.add({ A: edition(await keep('a')) }, 't')
  const { locked: _, ...before } = await store.read()
  writeFileSync(store.indexFile, JSON.stringify(before))
  expect(await store.read()).toEqual({ ...before, locked: [] })
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
