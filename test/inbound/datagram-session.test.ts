import { expect, test } from 'vitest'
import { DatagramSession } from '../../src/inbound/datagram-session.ts'
import type { FlowId } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import { StopSource } from '../../src/model/stop.ts'
import type { DatagramPort, DatagramReceiver } from '../../src/pipeline/relay-datagrams.ts'
import { realClock } from '../support/fake-clock.ts'
import { ip } from '../support/fake-ports.ts'

const remote = { host: ip('170.114.1.1'), port: 53 }

function session() {
  const gone = new StopSource()
  const answered: string[] = []
  const over: string[] = []
  const counts = { waiting: 0, left: 0 }
  const offer = new DatagramSession({
    flow: {
      id: 'id' as FlowId,
      openedAt: 0,
      inbound: 'mixed',
      network: 'udp',
      client: { host: ip('127.0.0.1'), port: 4_000 },
      who: anonymous,
      asked: { host: { kind: 'ip', ip: remote.host }, port: 53 },
    },
    gone,
    idleMs: 60_000,
    clock: realClock,
    answer: (from, payload) => answered.push(`${from.host} ${Buffer.from(payload)}`) > 0,
    over: ({ code }) => over.push(code),
    waiting: (bytes) => {
      counts.waiting += bytes
    },
    left: () => counts.left++,
  })
  return { gone, answered, over, offer, counts }
}

function destination() {
  const sent: string[] = []
  const closed = new StopSource()
  let receiver: DatagramReceiver = () => false
  const datagrams: DatagramPort = {
    send: (datagram) => sent.push(Buffer.from(datagram).toString()) > 0,
    receive: (given) => {
      receiver = given
    },
    closed,
    close: () => undefined,
  }
  return { upstream: { datagrams, remote, via: null, connectMs: null }, sent, says: (text: string) => receiver(Buffer.from(text)) }
}

const said = (text: string) => Buffer.from(text)

test('what comes before the verdict waits, and passes in order before what comes later', async () => {
  const { gone, answered, offer, counts } = session()
  const { upstream, sent, says } = destination()
  expect([offer.take(said('1')), offer.take(said('2'))]).toEqual([true, true])
  expect([offer.isWaiting, counts.waiting]).toEqual([true, 2])
  const ended = offer.relay(upstream, { up: 0, down: 0 }, new StopSource())
  offer.take(said('3'))
  says('answer')
  expect([sent, answered]).toEqual([['1', '2', '3'], ['170.114.1.1 answer']])
  expect([offer.isWaiting, counts]).toEqual([false, { waiting: 0, left: 0 }])
  gone.abort(null)
  expect(await ended).toMatchObject({ ending: 'completed' })
  expect(offer.take(said('late'))).toBe(false)
  expect(counts.left).toBe(1)
})

test('so many wait and so many bytes, and no more', () => {
  const [many, large] = [session().offer, session().offer]
  for (let i = 0; i < 16; i++) expect(many.take(said('x'))).toBe(true)
  expect(many.take(said('x'))).toBe(false)
  expect([large.take(Buffer.alloc(60_000)), large.take(Buffer.alloc(6_000)), large.take(Buffer.alloc(5_000))]).toEqual([true, false, true])
})

test('a refusal is remembered, unless the client has left', () => {
  const { gone, over, offer } = session()
  offer.refuse({ code: 'policy.blocked', sentence: 'no' })
  gone.abort(null)
  offer.refuse({ code: 'client.gone', sentence: 'left' })
  expect(over).toEqual(['policy.blocked'])
})
