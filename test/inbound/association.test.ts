import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Association } from '../../src/inbound/association.ts'
import { Associations } from '../../src/inbound/associations.ts'
import type { Door } from '../../src/inbound/door.ts'
import { BoundDoors } from '../../src/inbound/own-doors.ts'
import type { FlowId } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import { StopSource } from '../../src/model/stop.ts'
import type { DatagramUpstream, Offer } from '../../src/pipeline/ports.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { ip } from '../support/fake-ports.ts'
import { datagramTo } from '../support/udp-client.ts'

const AMERICA = '170.114.1.1'
const client = { host: ip('192.0.2.1'), port: 4_000 }

/** An association whose flows are held in the test's hand. */
function association(port: number | null = null) {
  const clock = new FakeClock()
  const offers: Offer<DatagramUpstream>[] = []
  const dropped: [string, number][] = []
  const ends: (() => void)[] = []
  const stopping = new StopSource()
  const over = new StopSource()
  let rested = 0
  const door: Pick<Door, 'associations' | 'clock' | 'stopping' | 'name' | 'nextId' | 'carryDatagrams'> = {
    associations: new Associations({
      settings: { perClient: 1, idleMs: 60_000 },
      dropped: (flow, datagrams) => dropped.push([flow, datagrams]),
      admission: { enter: () => ({ seat: () => true, leave: () => undefined }) },
      ownDoors: new BoundDoors(),
    }),
    clock,
    stopping,
    name: 'mixed',
    nextId: () => `${offers.length}` as FlowId,
    carryDatagrams: (offer) => {
      offers.push(offer)
      return new Promise((resolve) => ends.push(resolve))
    },
  }
  const made = new Association({
    guest: { client: { ...client, port: 50_000 }, who: anonymous },
    port,
    door,
    over,
    send: () => true,
    rested: () => rested++,
  })
  const take = (host: string, { to = 53, from = client, data = 'x' } = {}) => made.take(datagramTo(host, to, data), from)
  return {
    made,
    take,
    offers,
    dropped,
    stopping,
    over,
    clock,
    get rested() {
      return rested
    },
    end: async (i: number) => {
      ends[i]?.()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

describe('whose datagrams are taken', () => {
  test('those of the client that asked, from the port of its first one', () => {
    const { made, take } = association()
    expect(take(AMERICA, { from: { ...client, host: ip('192.0.2.2') } })).toBe(false)
    expect(take(AMERICA)).toBe(true)
    expect(take(AMERICA, { from: { ...client, port: 4_001 } })).toBe(false)
    expect(made.lost).toMatchObject({ strangers: 2 })
  })

  test('none from port 0, where nobody can be answered: it does not become the client’s', () => {
    const { made, take } = association()
    expect(take(AMERICA, { from: { ...client, port: 0 } })).toBe(false)
    expect(take(AMERICA)).toBe(true)
    expect(made.lost).toMatchObject({ strangers: 1 })
  })

  test('those from the port that it named', () => {
    const { take } = association(4_001)
    expect([take(AMERICA), take(AMERICA, { from: { ...client, port: 4_001 } })]).toEqual([false, true])
  })

  test('none when it is over', () => {
    const { take, over, offers } = association()
    over.abort(null)
    expect(take(AMERICA)).toBe(false)
    expect(offers).toEqual([])
  })
})

test('each destination is a flow, as the client wrote it', () => {
  const { take, offers } = association()
  for (const host of [AMERICA, 'a.com', 'A.COM.', 'a.com']) take(host)
  take('a.com', { to: 54 })
  expect(offers.map(({ flow: { network, client: from, asked } }) => ({ network, from, asked }))).toEqual(
    [
      { host: { kind: 'ip', ip: AMERICA }, port: 53 },
      { host: { kind: 'name', name: 'a.com' }, port: 53 },
      { host: { kind: 'name', name: 'a.com' }, port: 54 },
    ].map((asked) => ({ network: 'udp', from: client, asked })),
  )
})

test('what was refused is dropped for a minute and then judged again', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { made, take, offers, clock, dropped, end } = association()
  take(AMERICA)
  offers[0]?.refuse({ code: 'policy.blocked', sentence: 'no' })
  await end(0)
  take(AMERICA)
  expect([offers.length, made.lost.refused]).toEqual([1, 1])
  clock.advance(60_000)
  expect(dropped).toEqual([['0', 1]])
  take(AMERICA)
  expect(offers).toHaveLength(2)
})

test('it has so many destinations at a time, and an ended one makes room', async () => {
  const { made, take, offers, end } = association()
  for (let i = 0; i < 257; i++) take(AMERICA, { to: 1_000 + i })
  expect([offers.length, made.lost.excess]).toEqual([256, 1])
  await end(0)
  take(AMERICA, { to: 2_000 })
  expect(offers).toHaveLength(257)
})

test('all that waits for verdicts together has a limit', () => {
  const { made, take } = association()
  for (let i = 0; i < 17; i++) take(AMERICA, { to: 1_000 + i, data: 'x'.repeat(60_000) })
  expect(made.lost.excess).toBe(0)
  take(AMERICA, { to: 3_000, data: 'x'.repeat(60_000) })
  expect(made.lost.excess).toBe(1)
})

test('what a refused flow had waiting waits no longer', () => {
  const { made, take, offers } = association()
  for (let i = 0; i < 128; i++) take(AMERICA, { to: i + 1, data: 'x'.repeat(8 * 1024) })
  expect([take(AMERICA, { to: 200, data: 'x' }), made.lost.excess]).toEqual([true, 1])
  offers[0]?.refuse({ code: 'policy.blocked', sentence: '' })
  take(AMERICA, { to: 200, data: 'x' })
  expect(made.lost.excess).toBe(1)
})

test('a destination asked for again while the ending of its flow is being written gets a new flow', async () => {
  const { made, take, offers, over, end } = association()
  take(AMERICA)
  const datagrams = { send: () => true, receive: () => undefined, closed: new StopSource(), close: () => undefined }
  const remote = { host: ip(AMERICA), port: 53 }
  const cut = new StopSource()
  const relayed = offers[0]?.relay({ datagrams, remote, via: null, connectMs: null }, { up: 0, down: 0 }, cut)
  cut.abort(new Error('cut'))
  await relayed
  expect(made.size).toBe(1)
  take(AMERICA)
  expect([offers.length, made.size, made.lost.excess]).toEqual([2, 2, 0])
  await end(0)
  take(AMERICA)
  expect([offers.length, made.size, made.lost.excess]).toEqual([2, 1, 0])
  over.abort(new Error('over'))
})

test('a door that stops takes no new destination, and is told when none is left', async () => {
  const one = association()
  one.take(AMERICA)
  one.stopping.abort(null)
  one.take('a.com')
  expect([one.offers.length, one.rested, one.made.size]).toEqual([1, 0, 1])
  await one.end(0)
  expect([one.rested, one.made.size]).toEqual([1, 0])
  await one.made.settled()
})
