import { createHash, randomBytes } from 'node:crypto'
import { afterEach, expect, test, vi } from 'vitest'
import { RingfenceError } from '../../src/model/errors.ts'
import type { HowEnded, Meter } from '../../src/pipeline/ports.ts'
import { relay } from '../../src/pipeline/relay.ts'
import { FakeClock, realClock } from '../support/fake-clock.ts'
import { eventually } from '../support/proxy-under-test.ts'
import { fired, type Peer, type Reading, streamPair } from '../support/socket-pair.ts'

const MIB = 1024 * 1024
const completed: HowEnded = { ending: 'completed', code: null, message: null }

afterEach(() => {
  vi.useRealTimers()
})

interface Options {
  readonly reading?: Reading
  readonly clock?: FakeClock
  readonly idleMs?: number
  readonly halfClosedMs?: number
  readonly paused?: 'client' | 'origin'
  readonly tap?: (chunk: Uint8Array) => void
}

/** A client, the relay between two streams, and an origin. */
async function relayed({ reading = 'handle', clock, idleMs = 60_000, halfClosedMs = 30_000, paused, tap }: Options = {}) {
  const { near: down, far: client } = await streamPair(reading, { paused: paused === 'client' })
  const { near: up, far: origin } = await streamPair(reading, { paused: paused === 'origin' })
  const meter: Meter = { up: 0, down: 0 }
  const cut = new AbortController()
  const start = () =>
    relay(down, up, meter, { limits: { idleMs, halfClosedMs }, clock: clock ?? realClock, cut: cut.signal, tap: tap ?? null })
  return { client, origin, down, up, meter, cut, start }
}

/** A peer that has read the FIN reads no more: that the connection is gone, it learns by writing. */
async function gone(peer: Peer): Promise<void> {
  await eventually('the connection to be gone', () => {
    if (!peer.closed) peer.send('anybody there?')
    return peer.closed
  })
  expect(['ECONNRESET', 'EPIPE']).toContain(peer.errno)
}

test('bytes pass both ways and are counted exactly', async () => {
  const { client, origin, meter, start } = await relayed()
  const over = start()
  client.send('question')
  await origin.receives('question')
  origin.send('the answer')
  await client.receives('the answer')
  client.end()
  await origin.receivesEnd()
  origin.end()
  expect(await over).toEqual(completed)
  expect(await client.receivesEnd()).toBe('the answer')
  expect(meter).toEqual({ up: 8, down: 10 })
})

test.each<Reading>(['handle', 'events'])('5 MB each way at once arrive whole (%s)', async (reading) => {
  const { client, origin, meter, start } = await relayed({ reading })
  const over = start()
  const [up, down] = [randomBytes(5 * MIB), randomBytes(5 * MIB)]
  client.send(up)
  client.end()
  origin.send(down)
  origin.end()
  await Promise.all([client.receivesEnd(), origin.receivesEnd()])
  expect(await over).toEqual(completed)
  const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
  expect([sha(origin.bytes), sha(client.bytes)]).toEqual([sha(up), sha(down)])
  expect(meter).toEqual({ up: up.length, down: down.length })
})

test('bytes that came before the relay began are passed on first', async () => {
  const { client, origin, down, meter, start } = await relayed()
  client.send('early ')
  await down.grown(5, new AbortController().signal)
  const over = start()
  client.send('late')
  client.end()
  expect(await origin.receivesEnd()).toBe('early late')
  origin.end()
  await over
  expect(meter.up).toBe(10)
})

test('the client ends first: the answer that comes after it still arrives', async () => {
  const { client, origin, start } = await relayed()
  const over = start()
  client.send('all I have')
  client.end()
  expect(await origin.receivesEnd()).toBe('all I have')
  origin.send('and here is the answer')
  origin.end()
  expect(await client.receivesEnd()).toBe('and here is the answer')
  expect(await over).toEqual(completed)
})

test('the origin ends first: what the client sends after it still arrives', async () => {
  const { client, origin, start } = await relayed()
  const over = start()
  origin.send('bye')
  origin.end()
  expect(await client.receivesEnd()).toBe('bye')
  client.send('one more thing')
  client.end()
  expect(await origin.receivesEnd()).toBe('one more thing')
  expect(await over).toEqual(completed)
})

