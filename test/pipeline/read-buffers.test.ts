import { createHash } from 'node:crypto'
import { expect, onTestFinished, test, vi } from 'vitest'
import { StopSource } from '../../src/model/stop.ts'
import { ReadBuffers } from '../../src/pipeline/read-buffers.ts'
import { ReadSpace } from '../../src/pipeline/read-space.ts'
import { relay } from '../../src/pipeline/relay.ts'
import { TcpConnection } from '../../src/pipeline/tcp-connection.ts'
import { realClock } from '../support/fake-clock.ts'
import { eventually } from '../support/proxy-under-test.ts'
import { streamPair } from '../support/socket-pair.ts'

const busy = { giveBackIfResting: () => undefined }

test('a buffer is lent to one at a time, and what was given back last is lent next', () => {
  const buffers = new ReadBuffers(10, 8, 5_000)
  const [one, other] = [buffers.lend(busy), buffers.lend(busy)]
  expect(one?.length).toBe(10)
  expect(other).not.toBe(one)
  if (one === null || other === null) throw new Error('there is one')
  buffers.giveBack(other)
  buffers.giveBack(one)
  expect(buffers.lend(busy)).toBe(one)
  expect(buffers.lend(busy)).toBe(other)
  expect(buffers.lent).toBe(2)
})

test('no more are lent than there may be, and they are scarce when half of them are', () => {
  const buffers = new ReadBuffers(10, 2, 5_000)
  const first = buffers.lend(busy)
  expect(buffers.scarce).toBe(false)
  buffers.lend(busy)
  expect(buffers.scarce).toBe(true)
  expect(buffers.lend(busy)).toBeNull()
  if (first !== null) buffers.giveBack(first)
  expect(buffers.lend(busy)).toBe(first)
})

test('one that was given up makes room for another, and is lent again only once it is given back after all', () => {
  const buffers = new ReadBuffers(10, 1, 5_000)
  const first = buffers.lend(busy)
  if (first === null) throw new Error('there is one')
  buffers.giveUp(first)
  const second = buffers.lend(busy)
  expect(second).not.toBeNull()
  expect(second).not.toBe(first)
  // Beyond as many as may be lent, none is kept.
  buffers.giveBack(first)
  if (second !== null) buffers.giveBack(second)
  expect(buffers.lend(busy)).toBe(second)
  expect(buffers.lend(busy)).toBeNull()
})

test('borrowers are asked now and then, for as long as buffers are scarce', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const buffers = new ReadBuffers(10, 2, 5_000)
  const asked = vi.fn()
  const borrow = () => {
    const buffer = buffers.lend({
      giveBackIfResting: () => asked() || (asked.mock.calls.length > 2 && buffer !== null && buffers.giveBack(buffer)),
    })
  }
  borrow()
  vi.advanceTimersByTime(60_000)
  expect(asked).toHaveBeenCalledTimes(0)
  borrow()
  vi.advanceTimersByTime(5_000)
  expect(asked).toHaveBeenCalledTimes(2)
  expect(buffers.lent).toBe(2)
  vi.advanceTimersByTime(60_000)
  expect(asked).toHaveBeenCalledTimes(4)
  expect(buffers.lent).toBe(0)
})

test('sixty-four that rest do not slow the sixty-fifth', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const moved = vi.fn()
  const rested = Array.from({ length: 64 }, () => {
    const space = new ReadSpace({ take: () => true, passesOn: true, moved })
    space.callback(64 * 1024, space.buffer())
    return space
  })
  expect(freeBuffers()).toBe(0)
  vi.advanceTimersByTime(10_000)
  expect(moved).toHaveBeenCalledTimes(64)
  expect(new Set(rested.map((space) => space.buffer())).size).toBe(1)
  expect(freeBuffers()).toBe(64)
  // Or the next test would wait for a timer of a clock that stands.
  vi.runOnlyPendingTimers()
})

test('a hundred streams with bursts and rests each get their own bytes, whoever is lent the buffer of one that rests', async () => {
  const immediate = () => new Promise((resolve) => setImmediate(resolve))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })
  const flows = await Promise.all(
    Array.from({ length: 100 }, async (_, i) => {
      const [client, origin] = [await streamPair('handle'), await streamPair('handle')]
      const limits = { idleMs: 600_000_000, halfClosedMs: 600_000_000 }
      const over = relay(client.near, origin.near, { up: 0, down: 0 }, { limits, clock: realClock, cut: new StopSource(), tap: null })
      const [sent, got] = [createHash('sha256'), createHash('sha256')]
      const flow = { i, reader: client.far.socket, origin: origin.far.socket, sent, got, bytes: 0, arrived: 0, over }
      client.far.socket
        .removeAllListeners('data')
        .on('data', (chunk) => {
          flow.arrived += chunk.length
          got.update(chunk)
        })
        .on('end', () => client.far.socket.end())
      return flow
    }),
  )
  // So far each has been told once where to read.
  const told = vi.spyOn(TcpConnection.prototype, 'readInto')
  for (let round = 0; round < 18; round++) {
    for (const flow of flows) {
      // Whoever sends just what fills the small buffer is lent a large one, and rests with it.
      const times = flow.i % 12 === 0 ? 64 : (flow.i + round) % 3 === 0 ? 2 + ((flow.i + round) % 5) : 1
      // Whoever is slow has bytes in his, which none may read over.
      if (flow.i % 12 === 0) flow.reader[round % 6 === 5 ? 'resume' : 'pause']()
      const burst = Buffer.alloc(64 * 1024 * times, `stream ${flow.i} in round ${round} `)
      flow.sent.update(burst)
      flow.bytes += burst.length
      flow.origin.write(burst)
    }
    // Some while the bytes are on their way, some when all have come.
    for (let turn = 0; turn < 200 && flows.some(({ reader, bytes, arrived }) => arrived < bytes && !reader.isPaused()); turn++) {
      await immediate()
      if (turn % 7 === round % 7) vi.advanceTimersByTime(5_000)
    }
    if (round % 2 === 0) vi.advanceTimersByTime(10_000)
  }
  for (const { origin } of flows) origin.end()
  for (const { over, sent, got } of flows) {
    expect((await over).ending).toBe('completed')
    expect(got.digest('hex')).toBe(sent.digest('hex'))
  }
  vi.runOnlyPendingTimers()
  expect(told.mock.calls.length).toBeGreaterThan(10)
}, 60_000)

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
    const space = new ReadSpace({ take: () => true, passesOn: true, moved: () => undefined })
    const shared = space.buffer()
    space.callback(shared.length, shared)
    return { space, isLent: space.buffer() !== shared }
  })
  const lent = inHaste.filter(({ isLent }) => isLent)
  for (const { space } of lent) space.closed()
  return lent.length
}
