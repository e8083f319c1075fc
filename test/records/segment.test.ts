import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listSegments, readHead, readTail, segmentAt } from '../../src/records/segment.ts'
import { decided, madeUpFolder, segmentText, writeSegment } from './made-up.ts'

test('segments come in the order of their numbers, other files are not among them', async () => {
  const folder = await madeUpFolder()
  for (const number of [1_000_000, 2, 10]) await writeSegment(folder, number, '')
  await writeFile(join(folder, '000003.ndjson.tmp'), '')
  await writeFile(join(folder, '3.ndjson'), '')
  await mkdir(join(folder, 'lock'))
  expect((await listSegments(folder)).map(({ number }) => number)).toEqual([2, 10, 1_000_000])
})

test('a folder that is not there is the operator’s business', async () => {
  await expect(listSegments('/nowhere/flows')).rejects.toThrow('there is no records folder /nowhere/flows')
})

test('the tail is the last sound event and whether anything follows it', async () => {
  const folder = await madeUpFolder()
  const text = segmentText([decided('a'), decided('b')])
  const last = text.slice(0, -1).lastIndexOf('\n') + 1
  const tailOf = async (content: string) => {
    await writeSegment(folder, 1, content)
    const { seq, whole } = await readTail(segmentAt(folder, 1))
    return [seq, whole]
  }
  expect(await tailOf('')).toEqual([null, true])
  expect(await tailOf(text)).toEqual([2, true])
  expect(await tailOf(text.slice(0, -1))).toEqual([1, false]) // Sound JSON, but never acknowledged.
  expect(await tailOf(text.slice(0, last + 5))).toEqual([1, false])
  expect(await tailOf(`${text}\0\0\0`)).toEqual([2, false])
  expect(await tailOf(`${text}nonsense\n`)).toEqual([2, false])
  expect(await tailOf('nonsense')).toEqual([null, false])
})

test('the tail is found behind a line that is longer than a block', async () => {
  const folder = await madeUpFolder()
  const long = decided('b', { personal: { sentence: 'x'.repeat(300_000) } })
  await writeSegment(folder, 1, segmentText([decided('a'), long]))
  expect(await readTail(segmentAt(folder, 1))).toMatchObject({ seq: 2, whole: true })
})

test('the head is the first sound event', async () => {
  const folder = await madeUpFolder()
  await writeSegment(folder, 1, `nonsense\n${segmentText([decided('a')], 9)}`)
  expect(await readHead(segmentAt(folder, 1))).toMatchObject({ seq: 9 })
  expect(await readHead(segmentAt(folder, 2))).toBeNull()
})
