import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { StopSource } from '../../src/model/stop.ts'
import { ReadBuffers } from '../../src/pipeline/read-buffers.ts'
import { ReadSpace } from '../../src/pipeline/read-space.ts'
import { relay } from '../../src/pipeline/relay.ts'
import { realClock } from '../support/fake-clock.ts'
import { eventually } from '../support/proxy-under-test.ts'
import { streamPair } from '../support/socket-pair.ts'

test('a buffer is lent to one at a time, and what was given back last is lent next', () => {
  const buffers = new ReadBuffers(10, 8)
  const [one, other] = [buffers.lend(), buffers.lend()]
  expect(one?.length).toBe(10)
  expect(other).not.toBe(one)
  if (one === null || other === null) throw new Error('there is one')
  buffers.giveBack(other)
  buffers.giveBack(one)
  expect(buffers.lend()).toBe(one)
  expect(buffers.lend()).toBe(other)
  expect(buffers.lent).toBe(2)
})

test('no more are lent than there may be, and they are scarce when half of them are', () => {
  const buffers = new ReadBuffers(10, 2)
  const first = buffers.lend()
  expect(buffers.scarce).toBe(false)
  buffers.lend()
  expect(buffers.scarce).toBe(true)
  expect(buffers.lend()).toBeNull()
  if (first !== null) buffers.giveBack(first)
  expect(buffers.lend()).toBe(first)
})

test('one that was given up makes room for another, and is lent again only once it is given back after all', () => {
  const buffers = new ReadBuffers(10, 1)
  const first = buffers.lend()
  if (first === null) throw new Error('there is one')
  buffers.giveUp(first)
  const second = buffers.lend()
  expect(second).not.toBeNull()
  expect(second).not.toBe(first)
  // Beyond as many as may be lent, none is kept.
  buffers.giveBack(first)
  if (second !== null) buffers.giveBack(second)
  expect(buffers.lend()).toBe(second)
  expect(buffers.lend()).toBeNull()
})

test('eighty slow readers at once each get their own bytes, and those that leave take no buffer with them', async () => {
  const bytesOf = (i: number) => Buffer.alloc(6 * 1024 * 1024, `stream ${i} `)
  const flows = await Promise.all(
    Array.from({ length: 80 }, async (_, i) => {
      const [client, origin] = [await streamPair('handle', { paused: true }), await streamPair('handle')]
      const limits = { idleMs: 60_000, halfClosedMs: 60_000 }
      const over = relay(client.near, origin.near, { up: 0, down: 0 }, { limits, clock: realClock, cut: new StopSource(), tap: null })
      origin.far.socket.end(bytesOf(i))
      return { i, reader: client.far.socket, over }
    }),
  )
  const [leaving, staying] = [flows.filter(({ i }) => i % 2 === 0), flows.filter(({ i }) => i % 2 === 1)]
  await eventually('all to be stuck', () => freeBuffers() === 0)
  for (const { reader } of leaving) reader.destroy()
  await Promise.all(leaving.map(({ over }) => over))
  for (const { i, reader, over } of staying) {
    const hash = createHash('sha256')
    reader
      .removeAllListeners('data')
      .on('data', (chunk) => hash.update(chunk))
      .on('end', () => reader.end())
    reader.resume()
    expect((await over).ending).toBe('completed')
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytesOf(i)).digest('hex'))
  }
  await eventually('all buffers to be back', () => freeBuffers() === 64)
}, 30_000)

/** How many streams in haste are lent one at once, of those that all streams share. */
function freeBuffers(): number {
  const inHaste = Array.from({ length: 64 }, () => {
    const space = new ReadSpace({ take: () => true, passesOn: true })
    const shared = space.buffer()
    space.callback(shared.length, shared)
    return { space, isLent: space.buffer() !== shared }
  })
  const lent = inHaste.filter(({ isLent }) => isLent)
  for (const { space } of lent) space.closed()
  return lent.length
}
