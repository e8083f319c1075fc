import net from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Admission } from '../../src/inbound/admission.ts'
import type { Visitor } from '../../src/inbound/door.ts'
import { type ListenOptions, listen } from '../../src/inbound/listener.ts'
import { NoRoom } from '../../src/inbound/no-room.ts'
import { OperatorError } from '../../src/model/errors.ts'
import { realClock } from '../support/fake-clock.ts'
import { ip } from '../support/fake-ports.ts'
import { loginOf } from '../support/made-up-login.ts'
import { echo, startOrigin } from '../support/origin-server.ts'
import { eventually, openProxy, openToAll } from '../support/proxy-under-test.ts'
import { never, Peer } from '../support/socket-pair.ts'

const AMERICA = '170.114.1.1'

async function listening(options: Partial<ListenOptions> = {}) {
  const visitors: Visitor[] = []
  const refused: string[] = []
  const failed: unknown[] = []
  const listener = await listen({
    listen: { host: ip('127.0.0.1'), port: 0 },
    headMs: 8_000,
    admission: openToAll,
    noRoom: new NoRoom(realClock.now),
    isBalancer: () => false,
    tls: null,
    permits: () => true,
    serve: async (visitor) => {
      visitors.push(visitor)
      await visitor.stream.grown(0, never)
    },
    onRefused: ({ host }) => refused.push(host),
    onFailed: (_client, error) => failed.push(error),
    onTrouble: (error) => failed.push(error),
    ...options,
  })
  onTestFinished(() => listener.stop(0))
  return { listener, visitors, refused, failed, connect: () => Peer.connect(listener.bound.port) }
}

/** The reset may come before the client has seen that it was connected. */
async function isReset(connecting: Promise<Peer>): Promise<void> {
  const client = await connecting.catch((error: NodeJS.ErrnoException) => error)
  if (client instanceof Peer) await client.receivesReset()
  else expect(client.code).toBe('ECONNRESET')
}

test('port 0 becomes the port where it really listens', async () => {
  const { listener, visitors, connect } = await listening()
  expect(listener.bound.host).toBe('127.0.0.1')
  expect(listener.bound.port).toBeGreaterThan(0)
  const client = await connect()
  await eventually('the visitor', () => visitors.length === 1)
  expect(visitors[0]?.client).toEqual({ host: '127.0.0.1', port: client.socket.localPort })
})

test('a port that is taken is one plain line for the operator', async () => {
  const { listener } = await listening()
  const { port } = listener.bound
  await expect(listening({ listen: { host: ip('127.0.0.1'), port } })).rejects.toThrow(
    new OperatorError(`cannot listen on 127.0.0.1:${port}: another program listens there; stop it or choose another port with --listen`),
  )
})

test('an address that this machine does not have is one, too', async () => {
  const failing = listening({ listen: { host: ip('203.0.113.1'), port: 0 } })
  await expect(failing).rejects.toBeInstanceOf(OperatorError)
  await expect(failing).rejects.toThrow(/^cannot listen on 203\.0\.113\.1:0: this machine has no such address/)
})

test('a client that is not permitted is reset, told of, and never served', async () => {
  const { visitors, refused, connect } = await listening({ permits: (client) => client !== '127.0.0.1' })
  await isReset(connect())
  expect(refused).toEqual(['127.0.0.1'])
  expect(visitors).toEqual([])
})

test('a connection that fails is told of and closed; the others go on', async () => {
  const trouble = new Error('trouble')
  const { failed, connect } = await listening({
    serve: async ({ stream }) => {
      await stream.grown(0, never)
      throw trouble
    },
  })
  const [bad, good] = [await connect(), await connect()]
  bad.send('x')
  await bad.until('the connection to be over', () => bad.ended || bad.closed)
  expect(failed).toEqual([trouble])
  expect(good.state).toBe('open')
})

