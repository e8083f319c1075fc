import { mkdir, readFile, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { segmentAt } from '../../src/records/segment.ts'
import { SegmentFile } from '../../src/records/segment-file.ts'
import { madeUpFolder } from './made-up.ts'
import { smallDisk } from './small-disk.ts'

test('writes follow each other, also after the file was opened again', async () => {
  const segment = segmentAt(await madeUpFolder(), 1)
  const file = await SegmentFile.create(segment)
  await file.write(Buffer.from('one\n'))
  await file.close()
  const again = await SegmentFile.goOnBehind(segment, 4)
  await again.write(Buffer.from('two\n'))
  expect(again.length).toBe(8)
  await again.close()
  expect(await readFile(segment.path, 'utf8')).toBe('one\ntwo\n')
  if (process.platform !== 'win32') expect((await stat(segment.path)).mode & 0o777).toBe(0o600)
})

test('a segment is never written over', async () => {
  const segment = segmentAt(await madeUpFolder(), 1)
  await (await SegmentFile.create(segment)).close()
  await expect(SegmentFile.create(segment)).rejects.toMatchObject({ code: 'EEXIST' })
})

test('a deleted file is noticed when it is synced', async () => {
  const file = await SegmentFile.create(segmentAt(await madeUpFolder(), 1))
  await unlink(file.segment.path)
  expect(file.gone).toBe(false)
  await file.sync()
  expect(file.gone).toBe(true)
  await file.close()
})

test('of a write that fills the disk nothing is left, and a shorter one goes through', async ({ skip }) => {
  const disk = await smallDisk(skip)
  const folder = join(disk, 'flows')
  await mkdir(folder)
  const file = await SegmentFile.create(segmentAt(folder, 1))
  onTestFinished(() => file.close())
  await file.write(Buffer.from('one\n'))
  await expect(file.write(Buffer.alloc(200_000, 'x'))).rejects.toMatchObject({ code: 'ENOSPC' })
  expect(await readFile(file.segment.path, 'utf8')).toBe('one\n')
  await file.write(Buffer.from('two\n'))
  expect(await readFile(file.segment.path, 'utf8')).toBe('one\ntwo\n')
})
