import { describe, expect, test } from 'vitest'
import { RingfenceError } from '../../src/model/errors.ts'
import { StopSource } from '../../src/model/stop.ts'
import { type DatagramPort, type DatagramReceiver, relayDatagrams } from '../../src/pipeline/relay-datagrams.ts'
import { realClock } from '../support/fake-clock.ts'

/** One side, held in the test's hand. */
function madeUpPort({ loses = false } = {}) {
  const closed = new StopSource()
  const sent: string[] = []
  let receiver: DatagramReceiver | null = null
  let open = true
  const port: DatagramPort = {
    send: (datagram) => {
      if (!loses) sent.push(Buffer.from(datagram).toString())
      return !loses
    },
    receive: (given) => {
      receiver = given
    },
    closed,
    close: () => {
      open = false
    },
  }
  return {
    port,
    sent,
    closed,
    says: (text: string) => receiver?.(Buffer.from(text)),
    get open() {
      return open
    },
  }
}

function started({ idleMs = 60_000, client = madeUpPort(), upstream = madeUpPort() } = {}) {
  const cut = new StopSource()
  const meter = { up: 0, down: 0, datagrams: { up: 0, down: 0 } }
  const ended = relayDatagrams(client.port, upstream.port, meter, { idleMs, clock: realClock, cut })
  return { client, upstream, cut, meter, ended }
}

test('datagrams pass both ways and are counted', async () => {
  const { client, upstream, meter, ended } = started()
  client.says('ask')
  upstream.says('answer')
  upstream.says('more')
  expect([upstream.sent, client.sent]).toEqual([['ask'], ['answer', 'more']])
  expect(meter).toEqual({ up: 3, down: 10, datagrams: { up: 1, down: 2 } })
  client.closed.abort(null)
  expect(await ended).toEqual({ ending: 'completed', code: null, message: null })
})

test('what a full side loses is not counted, and whoever sent it is told', () => {
  const { client, upstream, meter } = started({ client: madeUpPort({ loses: true }), upstream: madeUpPort({ loses: true }) })
  expect([client.says('ask'), upstream.says('answer')]).toEqual([false, false])
  expect(meter).toEqual({ up: 0, down: 0, datagrams: { up: 0, down: 0 } })
})

describe('it ends', () => {
  const endings: readonly (readonly [string, (relay: ReturnType<typeof started>) => void, object])[] = [
    [
      'where the destination refuses',
      ({ upstream }) => upstream.closed.abort(new RingfenceError('dial.refused', 'no')),
      { ending: 'failed', code: 'dial.refused', message: 'no' },
    ],
    [
      'where the client is gone',
      ({ client }) => client.closed.abort(new RingfenceError('client.gone', 'left')),
      { ending: 'client-gone', code: 'client.gone', message: 'left' },
    ],
    [
      'where the proxy stops',
      ({ client }) => client.closed.abort(new RingfenceError('run.shutdown', 'stops')),
      { ending: 'shutdown', code: 'run.shutdown', message: 'stops' },
    ],
    [
      'where the policy cuts it',
      ({ cut }) => cut.abort(new RingfenceError('policy.cut', 'outside')),
      { ending: 'cut', code: 'policy.cut', message: 'outside' },
    ],
  ]
  test.each(endings)('%s, closes both sides and passes nothing more', async (_, end, wanted) => {
    const relay = started()
    end(relay)
    expect(await relay.ended).toEqual(wanted)
    expect([relay.client.open, relay.upstream.open]).toEqual([false, false])
    relay.client.says('late')
    expect(relay.upstream.sent).toEqual([])
  })

  test('where nothing moves', async () => {
    const { client, ended } = started({ idleMs: 60 })
    client.says('x')
    expect(await ended).toMatchObject({ ending: 'idle', code: 'relay.idle' })
  })

  test('at once, where a side is closed already', async () => {
    const upstream = madeUpPort()
    upstream.closed.abort(new RingfenceError('dial.refused', 'no'))
    expect(await started({ upstream }).ended).toMatchObject({ ending: 'failed' })
  })
})
