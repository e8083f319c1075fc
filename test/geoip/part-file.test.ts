import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { append, begin, discard, measure, readBegun, seal } from '../../src/geoip/part-file.ts'

let folder = ''
let file = ''

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'part-file-'))
  file = path.join(folder, 'data.mmdb')
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
})

async function* chunksOf(...texts: readonly string[]) {
  for (const text of texts) yield Buffer.from(text)
}

async function* breaking(text: string) {
  yield Buffer.from(text)
  throw new Error('cut')
}

const version = { source: 'here', validator: '"v1"', total: 10 }

test('a file is begun, goes on where it was cut off, and gets its name when it is whole', async () => {
  await begin(file, version)
  await expect(append(file, 0, breaking('0123'))).rejects.toThrow('cut')
  expect(await readBegun(file, 'here')).toEqual({ ...version, offset: 4 })
  await append(file, 4, chunksOf('45', '6789'))
  expect(await measure(file)).toEqual({
    bytes: 10,
    sha256: createHash('sha256').update('0123456789').digest('hex'),
    head: Buffer.from('0123456789'),
  })
  await seal(file)
  expect(await readdir(folder)).toEqual(['data.mmdb'])
  expect(await readFile(file, 'utf8')).toBe('0123456789')
})

test('beginning anew throws away what was there', async () => {
  await begin(file, version)
  await append(file, 0, chunksOf('old and long'))
  await begin(file, null)
  await append(file, 0, chunksOf('new'))
  expect(await readdir(folder)).toEqual(['data.mmdb.part'])
  expect((await measure(file)).bytes).toBe(3)
})

test('the file that stood there stays until the new one is whole', async () => {
  await writeFile(file, 'yesterday')
  await begin(file, version)
  await append(file, 0, chunksOf('0123456789'))
  expect(await readFile(file, 'utf8')).toBe('yesterday')
  await seal(file)
  expect(await readFile(file, 'utf8')).toBe('0123456789')
})

test('nothing can be gone on from: of another source, empty, complete, without a version, or discarded', async () => {
  expect(await readBegun(file, 'here')).toBeNull()
  await begin(file, version)
  expect(await readBegun(file, 'here')).toBeNull()
  await append(file, 0, chunksOf('01234'))
  expect(await readBegun(file, 'elsewhere')).toBeNull()
  expect(await readBegun(file, 'here')).not.toBeNull()
  await append(file, 5, chunksOf('56789'))
  expect(await readBegun(file, 'here')).toBeNull()
  await begin(file, null)
  await append(file, 0, chunksOf('01234'))
  expect(await readBegun(file, 'here')).toBeNull()
  await discard(file)
  await discard(file)
  expect(await readdir(folder)).toEqual([])
})

test('a sidecar of any content is a part to go on from or none, never an error', async () => {
  await begin(file, null)
  await append(file, 0, chunksOf('01234'))
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
      await writeFile(`${file}.part.json`, text)
      expect(await readBegun(file, 'here')).toBeNull()
    }),
    { numRuns: 100 },
  )
})
