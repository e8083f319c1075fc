import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { duplexOf } from '../../src/egress/duplex.ts'
import { eventually } from '../support/proxy-under-test.ts'
import { fired, streamPair } from '../support/socket-pair.ts'

function counting() {
  const passed = { up: 0, down: 0 }
  return {
    passed,
    passing: {
      up(bytes: number) {
        passed.up += bytes
      },
      down(bytes: number) {
        passed.down += bytes
      },
    },
  }
}

test('bytes pass both ways, each way ends by itself, and all are counted', async () => {
  const { near, far } = await streamPair()
  const { passed, passing } = counting()
  const duplex = duplexOf(near, passing)
  duplex.write('hello')
  await far.receives('hello')
  duplex.end(' and bye')
  expect(await far.receivesEnd()).toBe('hello and bye')
  far.send('welcome')
  far.end()
  expect(await text(duplex)).toBe('welcome')
  expect(passed).toEqual({ up: 13, down: 7 })
  await fired(near.closed)
})

test('what was received before the Duplex was made, and the end behind it, are not lost', async () => {
  const { near, far } = await streamPair()
  let ended = false
  near.wire.on('end', () => {
    ended = true
  })
  far.send('early')
  far.end()
  await eventually('the end', () => near.held.length === 5 && ended)
  expect(await text(duplexOf(near, counting().passing))).toBe('early')
})

test('what is not yet read when the connection has closed cleanly is still read', async () => {
  const { near, far } = await streamPair()
  const { passed, passing } = counting()
  const duplex = duplexOf(near, passing)
  duplex.read()
  far.send('the last words')
  far.end()
  duplex.end()
  await fired(near.closed)
  expect(passed.down).toBe(14)
  expect(await text(duplex)).toBe('the last words')
})

test('chunks do not change after they were handed on', async () => {
  const { near, far } = await streamPair()
  const duplex = duplexOf(near, counting().passing)
  duplex.resume().pause()
  far.send('one')
  await eventually('one', () => duplex.readableLength === 3)
  far.send('two')
  await eventually('two', () => duplex.readableLength === 6)
  expect(String(duplex.read())).toBe('onetwo')
})

test('a reset is an error, on the reading and on the writing side', async () => {
  const { near, far } = await streamPair()
  const duplex = duplexOf(near, counting().passing)
  duplex.resume()
  far.reset()
  const [error] = await once(duplex, 'error')
  expect(error).toMatchObject({ code: 'ECONNRESET' })
  expect(duplex.destroyed).toBe(true)
})

test('a connection that was closed before is an error at once', async () => {
  const { near, far } = await streamPair()
  far.reset()
  await fired(near.closed)
  const duplex = duplexOf(near, counting().passing)
  duplex.resume()
  await once(duplex, 'error')
  expect(duplex.destroyed).toBe(true)
})

test('destroying it closes the connection: with an error by a reset', async () => {
  const clean = await streamPair()
  duplexOf(clean.near, counting().passing).destroy()
  expect(await clean.far.receivesEnd()).toBe('')

  const broken = await streamPair()
  const duplex = duplexOf(broken.near, counting().passing)
  duplex.on('error', () => undefined)
  duplex.destroy(new Error('no more'))
  await broken.far.receivesReset()
})

test('no more is received than is read', async () => {
  const { near, far } = await streamPair()
  const { passed, passing } = counting()
  const duplex = duplexOf(near, passing)
  duplex.read()
  const size = 32 * 1024 * 1024
  far.send(Buffer.alloc(size, 1))
  far.end()
  await eventually('the far end is held up', () => passed.down > 0 && far.socket.writableLength > 0)
  expect(duplex.readableLength).toBeLessThan(1024 * 1024)
  let read = 0
  for await (const chunk of duplex) read += chunk.length
  expect(read).toBe(size)
  expect(passed.down).toBe(size)
})

test('no more is taken to be sent than the far end takes', async () => {
  const { near, far } = await streamPair('handle', { paused: true })
  const duplex = duplexOf(near, counting().passing)
  const size = 16 * 1024 * 1024
  expect(duplex.write(Buffer.alloc(size, 1))).toBe(false)
  duplex.end()
  far.socket.resume()
  await far.receivesEnd()
  expect(far.count).toBe(size)
})