test('a reset by the client reaches the origin as a reset', async () => {
  const { client, origin, start } = await relayed()
  const over = start()
  client.send('x')
  await origin.receives('x')
  client.reset()
  await origin.receivesReset()
  expect(await over).toMatchObject({ ending: 'reset', code: 'relay.reset', message: expect.stringContaining('the client broke') })
})

test('a reset by the origin reaches the client as a reset', async () => {
  const { client, origin, start } = await relayed()
  const over = start()
  origin.send('half an ans')
  await client.receives('half an ans')
  origin.reset()
  await client.receivesReset()
  expect(await over).toMatchObject({ ending: 'reset', code: 'relay.reset', message: expect.stringContaining('the destination broke') })
})

test('a reset after the other side has ended is still a reset', async () => {
  const { client, origin, start } = await relayed()
  const over = start()
  client.end()
  await origin.receivesEnd()
  origin.send('part')
  await client.receives('part')
  origin.reset()
  await client.until('the connection to close', () => client.closed)
  expect(client.errno).toBe('ECONNRESET')
  expect(await over).toMatchObject({ ending: 'reset' })
})

test('a client that reset before the relay began is passed on', async () => {
  const { client, origin, down, start } = await relayed()
  client.send('x')
  await down.grown(0, new AbortController().signal)
  client.reset()
  await fired(down.closed)
  const over = start()
  await origin.until('the connection to close', () => origin.closed)
  expect(origin.errno).toBe('ECONNRESET')
  expect(await over).toMatchObject({ ending: 'reset' })
})

test('a client that does not read holds the origin back: little is kept in between', async () => {
  const { client, origin, meter, down, start } = await relayed({ paused: 'client' })
  const over = start()
  const sent = randomBytes(64 * MIB)
  origin.send(sent)
  let before = -1
  let still = 0
  await eventually('the origin to stall', () => {
    still = meter.down > 0 && meter.down === before ? still + 1 : 0
    before = meter.down
    return still === 20
  })
  // What is counted lies in the kernel (at most its write buffer, 4 MiB, and the client's read buffer, 6 MiB) or in our one buffer.
  expect(down.wire.writableLength).toBeLessThanOrEqual(768 * 1024)
  expect(meter.down).toBeLessThan(16 * MIB)
  client.socket.resume()
  await client.receivesBytes(sent.length)
  expect(client.bytes.equals(sent)).toBe(true)
  client.end()
  origin.end()
  expect(await over).toEqual(completed)
})

test('silence for the idle time resets both sides; a byte in either direction starts it anew', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const clock = new FakeClock()
  const { client, origin, meter, start } = await relayed({ clock, idleMs: 60_000 })
  let ended: HowEnded | null = null
  const over = start().then((how) => {
    ended = how
  })
  clock.advance(50_000)
  client.socket.write('x')
  while (meter.up === 0) await new Promise((resolve) => setImmediate(resolve))
  clock.advance(50_000)
  origin.socket.write('y')
  while (meter.down === 0) await new Promise((resolve) => setImmediate(resolve))
  clock.advance(59_999)
  expect(ended).toBeNull()
  clock.advance(1)
  await over
  vi.useRealTimers()
  expect(ended).toEqual({ ending: 'idle', code: 'relay.idle', message: 'nothing moved for 60 s' })
  await client.receivesReset()
  await origin.receivesReset()
})

test('once one side has ended, the shorter limit holds', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const clock = new FakeClock()
  const { client, origin, start } = await relayed({ clock, idleMs: 60_000, halfClosedMs: 5_000 })
  const over = start()
  client.socket.end()
  while (!origin.ended) await new Promise((resolve) => setImmediate(resolve))
  clock.advance(5_000)
  expect(await over).toMatchObject({ ending: 'idle', message: 'nothing moved for 5 s after one side had ended' })
  vi.useRealTimers()
  await client.receivesReset()
  await gone(origin)
})

