import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { keepCached, readCached, writeCached } from '../../src/geoip/table-cache.ts'
import { compile } from '../../src/geoip/table-data.ts'
import { encodeTable } from '../../src/geoip/table-file.ts'
import { at, source } from './made-up-sources.ts'

const keyOf = (letter: string) => letter.repeat(64)
const bytesOf = (letter: string) => encodeTable(compile([source('one', 'voter', [at(10, 20, 'US')])]), keyOf(letter))

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'ringfence-cache-'))
  onTestFinished(() => rm(made, { recursive: true, force: true }))
  return join(made, 'below')
}

test('a table is read back by its key, by no other, and not at all where it is not whole', async () => {
  const at = await folder()
  expect(await readCached(at, keyOf('a'))).toBeNull()
  await writeCached(at, keyOf('a'), bytesOf('a'))
  expect((await readCached(at, keyOf('a')))?.sources).toMatchObject([{ info: { name: 'one' } }])
  expect(await readCached(at, keyOf('b'))).toBeNull()
  const [file = ''] = await readdir(at)
  const whole = await readFile(join(at, file))
  await writeFile(join(at, `table-${keyOf('b')}.bin`), whole) // another's under this name
  expect(await readCached(at, keyOf('b'))).toBeNull()
  await writeFile(join(at, file), whole.subarray(0, whole.length - 5))
  expect(await readCached(at, keyOf('a'))).toBeNull()
})

test('the oldest go, and nothing else in the folder does', async () => {
  const at = await folder()
  for (const [i, letter] of ['a', 'b', 'c', 'd', 'e'].entries()) {
    await writeCached(at, keyOf(letter), bytesOf(letter))
    await utimes(join(at, `table-${keyOf(letter)}.bin`), 1_000 + i, 1_000 + i)
    if (i === 0) await writeFile(join(at, 'something else'), '')
  }
  await writeCached(at, keyOf('f'), bytesOf('f'))
  expect((await readdir(at)).sort()).toEqual(['something else', ...['d', 'e', 'f'].map((letter) => `table-${keyOf(letter)}.bin`)])
})

test('a folder that can’t be written costs nothing but the cache', async () => {
  const at = await folder()
  await writeFile(at, 'a file in the place of the folder')
  await writeCached(at, keyOf('a'), bytesOf('a'))
  expect(await readCached(at, keyOf('a'))).toBeNull()
})

test('a table that can’t be put in its place leaves nothing behind', async () => {
  const at = await folder()
  await mkdir(join(at, `table-${keyOf('a')}.bin`), { recursive: true })
  await writeCached(at, keyOf('a'), bytesOf('a'))
  expect(await readdir(at)).toEqual([`table-${keyOf('a')}.bin`])
  expect(await readCached(at, keyOf('a'))).toBeNull()
})

test('a table is kept alone in another folder, and what is there stays where the cache has no such table', async () => {
  const [cache, alone] = [await folder(), await folder()]
  for (const letter of ['a', 'b']) {
    await writeCached(cache, keyOf(letter), bytesOf(letter))
    await keepCached(cache, keyOf(letter), alone)
    expect(await readdir(alone)).toEqual([`table-${keyOf(letter)}.bin`])
  }
  await keepCached(cache, keyOf('c'), alone)
  await rm(cache, { recursive: true })
  await keepCached(cache, keyOf('b'), alone)
  expect(await readdir(alone)).toEqual([`table-${keyOf('b')}.bin`])
  expect((await readCached(alone, keyOf('b')))?.sources).toMatchObject([{ info: { name: 'one' } }])
})
