import { appendFile, open, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { LineReader } from '../../src/records/line-reader.ts'
import { madeUpFolder } from './made-up.ts'

async function readerOf(text: string) {
  const path = join(await madeUpFolder(), 'file')
  await writeFile(path, text)
  const handle = await open(path, 'r')
  onTestFinished(() => handle.close())
  const reader = new LineReader(handle)
  const read = async () => {
    const lines: string[] = []
    for await (const line of reader.lines()) lines.push(Buffer.from(line).toString())
    return lines
  }
  return { path, read }
}

test('a line is returned once it is whole, however it was cut', async () => {
  const { path, read } = await readerOf('one\ntw')
  expect(await read()).toEqual(['one'])
  expect(await read()).toEqual([])
  await appendFile(path, 'o\n\nfour')
  expect(await read()).toEqual(['two', ''])
})

test('what its writer cut off again was never there', async () => {
  const { path, read } = await readerOf('one\ntorn torn torn')
  expect(await read()).toEqual(['one'])
  await truncate(path, 4)
  await appendFile(path, 'two\n')
  expect(await read()).toEqual(['two'])
})

test('lines of any length come out as they stand in the file', async () => {
  const line = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 900_000 }))
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lengths) => {
      const lines = lengths.map((length, i) => String(i).repeat(length))
      const { read } = await readerOf(lines.map((text) => `${text}\n`).join(''))
      expect((await read()).map(({ length }) => length)).toEqual(lengths)
    }),
    { numRuns: 20 },
  )
})
