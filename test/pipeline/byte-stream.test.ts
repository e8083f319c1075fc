import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { RingfenceError } from '../../src/model/errors.ts'
import { eventually } from '../support/proxy-under-test.ts'
import { fired, listeners, never, type Reading, streamPair, within } from '../support/socket-pair.ts'

const readings: readonly Reading[] = ['handle', 'events']
const MIB = 1024 * 1024

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Pieces of 1 byte to 200 KB. */
function cut(bytes: Buffer): readonly Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + Math.floor(Math.random() ** 4 * 200_000)
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

describe.each(readings)('read by %s', (reading) => {
  test('5 MB each way arrive whole and in order, whatever the cuts', async () => {
    const { near, far } = await streamPair(reading)
    const up = randomBytes(5 * MIB)
    const down = randomBytes(5 * MIB)
    const sending = (async () => {
      for (const piece of cut(up)) {
        far.send(piece)
        if (Math.random() < 0.2) await new Promise((resolve) => setImmediate(resolve))
      }
      far.end()
    })()
    const hash = createHash('sha256')
    // The first bytes as a handshake takes them, the rest as the relay does.
    await near.grown(0, never)
    const first = Math.min(1000, near.held.length)
    hash.update(near.held.subarray(0, first))
    near.consume(first)
    let pauses = 0
    const received = new Promise<void>((resolve) => {
      near.receive((chunk) => {
        hash.update(chunk)
        if (Math.random() < 0.7) return true
        pauses++
        setImmediate(() => near.resume())
        return false
      }, resolve)
    })
    for (const piece of cut(down)) await near.write(piece, never)
    near.end()
    await Promise.all([sending, received, far.receivesEnd()])
    expect(hash.digest('hex')).toBe(sha(up))
    expect(sha(far.bytes)).toBe(sha(down))
    expect(pauses).toBeGreaterThan(0)
  })

  test('what is held can be looked at as often as one likes, and is consumed in parts', async () => {
    const { near, far } = await streamPair(reading)
    far.send('hello')
    await near.grown(0, never)
    far.send(' world')
    await near.grown(5, never)
    expect(Buffer.from(near.held).toString()).toBe('hello world')
    expect(Buffer.from(near.held).toString()).toBe('hello world')
    near.consume(6)
    expect(Buffer.from(near.held).toString()).toBe('world')
    near.consume(5)
    expect(near.held.length).toBe(0)
  })

  test('bytes glued behind a handshake go to the receiver first, then what comes later, then the end once', async () => {
    const { near, far } = await streamPair(reading)
    far.send('HANDSHAKEearly')
    await near.grown(0, never)
    near.consume('HANDSHAKE'.length)
    const seen: string[] = []
    const over = new Promise<void>((resolve) => {
      near.receive(
        (chunk) => {
          seen.push(Buffer.from(chunk).toString())
          return true
        },
        () => {
          seen.push('(end)')
          resolve()
        },
      )
    })
    expect(seen).toEqual(['early'])
    far.send('late')
    await eventually('the late bytes', () => seen.length === 2)
    far.end()
    await over
    near.end()
    await fired(near.closed)
    expect(seen).toEqual(['early', 'late', '(end)'])
  })

  test('the end is told to a receiver that comes after it', async () => {
    const { near, far } = await streamPair(reading)
    far.send('all')
    far.end()
    await near.grown(0, never)
    await near.grown(3, never)
    const seen: string[] = []
    near.receive(
      (chunk) => {
        seen.push(Buffer.from(chunk).toString())
        return true
      },
      () => seen.push('(end)'),
    )
    expect(seen).toEqual(['all', '(end)'])
  })

  test('nobody reads: a bounded number of bytes is kept, and none is lost', async () => {
    const { near, far } = await streamPair(reading)
    const sent = randomBytes(8 * MIB)
    far.send(sent)
    await near.grown(64 * 1024 - 1, never)
    // The kernel's buffers are full when the sender's own queue stops shrinking.
    let before = -1
    await eventually('the sender to stall', () => {
      const stalled = far.socket.writableLength === before
      before = far.socket.writableLength
      return stalled
    })
    expect(near.held.length).toBeLessThanOrEqual(64 * 1024 + 256 * 1024)
    const hash = createHash('sha256')
    let count = 0
    near.receive(
      (chunk) => {
        hash.update(chunk)
        count += chunk.length
        return true
      },
      () => {},
    )
    await eventually('all bytes', () => count === sent.length)
    expect(hash.digest('hex')).toBe(sha(sent))
  })

  test('a receiver that says no gets nothing more until the stream is resumed', async () => {
    const { near, far } = await streamPair(reading)
    let count = 0
    near.receive(
      (chunk) => {
        count += chunk.length
        return false
      },
      () => {},
    )
    far.send('one')
    await eventually('the first chunk', () => count === 3)
    far.send('two')
    // A round trip through the same loop: had the stream been reading, the chunk would have come.
    near.wire.write(Buffer.from('ping'))
    await far.receives('ping')
    await new Promise((resolve) => setImmediate(resolve))
    expect(count).toBe(3)
    near.resume()
    await eventually('the second chunk', () => count === 6)
  })

  test('a peer that ends has left, though the connection is not closed', async () => {
    const { near, far } = await streamPair(reading)
    far.end()
    await fired(near.left)
    expect(near.closed.aborted).toBe(false)
    expect(near.ended).toBe(true)
    await near.write(Buffer.from('still here'), never)
    near.end()
    expect(await far.receivesEnd()).toBe('still here')
    await fired(near.closed)
    expect(near.error).toBeNull()
  })

  test('a peer whose last bytes are unread has not left; once they are read, it has', async () => {
    const { near, far } = await streamPair(reading)
    far.send('request')
    far.end()
    let ended = false
    near.wire.on('end', () => {
      ended = true
    })
    await near.grown(0, never)
    await eventually('the end', () => ended)
    expect([near.left.aborted, near.ended]).toEqual([false, false])
    near.consume(7)
    expect([near.left.aborted, near.ended]).toEqual([true, true])
  })

  test('a reset by the peer closes it with the error', async () => {
    const { near, far } = await streamPair(reading)
    far.send('x')
    await near.grown(0, never)
    far.reset()
    await fired(near.closed)
    expect(near.left.aborted).toBe(true)
    expect(near.error).toMatchObject({ code: 'ECONNRESET' })
    await expect(near.write(Buffer.from('y'), never)).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  test('a reset that arrives together with bytes is a reset, not an end', async () => {
    const { near, far } = await streamPair(reading)
    let received = ''
    let ended = false
    near.receive(
      (chunk) => {
        received += Buffer.from(chunk).toString()
        return true
      },
      () => {
        ended = true
      },
    )
    far.socket.write('half of the tru', () => far.reset())
    await fired(near.closed)
    expect(near.error).toMatchObject({ code: 'ECONNRESET' })
    expect(ended).toBe(false)
    expect(['', 'half of the tru']).toContain(received)
  })

  test('a receiver that comes after a reset is given what was held, but no end', async () => {
    const { near, far } = await streamPair(reading)
    far.send('held')
    await near.grown(0, never)
    far.reset()
    await fired(near.closed)
    const seen: string[] = []
    near.receive(
      (chunk) => {
        seen.push(Buffer.from(chunk).toString())
        return true
      },
      () => seen.push('(end)'),
    )
    expect(seen).toEqual(['held'])
  })

  test('reset() arrives as a reset', async () => {
    const { near, far } = await streamPair(reading)
    near.reset()
    await far.receivesReset()
    await fired(near.closed)
  })

  test('reset() arrives as a reset right behind a FIN', async () => {
    const { near, far } = await streamPair(reading)
    near.wire.write(Buffer.from('last words'))
    near.end()
    near.reset()
    await fired(near.closed)
    await far.until('the connection to close', () => far.closed || far.ended)
    far.send('anybody there?')
    await far.until('a reset', () => far.closed)
    expect(['ECONNRESET', 'EPIPE']).toContain(far.errno)
  })

  test.each(['destroy', 'reset'] as const)('%s() while bytes wait is no end, whether or not one was promised', async (how) => {
    for (const ends of [true, false]) {
      const { near, far } = await streamPair(reading, { paused: true })
      while (near.wire.writableLength === 0) near.wire.write(Buffer.alloc(MIB))
      if (ends) near.end()
      near[how]()
      await fired(near.closed)
      far.socket.resume()
      await far.receivesReset()
    }
  })

  test('destroy() right behind reset() does not turn it into an end', async () => {
    const { near, far } = await streamPair(reading)
    near.wire.write(Buffer.from('last words'))
    near.end()
    near.reset()
    near.destroy()
    await fired(near.closed)
    await far.until('the connection to close', () => far.closed || far.ended)
    far.send('anybody there?')
    await far.until('a reset', () => far.closed)
    expect(['ECONNRESET', 'EPIPE']).toContain(far.errno)
  })

  test('grown() throws the reason of its signal, and ends its wait when the peer ends', async () => {
    const { near, far } = await streamPair(reading)
    await expect(near.grown(0, within(10))).rejects.toMatchObject({ name: 'TimeoutError' })
    const waiting = near.grown(0, never)
    far.end()
    await waiting
    expect(near.held.length).toBe(0)
  })

  test('write() waits while the peer does not read, and gives up with its signal or the connection', async () => {
    const { near, far } = await streamPair(reading, { paused: true })
    await expect(near.write(Buffer.alloc(32 * MIB), within(100))).rejects.toMatchObject({ name: 'TimeoutError' })
    const writing = near.write(Buffer.alloc(1), never)
    far.socket.destroy()
    await expect(writing).rejects.toThrow()
    expect(listeners(near.wire, 'drain')).toBe(0)
  })

  test('write() goes on once the peer reads', async () => {
    const { near, far } = await streamPair(reading, { paused: true })
    const writing = near.write(Buffer.alloc(16 * MIB), never)
    far.socket.resume()
    await writing
    await far.receivesBytes(16 * MIB)
  })
})

test('waits leave no listeners behind', async () => {
  const events = ['connect', 'drain', 'finish', 'end', 'error', 'close']
  const { near, far } = await streamPair()
  const before = events.map((event) => listeners(near.wire, event))
  for (let i = 0; i < 20; i++) {
    await near.grown(0, within(1)).catch(() => undefined)
    far.send('x')
    await near.grown(near.held.length, never)
    await near.write(Buffer.alloc(100_000), never)
  }
  expect(events.map((event) => listeners(near.wire, event))).toEqual(before)
})

test('writing and waiting with a signal that has fired already settle at once', async () => {
  const { near } = await streamPair('handle', { paused: true })
  const fired = AbortSignal.abort(new Error('too late'))
  await expect(near.write(Buffer.alloc(32 * MIB), fired)).rejects.toThrow('too late')
  await expect(near.drained(fired)).rejects.toThrow('too late')
  await expect(near.grown(0, fired)).rejects.toThrow('too late')
})

test('a second reader is a mistake that shows', async () => {
  const { near, far } = await streamPair('handle')
  const first = near.grown(0, never)
  await expect(near.grown(0, never)).rejects.toThrow('one reader at a time')
  far.send('x')
  await first
})

test('why we tore it down is the reason that others see', async () => {
  const { near } = await streamPair('handle')
  near.reset(new RingfenceError('run.shutdown', 'the proxy is shutting down'))
  await fired(near.closed)
  expect(near.closed.reason).toMatchObject({ code: 'run.shutdown' })
  expect(near.left.reason).toMatchObject({ code: 'run.shutdown' })
})

test('handed over, a connection begins with what was received and not read', async () => {
  const { near, far } = await streamPair()
  far.send('headrest')
  await near.grown(7, never)
  near.consume(4)
  const socket = near.handOver()
  expect(String(socket.read())).toBe('rest')
  expect(near.held).toHaveLength(0)
})