test('a cut resets both sides and keeps its reason', async () => {
  const { client, origin, cut, start } = await relayed()
  const over = start()
  client.send('x')
  await origin.receives('x')
  cut.abort(new RingfenceError('policy.cut', 'Blocked: late.test'))
  expect(await over).toEqual({ ending: 'cut', code: 'policy.cut', message: 'Blocked: late.test' })
  await Promise.all([client.receivesReset(), origin.receivesReset()])
})

test('a cut that came before the relay began lets no byte through', async () => {
  const { client, origin, down, cut, meter, start } = await relayed()
  client.send('secret')
  await down.grown(0, new AbortController().signal)
  cut.abort(new RingfenceError('policy.cut', 'no'))
  expect(await start()).toMatchObject({ ending: 'cut' })
  await Promise.all([client.receivesReset(), origin.receivesReset()])
  expect(origin.text).toBe('')
  expect(meter).toEqual({ up: 0, down: 0 })
})

test.each(['client', 'origin'] as const)(
  'when our own end towards the %s is torn down, the other side is reset and the flow is over',
  async (which) => {
    const { client, origin, down, up, start } = await relayed()
    const over = start()
    client.send('x')
    origin.send('y')
    await Promise.all([origin.receives('x'), client.receives('y')])
    ;(which === 'client' ? down : up).reset()
    expect(await over).toMatchObject({ ending: 'shutdown', code: 'run.shutdown' })
    await Promise.all([client.receivesReset(), origin.receivesReset()])
  },
)

test('a half-closed connection that is torn down ends the flow as well', async () => {
  const { client, origin, down, start } = await relayed()
  const over = start()
  client.end()
  await origin.receivesEnd()
  down.reset()
  expect(await over).toMatchObject({ ending: 'shutdown' })
  await gone(origin)
})

test('the tap sees exactly what the client sends', async () => {
  const seen: Buffer[] = []
  const { client, origin, start } = await relayed({ tap: (chunk) => seen.push(Buffer.from(chunk)) })
  const over = start()
  const sent = randomBytes(MIB)
  origin.send('not this')
  client.send(sent)
  client.end()
  origin.end()
  await origin.receivesEnd()
  await over
  expect(Buffer.concat(seen).equals(sent)).toBe(true)
})

test('a relay that is over leaves nothing open and no listener on its cut signal', async () => {
  const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const { client, origin, down, up, cut, start } = await relayed()
  let listeners = 0
  const { addEventListener, removeEventListener } = cut.signal
  cut.signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++
    addEventListener.apply(cut.signal, args)
  }
  cut.signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--
    removeEventListener.apply(cut.signal, args)
  }
  const over = start()
  client.end()
  origin.end()
  await over
  await Promise.all([fired(down.closed), fired(up.closed)])
  expect(listeners).toBe(0)
  expect([down.wire.destroyed, up.wire.destroyed]).toEqual([true, true])
  await eventually(
    'the timers to be gone',
    () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length <= before + 1,
  )
})

test('a download that a slow reader still takes is not idle once the origin has ended, and arrives whole', async () => {
  const { client, origin, meter, start } = await relayed({ paused: 'client', halfClosedMs: 300 })
  const over = start()
  const sent = randomBytes(12 * MIB)
  origin.socket.end(sent)
  // The reader takes a piece now and then, for far longer than the half-closed limit.
  const hash = createHash('sha256')
  let taken = 0
  const startedAt = performance.now()
  client.socket.pause()
  const done = new Promise<void>((resolve, reject) => {
    client.socket.on('data', (chunk: Buffer) => {
      hash.update(chunk)
      taken += chunk.length
      client.socket.pause()
      setTimeout(() => client.socket.resume(), 5)
    })
    client.socket.on('end', resolve)
    client.socket.on('error', reject)
  })
  client.socket.resume()
  await done
  expect(performance.now() - startedAt).toBeGreaterThan(300)
  expect(taken).toBe(sent.length)
  expect(hash.digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'))
  client.end()
  await over
  expect(meter.down).toBe(sent.length)
})

test('a fault of ours rejects, and both sides see a reset', async () => {
  const { client, origin, start } = await relayed({
    tap() {
      throw new Error('a fault of ours')
    },
  })
  const over = start()
  client.send('x')
  await expect(over).rejects.toThrow('a fault of ours')
  await client.receivesReset()
  await origin.receivesReset()
})