test('stopped, it accepts nothing more, lets open connections end in their own time, and resets them after the grace', async () => {
  const { listener, visitors, connect } = await listening()
  const [quick, slow] = [await connect(), await connect()]
  await eventually('the visitors', () => visitors.length === 2)
  const startedAt = performance.now()
  const stopped = listener.stop(300)
  await expect(Peer.connect(listener.bound.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  visitors.find(({ client }) => client.port === quick.socket.localPort)?.stream.end()
  await quick.receivesEnd()
  quick.end()
  await slow.receivesReset()
  await stopped
  expect(performance.now() - startedAt).toBeGreaterThan(250)
  expect(performance.now() - startedAt).toBeLessThan(3_000)
})

test('stopped a second time, the shorter grace counts, and both calls end with the last connection', async () => {
  const { listener, visitors, connect } = await listening()
  const client = await connect()
  await eventually('the visitor', () => visitors.length === 1)
  const startedAt = performance.now()
  const patient = listener.stop(60_000)
  const hurried = listener.stop(0)
  await client.receivesReset()
  await Promise.all([patient, hurried])
  await listener.stop(60_000)
  expect(performance.now() - startedAt).toBeLessThan(1_000)
})

test('stopped when every connection is over, it is down at once, whatever the grace', async () => {
  const { listener, visitors, connect } = await listening()
  const client = await connect()
  await eventually('the visitor', () => visitors.length === 1)
  visitors[0]?.stream.end()
  client.end()
  await client.until('the connection to close', () => client.closed)
  const startedAt = performance.now()
  await listener.stop(60_000)
  expect(performance.now() - startedAt).toBeLessThan(1_000)
})

test('a door that is stopped under load ends every flow, both sides reset, each with its record', async () => {
  const origin = await startOrigin(echo)
  const proxy = await openProxy({ routes: { [AMERICA]: origin.port, '103.255.1.1': 'silent' }, dialMs: 60_000 })
  const tunnels = await Promise.all(Array.from({ length: 20 }, () => proxy.connect()))
  for (const client of tunnels) client.send(`CONNECT ${AMERICA}:443 HTTP/1.1\r\nHost: a\r\n\r\nping`)
  for (const client of tunnels) await client.receives('ping')
  const dialling = await proxy.connect()
  dialling.send('CONNECT 103.255.1.1:443 HTTP/1.1\r\nHost: a\r\n\r\n')
  const resting = await proxy.connect()
  resting.send('GET http://nowhere.test/ HTTP/1.1\r\nHost: a\r\n\r\n')
  await resting.receives('502')
  await eventually('the dial', () => proxy.dialer.pending === 1)
  const startedAt = performance.now()
  await proxy.stop(50)
  expect(performance.now() - startedAt).toBeLessThan(2_000)
  for (const client of [...tunnels, dialling]) await client.receivesReset()
  // Nothing was under way on it, so it has its end.
  await resting.receivesEnd()
  for (const peer of origin.connections) await peer.receivesReset()
  expect(proxy.writer.ended.map(({ ending }) => ending).sort()).toEqual(Array.from({ length: 21 }, () => 'shutdown'))
  expect(proxy.open).toBe(0)
})

test('a hundred connections that were closed leave nothing open', async () => {
  const origin = await startOrigin(echo)
  const proxy = await openProxy({ routes: { [AMERICA]: origin.port } })
  const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length
  const before = sockets()
  for (let round = 0; round < 4; round++) {
    const clients = await Promise.all(Array.from({ length: 25 }, () => proxy.connect()))
    for (const [i, client] of clients.entries()) {
      client.send(`CONNECT ${AMERICA}:443 HTTP/1.1\r\nHost: a\r\n\r\nping`)
      await client.receives('ping')
      if (i % 3 === 0) client.reset()
      else client.end()
    }
    for (const client of clients) await client.until('the connection to be over', () => client.closed)
  }
  await proxy.flowsOver(100)
  await eventually('the sockets to be gone', () => sockets() <= before)
  // Nothing is left to wait for: not even a long grace delays the stop.
  const startedAt = performance.now()
  await proxy.listener.stop(60_000)
  expect(performance.now() - startedAt).toBeLessThan(1_000)
})

test('an IPv6 listener serves IPv6 alone', async (context) => {
  const available = await new Promise<boolean>((resolve) => {
    const probe = net.createServer().once('error', () => resolve(false))
    probe.listen(0, '::1', () => probe.close(() => resolve(true)))
  })
  if (!available) context.skip('this machine has no IPv6 loopback')
  const { listener, visitors } = await listening({ listen: { host: ip('::1'), port: 0 } })
  await Peer.connect(listener.bound.port, { host: '::1' })
  await eventually('the visitor', () => visitors.length === 1)
  expect(visitors[0]?.client.host).toBe('::1')
  await expect(Peer.connect(listener.bound.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

describe('a load balancer', () => {
  const header = 'PROXY TCP4 203.0.113.7 10.0.0.1 56324 443\r\n'
  const behind = (options: Partial<ListenOptions> = {}) => listening({ isBalancer: (peer) => peer === '127.0.0.1', ...options })

  test('says whose connection it is, and what follows is read as that client’s', async () => {
    const { visitors, connect } = await behind()
    const client = await connect()
    await client.drip(header)
    client.send('hello')
    await eventually('the visitor', () => visitors[0]?.stream.held.length === 5)
    expect(visitors[0]?.client).toEqual({ host: '203.0.113.7', port: 56_324 })
  })

  test('hands on clients that are permitted, and no others', async () => {
    const { visitors, refused, connect } = await behind({ permits: (client) => client === '203.0.113.8' })
    const client = await connect()
    client.send(header)
    await client.receivesReset()
    expect([refused, visitors]).toEqual([['203.0.113.7'], []])
  })

  test('must begin with a header: what comes without one is reset', async () => {
    const { visitors, failed, connect } = await behind()
    const client = await connect()
    client.send('CONNECT a.com:443 HTTP/1.1\r\n\r\n')
    await client.receivesReset()
    expect(failed).toMatchObject([{ code: 'client.malformed' }])
    expect(visitors).toEqual([])
  })

  test('has no more time for it than a head has', async () => {
    const { failed, connect } = await behind({ headMs: 150 })
    const client = await connect()
    client.send('PROXY ')
    await client.receivesReset()
    expect(failed).toMatchObject([{ message: 'the handshake took longer than 0.15 s' }])
  })

  test('is none where it is not named: the header of a stranger is no request', async () => {
    const proxy = await openProxy()
    const client = await proxy.connect()
    client.send(`${header}CONNECT a.com:443 HTTP/1.1\r\n\r\n`)
    await client.receives('HTTP/1.1 400 ')
    expect(proxy.offers).toEqual([])
  })
})

describe('room', () => {
  const limits = { connections: 100, perClient: 100, perLoopbackClient: 100 }
  const admitting = (some: Partial<typeof limits>) =>
    new Admission({ ...limits, ...some }, { reached: () => false }, { add: () => undefined })

  test('that is taken is free again when the connection is closed, and whoever comes meanwhile is reset', async () => {
    const admission = admitting({ connections: 2 })
    const { visitors, connect } = await listening({ admission })
    const [first] = [await connect(), await connect()]
    await eventually('the visitors', () => visitors.length === 2)
    await isReset(connect())
    first?.reset()
    await eventually('a free place', () => admission.open === 1)
    await connect()
    await eventually('the visitor', () => visitors.length === 3)
  })

  test('that is lacking is told to an HTTP client, who may come again, and no place is taken meanwhile', async () => {
    const admission = admitting({ connections: 2, perLoopbackClient: 1 })
    const { visitors, connect } = await listening({ admission })
    const first = await connect()
    await eventually('the visitor', () => visitors.length === 1)
    const tooMany = await connect()
    tooMany.send('GET http://a.com/ HTTP/1.1\r\nHost: a.com\r\n\r\n')
    expect(await tooMany.receivesEnd()).toMatch(/^HTTP\/1\.1 503 /)
    expect(admission.open).toBe(1)
    first.reset()
    await eventually('a free place', () => admission.open === 0)
  })

  test('of one client is its own behind a load balancer', async () => {
    const { visitors, connect } = await listening({ admission: admitting({ perClient: 1 }), isBalancer: () => true })
    const from = async (client: string) => {
      const peer = await connect()
      peer.send(`PROXY TCP4 ${client} 10.0.0.1 1 2\r\n`)
      return peer
    }
    await from('203.0.113.7')
    await eventually('the visitor', () => visitors.length === 1)
    await (await from('203.0.113.7')).receivesReset()
    await from('203.0.113.8')
    await eventually('the visitor', () => visitors.length === 2)
  })
})

test('the first bytes, the greeting, the login and the request of a client have one time together', async () => {
  const proxy = await openProxy({ headMs: 400, login: loginOf({ anna: 'one' }) })
  const startedAt = performance.now()
  const client = await proxy.connect()
  const all = Buffer.from('05010201 04616e6e61 036f6e65 050100 03 05612e636f6d 01bb'.replaceAll(' ', ''), 'hex')
  for (const byte of all) {
    if (client.closed || client.ended) break
    client.send(Uint8Array.of(byte))
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
  await client.until('the connection to be over', () => client.closed || client.ended)
  expect(performance.now() - startedAt).toBeLessThan(800)
  expect(proxy.offers).toEqual([])
})
