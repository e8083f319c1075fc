import { describe, expect, test } from 'vitest'
import type { Door } from '../../src/inbound/door.ts'
import { type Dialect, tunnelOffer } from '../../src/inbound/tunnel.ts'
import type { FlowId } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import type { Meter, Refusal } from '../../src/pipeline/ports.ts'
import { realClock } from '../support/fake-clock.ts'
import { ip } from '../support/fake-ports.ts'
import { noDatagrams } from '../support/no-datagrams.ts'
import { fired, never, streamPair } from '../support/socket-pair.ts'

const door: Door = {
  name: 'mixed',
  limits: { headBytes: 1_000, headMs: 1_000, relay: { idleMs: 60_000, halfClosedMs: 60_000 } },
  clock: realClock,
  via: 'ringfence-test',
  stopping: never,
  attributions: [],
  login: null,
  groupsOf: () => [],
  hasRoom: () => true,
  nextId: () => 'id' as FlowId,
  carry: async () => undefined,
  ...noDatagrams,
  malformed: () => undefined,
  loginFailed: () => undefined,
}
const dialect: Dialect = { granted: () => Buffer.from('YES'), refused: ({ sentence }) => Buffer.from(`NO: ${sentence}`) }
const refusal: Refusal = { code: 'policy.blocked', sentence: 'because' }
const asked = { host: { kind: 'ip', ip: ip('170.114.1.1') }, port: 443 } as const

async function offered() {
  const { near, far } = await streamPair()
  const offer = tunnelOffer({ stream: near, client: { host: ip('127.0.0.1'), port: 5 }, who: anonymous }, asked, door, dialect)
  const firstBytes = offer.firstBytes
  if (firstBytes === null) throw new Error('a tunnel has first bytes')
  return { near, far, offer, firstBytes }
}

async function relayed() {
  const all = await offered()
  const { near: up, far: origin } = await streamPair()
  const meter: Meter = { up: 0, down: 0 }
  const start = () => all.offer.relay({ stream: up, remote: { host: ip('170.114.1.1'), port: 443 }, via: null, connectMs: 1 }, meter, never)
  return { ...all, origin, start, meter }
}

const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

describe('the answer', () => {
  test('is yes once, however often it is granted', async () => {
    const { near, far, offer } = await offered()
    offer.grant()
    offer.grant()
    near.end()
    expect(await far.receivesEnd()).toBe('YES')
  })

  test('is no once, readable though the client keeps sending, and then the connection closes', async () => {
    const { near, far, offer } = await offered()
    far.send(Buffer.alloc(500_000))
    await near.grown(0, never)
    offer.refuse(refusal)
    offer.refuse(refusal)
    offer.grant()
    far.send(Buffer.alloc(500_000))
    expect(await far.receivesEnd()).toBe('NO: because')
    far.end()
    await fired(near.closed)
    expect(near.error).toBeNull()
  })

  test('is a reset after the grant', async () => {
    const { far, offer } = await offered()
    offer.grant()
    await far.receives('YES')
    offer.refuse(refusal)
    offer.refuse(refusal)
    expect(await far.receivesReset()).toBe('YES')
  })

  test('to a client that has left is no trouble', async () => {
    const { near, far, offer } = await offered()
    far.reset()
    await fired(near.closed)
    offer.grant()
    offer.refuse(refusal)
  })
})

describe('gone', () => {
  test('before the grant is a client that has ended its side with nothing unread', async () => {
    const { far, offer } = await offered()
    expect(offer.gone.aborted).toBe(false)
    far.end()
    await fired(offer.gone)
  })

  test('is not a client that has sent everything in advance', async () => {
    const { near, far, offer } = await offered()
    far.send('all')
    far.end()
    await near.grown(0, never)
    await near.grown(3, never)
    expect(offer.gone.aborted).toBe(false)
  })

  test('after the grant is a connection that is closed, not one that is half open', async () => {
    const { near, far, offer } = await offered()
    offer.grant()
    far.end()
    await fired(near.left)
    expect(offer.gone.aborted).toBe(false)
    near.end()
    await fired(offer.gone)
  })

  test('is a client that left before anybody asked', async () => {
    const { near, far } = await streamPair()
    far.reset()
    await fired(near.closed)
    const offer = tunnelOffer({ stream: near, client: { host: ip('127.0.0.1'), port: 5 }, who: anonymous }, asked, door, dialect)
    expect(offer.gone.aborted).toBe(true)
  })
})

describe('the first bytes', () => {
  test('are held until they are enough, and stay unread', async () => {
    const { near, far, firstBytes } = await offered()
    const shown: string[] = []
    const held = firstBytes.hold((fresh) => {
      shown.push(toText(fresh))
      return shown.join('').length >= 6
    }, 5_000)
    await far.drip('abcdef')
    await held
    // Each byte is shown once.
    expect(shown.join('')).toBe('abcdef')
    expect(toText(near.held)).toBe('abcdef')
  })

  test('are held for the given time at most', async () => {
    const { near, far, firstBytes } = await offered()
    far.send('abc')
    const startedAt = performance.now()
    await firstBytes.hold(() => false, 100)
    expect(toText(near.held)).toBe('abc')
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })

  test('are all there are when the client ends', async () => {
    const { near, far, firstBytes } = await offered()
    const held = firstBytes.hold(() => false, 60_000)
    far.send('abc')
    far.end()
    await held
    expect(toText(near.held)).toBe('abc')
  })

  test('that are there already are looked at without a wait', async () => {
    const { near, far, firstBytes } = await offered()
    far.send('abc')
    await near.grown(0, never)
    await firstBytes.hold(() => true, 0)
    expect(toText(near.held)).toBe('abc')
  })

  test('are watched in passing from the very first, until they are enough', async () => {
    const { near, far, origin, firstBytes, start } = await relayed()
    const seen: string[] = []
    firstBytes.watch(
      (bytes) => {
        seen.push(toText(bytes))
        return seen.join('').length >= 6
      },
      () => undefined,
    )
    far.send('abc')
    await near.grown(2, never)
    const over = start()
    far.send('def')
    await origin.receives('abcdef')
    far.send('ghi')
    await origin.receives('ghi')
    expect(seen).toEqual(['abc', 'def'])
    far.end()
    origin.end()
    await over
  })
})

test('a granted tunnel is its own, byte for byte, and counted', async () => {
  const { far, origin, offer, start, meter } = await relayed()
  offer.grant()
  const over = start()
  far.send('up')
  await origin.receives('up')
  origin.send('down')
  await far.receives('YESdown')
  far.end()
  origin.end()
  expect(await over).toMatchObject({ ending: 'completed' })
  expect(meter).toEqual({ up: 2, down: 4 })
})
