import { expect, onTestFinished, test, vi } from 'vitest'
import { sayFarewell } from '../../src/inbound/farewell.ts'
import { eventually } from '../support/proxy-under-test.ts'
import { fired, streamPair } from '../support/socket-pair.ts'

const MIB = 1024 * 1024

test('the last words are readable though the client keeps sending', async () => {
  const { near, far } = await streamPair()
  far.send(Buffer.alloc(MIB))
  await near.grown(0, new AbortController().signal)
  sayFarewell(near, Buffer.from('no'))
  const sending = setInterval(() => far.send(Buffer.alloc(10_000)), 5)
  expect(await far.receivesEnd()).toBe('no')
  clearInterval(sending)
  far.end()
  await fired(near.closed)
  expect(near.error).toBeNull()
  await far.until('the connection to close', () => far.closed)
  expect(far.errno).toBeNull()
})

test('a client that never stops sending is cut off after a while', async () => {
  const { near, far } = await streamPair()
  sayFarewell(near, Buffer.from('no'))
  const sending = setInterval(() => far.socket.destroyed || far.send('more'), 20)
  await fired(near.closed)
  clearInterval(sending)
})

test('a client that has ended its side already is told, and the connection closes at once', async () => {
  const { near, far } = await streamPair()
  far.end()
  await fired(near.left)
  sayFarewell(near, Buffer.from('no'))
  expect(await far.receivesEnd()).toBe('no')
  await fired(near.closed)
})

test('a client that reads slowly gets everything that was waiting for it, whether it has ended its side or not', async () => {
  for (const ends of [false, true]) {
    const { near, far } = await streamPair('handle', { paused: true })
    near.wire.write(Buffer.alloc(32 * MIB))
    if (ends) {
      far.end()
      await fired(near.left)
    }
    sayFarewell(near, Buffer.from('the end'))
    // Longer than the time that a client which has been told everything is given.
    await new Promise((resolve) => setTimeout(resolve, ends ? 100 : 2_500))
    expect(near.closed.aborted).toBe(false)
    far.socket.resume()
    expect((await far.receivesEnd()).slice(32 * MIB)).toBe('the end')
    far.end()
    await fired(near.closed)
  }
})

test('a client that takes nothing is cut off in the end, and sees no end', async () => {
  const { near, far } = await streamPair('handle', { paused: true })
  near.wire.write(Buffer.alloc(32 * MIB))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  sayFarewell(near, Buffer.from('the end'))
  vi.advanceTimersByTime(299_000)
  expect(near.wire.destroyed).toBe(false)
  vi.advanceTimersByTime(1_000)
  vi.useRealTimers()
  await fired(near.closed)
  far.socket.resume()
  await far.receivesReset()
})

test('nobody is there any more: nothing happens', async () => {
  const { near, far } = await streamPair()
  far.reset()
  await fired(near.closed)
  sayFarewell(near, Buffer.from('no'))
  await eventually('nothing to be left', () => near.wire.destroyed)
})
