import { appendFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type Damage, type ReadOptions, readEvents, segmentsFor } from '../../src/records/event-reader.ts'
import { listSegments } from '../../src/records/segment.ts'
import { decided, madeUpFolder, NOON, segmentText, writeSegment } from './made-up.ts'

async function readAll(folder: string, options: ReadOptions = {}) {
  const damage: Damage[] = []
  const seqs: number[] = []
  for await (const { seq } of readEvents(folder, { ...options, onDamage: (one) => damage.push(one) })) seqs.push(seq)
  return { seqs, damage: damage.map(({ file, line, why }) => `${file.slice(folder.length + 1)}:${line}: ${why}`) }
}

const three = [decided('a'), decided('b'), decided('c')]

test('segments are read in order, and a torn last line of any of them is passed over in silence', async () => {
  const folder = await madeUpFolder()
  await writeSegment(folder, 1, `${segmentText(three, 1)}{"v":1,"se`)
  await writeSegment(folder, 2, segmentText(three, 4).slice(0, -3))
  expect(await readAll(folder)).toEqual({ seqs: [1, 2, 3, 4, 5], damage: [] })
})

test('a bad line is damage and the lines around it are read', async () => {
  const folder = await madeUpFolder()
  await writeSegment(folder, 1, `${segmentText(three)}nonsense\n${segmentText(three, 5)}`)
  expect(await readAll(folder)).toEqual({ seqs: [1, 2, 3, 5, 6, 7], damage: ['000001.ndjson:4: not JSON'] })
})

test('a line that was taken out shows by its number, across segments too', async () => {
  const folder = await madeUpFolder()
  await writeSegment(folder, 1, segmentText(three))
  await writeSegment(folder, 2, segmentText(three, 5))
  expect((await readAll(folder)).damage).toEqual(['000002.ndjson:1: event 5 follows event 3'])
})

test('a segment that retention removed after it was listed is no damage', async () => {
  const folder = await madeUpFolder()
  for (const i of [1, 2, 3]) await writeSegment(folder, i, segmentText(three, 3 * i - 2))
  const segments = await listSegments(folder)
  await rm(join(folder, '000002.ndjson'))
  expect(await readAll(folder, { segments })).toEqual({ seqs: [1, 2, 3, 7, 8, 9], damage: [] })
})

test('only segments that may hold what is wanted are read', async () => {
  const folder = await madeUpFolder()
  for (const i of [1, 2, 3]) await writeSegment(folder, i, segmentText(three, 3 * i - 2)) // Event n is of n - 1 seconds after noon.
  await writeSegment(folder, 4, '')
  const numbers = async (options: ReadOptions) => (await segmentsFor(folder, options)).map(({ number }) => number)
  expect(await numbers({})).toEqual([1, 2, 3, 4])
  expect(await numbers({ since: NOON + 3_000 })).toEqual([1, 2, 3, 4]) // Segment 2 begins then; the clock may show it twice.
  expect(await numbers({ since: NOON + 3_001 })).toEqual([2, 3, 4])
  expect(await numbers({ since: NOON + 60_000 })).toEqual([3, 4])
  expect(await numbers({ afterSeq: 5 })).toEqual([2, 3, 4])
  expect(await numbers({ afterSeq: 0 })).toEqual([1, 2, 3, 4])
})

test('following goes on with new lines and new segments, in order, until the signal fires', async () => {
  const folder = await madeUpFolder()
  await writeSegment(folder, 1, segmentText(three))
  const stop = new AbortController()
  const damage: Damage[] = []
  const events = readEvents(folder, { follow: true, signal: stop.signal, onDamage: (one) => damage.push(one) })
  const next = async () => (await events.next()).value?.seq
  expect([await next(), await next(), await next()]).toEqual([1, 2, 3])
  const [whole, torn] = [segmentText([decided('d')], 4), '{"v":1,"se']
  setTimeout(() => appendFile(join(folder, '000001.ndjson'), whole + torn), 20)
  expect(await next()).toBe(4)
  await writeSegment(folder, 2, segmentText([decided('e')], 5))
  expect(await next()).toBe(5)
  setTimeout(() => stop.abort(), 20)
  expect(await next()).toBeUndefined()
  expect(damage).toEqual([])
})

test('following an empty folder begins with its first segment', async () => {
  const folder = await madeUpFolder()
  const events = readEvents(folder, { follow: true })
  const first = events.next()
  await writeSegment(folder, 1, segmentText(three))
  expect((await first).value?.seq).toBe(1)
  await events.return(undefined)
})
