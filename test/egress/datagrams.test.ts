import { describe, expect, test } from 'vitest'
import { datagramDialer } from '../../src/egress/datagrams.ts'
import { RingfenceError } from '../../src/model/errors.ts'
import { StopSource } from '../../src/model/stop.ts'
import { pinned } from '../support/fake-ports.ts'
import { eventually } from '../support/proxy-under-test.ts'
import { echo, startUdp } from '../support/udp-client.ts'

const never = new StopSource()

async function dialled(port: number, host = '127.0.0.1') {
  const upstream = await datagramDialer.dial([pinned(host, port)], never, null)
  const received: string[] = []
  upstream.datagrams.receive((datagram) => received.push(Buffer.from(datagram).toString()) > 0)
  return { ...upstream, received }
}

test.each(['127.0.0.1', '::1'])('a session with %s', async (host) => {
  const origin = await startUdp(echo, host)
  const { datagrams, received, remote, via, connectMs } = await dialled(origin.port, host)
  expect(datagrams.send(Buffer.from('one'))).toBe(true)
  await eventually('an answer', () => received.length === 1)
  expect(received).toEqual(['echo one'])
  expect({ remote, via, connectMs }).toEqual({ remote: { host, port: origin.port }, via: null, connectMs: null })
  datagrams.close()
  datagrams.close()
  expect(datagrams.send(Buffer.from('two'))).toBe(false)
})

test('what another address sends is not heard', async () => {
  const [origin, stranger] = [await startUdp(), await startUdp()]
  const { datagrams, received } = await dialled(origin.port)
  datagrams.send(Buffer.from('x'))
  await eventually('it to arrive', () => origin.received.length === 1)
  const { port } = origin.peers[0] ?? { port: 0 }
  stranger.send(Buffer.from('forged'), port)
  origin.send(Buffer.from('true'), port)
  await eventually('an answer', () => received.length > 0)
  expect(received).toEqual(['true'])
  datagrams.close()
})

test('a refusal by ICMP closes it, with a code', async () => {
  const origin = await startUdp()
  const { datagrams } = await dialled(origin.port)
  await origin.close()
  datagrams.send(Buffer.from('x'))
  await eventually('the refusal', () => datagrams.closed.aborted)
  expect(datagrams.closed.reason).toMatchObject({ code: 'dial.refused', message: `no connection to 127.0.0.1:${origin.port} (refused)` })
})

test('one that is too large is lost, and the session goes on', async () => {
  const origin = await startUdp(echo)
  const { datagrams, received } = await dialled(origin.port)
  datagrams.send(Buffer.alloc(65_508))
  datagrams.send(Buffer.from('small'))
  await eventually('an answer', () => received.length === 1)
  expect(datagrams.closed.aborted).toBe(false)
  datagrams.close()
})

describe('of several addresses', () => {
  // A route to the broadcast address needs a permission that the socket does not ask for.
  const barred = pinned('255.255.255.255', 9)

  test('the first that there is a route to is taken', async () => {
    const origin = await startUdp()
    const { remote, datagrams } = await datagramDialer.dial([barred, pinned('127.0.0.1', origin.port)], never, null)
    expect(remote.host).toBe('127.0.0.1')
    datagrams.close()
  })

  test('none: one error tells of all', async () => {
    await expect(datagramDialer.dial([barred, { ...barred, port: 10 }], never, null)).rejects.toMatchObject({
      code: 'dial.host-unreachable',
      message: expect.stringContaining('255.255.255.255:9 (unreachable: EACCES), 255.255.255.255:10 (unreachable: EACCES)'),
    })
  })
})

test('given up, it leaves nothing', async () => {
  const stop = new StopSource()
  stop.abort(new RingfenceError('client.gone', 'the client left'))
  await expect(datagramDialer.dial([pinned('127.0.0.1', 9)], stop, null)).rejects.toMatchObject({ code: 'client.gone' })
})

test('through an upstream proxy there is no way', async () => {
  await expect(datagramDialer.dial([pinned('127.0.0.1', 9)], never, [pinned('127.0.0.1', 1080)])).rejects.toThrow('upstream proxy')
})
