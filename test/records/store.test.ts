import { expect, onTestFinished, test } from 'vitest'
import { openJournal } from '../../src/records/journal.ts'
import type { FlowRecord } from '../../src/records/record.ts'
import { type Damage, newestRecords, type ReadOptions, readRecords } from '../../src/records/store.ts'
import { blocked, decided, ended, madeUpFolder, NOON, rejudged, segmentText, tickingClock, writeSegment } from './made-up.ts'

const told = ({ id, ending, would }: FlowRecord) => `${id} ${ending}${would === 'block' && ending !== 'blocked' ? ' would-block' : ''}`

async function readAll(folder: string, options: ReadOptions = {}) {
  const all: string[] = []
  for await (const record of readRecords(folder, options)) all.push(told(record))
  return all
}

test('each flow gives one record, those still open come last', async () => {
  const folder = await madeUpFolder()
  await writeSegment(folder, 1, segmentText([decided('a'), decided('b'), blocked('c'), decided('d')]))
  await writeSegment(folder, 2, segmentText([ended('b'), rejudged('d'), ended('a')], 5))
  expect(await readAll(folder)).toEqual(['c blocked', 'b completed', 'a completed', 'd open would-block'])
})

test('since keeps flows that were decided then or later, and reads no ending without its beginning', async () => {
  const folder = await madeUpFolder()
  await writeSegment(folder, 1, segmentText([decided('a'), decided('b')]))
  await writeSegment(folder, 2, segmentText([ended('a'), decided('c'), ended('b'), ended('c')], 3))
  expect(await readAll(folder, { since: NOON + 3_000 })).toEqual(['c completed'])
  expect(await readAll(folder, { since: NOON + 1_000 })).toEqual(['b completed', 'c completed'])
})

test('what was dropped after a refusal is in its record, and each flow still gives one', async () => {
  const folder = await madeUpFolder()
  const refused = (id: string) => blocked(id, { network: 'udp' })
  const times = Array.from({ length: 100 }, (_, i) => decided(`later ${i}`))
  await writeSegment(
    folder,
    1,
    segmentText([refused('a'), refused('b'), { type: 'dropped', flow: 'a', datagrams: 7 }, ...times, refused('c')]),
  )
  const records: FlowRecord[] = []
  for await (const record of readRecords(folder)) records.push(record)
  expect(records.filter(({ ending }) => ending === 'blocked').map(({ id, dropped }) => [id, dropped])).toEqual([
    ['a', 7],
    ['b', null],
    ['c', null],
  ])
  expect(records).toHaveLength(103)
  const { records: newest } = await newestRecords(folder, 1, ({ id }) => id === 'a')
  expect(newest).toMatchObject([{ id: 'a', dropped: 7 }])
})

test('following a journal tells a verdict as soon as it exists, then each change, then the ending', async () => {
  const folder = await madeUpFolder()
  const journal = await openJournal({ folder, node: 'n', clock: tickingClock(), onTrouble: () => {} })
  onTestFinished(() => journal.close())
  const stop = new AbortController()
  const records = readRecords(folder, { follow: true, signal: stop.signal })
  const next = async () => told((await records.next()).value as FlowRecord)
  await journal.append(decided('a'))
  expect(await next()).toBe('a open')
  const waiting = next()
  await journal.append(rejudged('a'))
  expect(await waiting).toBe('a open would-block')
  await journal.append(blocked('b'))
  await journal.append(ended('a'))
  expect([await next(), await next()]).toEqual(['b blocked', 'a completed would-block'])
  await journal.append(blocked('c', { network: 'udp' }))
  expect(await next()).toBe('c blocked')
  await journal.append({ type: 'dropped', flow: 'c', datagrams: 2 })
  expect((await records.next()).value).toMatchObject({ id: 'c', ending: 'blocked', dropped: 2 })
  stop.abort()
  expect((await records.next()).done).toBe(true)
})

test('the newest flows come from as few segments as hold enough of them, oldest first', async () => {
  const folder = await madeUpFolder()
  for (let i = 0; i < 8; i++) await writeSegment(folder, i + 1, `damaged\n${segmentText([decided(`a${i}`), blocked(`b${i}`)], 2 * i + 1)}`)
  const newest = async (limit: number, matches: (record: FlowRecord) => boolean = () => true) => {
    const damage: Damage[] = []
    const { records, lastSeq } = await newestRecords(folder, limit, matches, { onDamage: (one) => damage.push(one) })
    return { ids: records.map(({ id }) => id), lastSeq, read: damage.length }
  }
  expect(await newest(2)).toEqual({ ids: ['a7', 'b7'], lastSeq: 16, read: 1 })
  expect(await newest(3)).toEqual({ ids: ['b6', 'a7', 'b7'], lastSeq: 16, read: 2 })
  expect(await newest(3, ({ ending }) => ending === 'blocked')).toEqual({ ids: ['b5', 'b6', 'b7'], lastSeq: 16, read: 4 })
  expect(await newest(1, ({ id }) => id === 'a0')).toEqual({ ids: ['a0'], lastSeq: 16, read: 8 })
  expect(await newest(99)).toMatchObject({ lastSeq: 16, read: 8 })
})

test('of very many flows the newest are kept', async () => {
  const folder = await madeUpFolder()
  await writeSegment(folder, 1, segmentText(Array.from({ length: 500 }, (_, i) => blocked(`f${i}`))))
  const { records } = await newestRecords(folder, 2, () => true)
  expect(records.map(({ id }) => id)).toEqual(['f498', 'f499'])
})
