import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { DoorTls } from '../../src/inbound/tls.ts'
import { issueForDoor, type Made, makeAuthority } from '../support/certificates.ts'
import { makeAuthority as makeDatingAuthority } from '../support/dated-certificates.ts'
import { ip } from '../support/fake-ports.ts'
import { loginOf } from '../support/made-up-login.ts'
import { answersAfterFin, echo, ok, startHttpOrigin, startOrigin } from '../support/origin-server.ts'
import { eventually, openProxy } from '../support/proxy-under-test.ts'
import { never, Peer, streamPair } from '../support/socket-pair.ts'

const AMERICA = '170.114.1.1'
const authority = makeAuthority()
const door = issueForDoor(authority)
const people = makeAuthority('/CN=people')
const anna = people.issue('/CN=Anna/OU=Office/OU=Human Resources')
const stranger = makeAuthority('/CN=strangers').issue('/CN=anna/OU=office')

const forServers = people.issue('/CN=anna', ['basicConstraints=critical,CA:FALSE', 'extendedKeyUsage=serverAuth'])

const material = { ...door, clients: null }
const knowing = { ...door, clients: people.certificate }

const connectTo = (target: string): string => `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`

/** What goes over TLS, and the connection below. */
async function secured(
  port: number,
  { shows, before = '', ...options }: { shows?: Made; before?: string; allowHalfOpen?: boolean } & tls.ConnectionOptions = {},
) {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  if (before !== '') socket.write(before)
  const own = shows === undefined ? {} : { cert: shows.certificate, key: shows.key }
  const secure = tls.connect({
    socket,
    ca: authority.certificate,
    servername: 'localhost',
    ALPNProtocols: ['h2', 'http/1.1'],
    ...own,
    ...options,
  })
  const peer = new Peer(secure)
  const shaken = once(secure, 'secureConnect')
  shaken.catch(() => undefined)
  return { socket, secure, peer, shaken }
}

/** What a client of TLS says first. */
async function clientHello(): Promise<Buffer> {
  const { near, far } = await streamPair()
  tls.connect({ socket: far.socket, servername: 'localhost' }).on('error', () => undefined)
  await near.grown(0, never)
  return Buffer.from(near.held)
}

describe('a door that speaks TLS', () => {
  test('tunnels in HTTP and in SOCKS, and speaks HTTP/1.1 alone', async () => {
    const origin = await startOrigin(echo)
    const proxy = await openProxy({ routes: { [AMERICA]: origin.port }, tls: new DoorTls(material, false) })
    const http = await secured(proxy.port)
    await http.shaken
    expect(http.secure.alpnProtocol).toBe('http/1.1')
    http.peer.send(`${connectTo(`${AMERICA}:443`)}ping`)
    await http.peer.receives('\r\n\r\nping')
    const socks = await secured(proxy.port)
    socks.peer.send(Buffer.from('050100 050100 01 aa720101 01bb'.replaceAll(' ', ''), 'hex'))
    await socks.peer.receivesBytes(12)
    socks.peer.send('pong')
    await socks.peer.receives('pong')
    expect(proxy.writer.decided.map(({ personal }) => personal.client.startsWith('127.0.0.1'))).toEqual([true, true])
  })

  test('keeps a connection for several requests', async () => {
    const origin = await startHttpOrigin(() => ok('hi'))
    const proxy = await openProxy({ routes: { [AMERICA]: origin.port }, tls: new DoorTls(material, false) })
    const { peer } = await secured(proxy.port)
    for (const count of [1, 2, 3]) {
      peer.send(`GET http://${AMERICA}/ HTTP/1.1\r\nHost: ${AMERICA}\r\n\r\n`)
      await peer.until('an answer', () => peer.text.split('200 OK').length === count + 1 && peer.text.endsWith('hi'))
    }
  })

  test('half-closes a tunnel in both directions', async () => {
    const origin = await startOrigin(answersAfterFin((received) => `heard ${received}`))
    const proxy = await openProxy({ routes: { [AMERICA]: origin.port }, tls: new DoorTls(material, false) })
    const { peer } = await secured(proxy.port, { allowHalfOpen: true })
    peer.send(`${connectTo(`${AMERICA}:443`)}last words`)
    peer.end()
    expect(await peer.receivesEnd()).toContain('heard last words')
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ ending: 'completed' }])
  })

  test('passes a reset on, in both directions', async () => {
    const origin = await startOrigin(echo)
    const proxy = await openProxy({ routes: { [AMERICA]: origin.port }, tls: new DoorTls(material, false) })
    const [first, second] = [await secured(proxy.port), await secured(proxy.port)]
    for (const { peer } of [first, second]) {
      peer.send(`${connectTo(`${AMERICA}:443`)}ping`)
      await peer.receives('\r\n\r\nping')
    }
    first.socket.resetAndDestroy()
    await (await origin.connection(1)).receivesReset()
    ;(await origin.connection(2)).reset()
    await second.peer.receivesReset()
    await proxy.flowsOver(2)
    expect(proxy.writer.ended.map(({ ending }) => ending)).toEqual(['reset', 'reset'])
  })

  test('reads no more of either side than the other takes', async () => {
    const flood = Buffer.alloc(64 * 1_024)
    const origin = await startOrigin((peer) => {
      const pour = () => {
        while (peer.socket.write(flood));
      }
      peer.socket.on('drain', pour)
      peer.socket.once('data', pour)
    })
    const proxy = await openProxy({ routes: { [AMERICA]: origin.port }, tls: new DoorTls(material, false) })
    const { peer, secure, socket } = await secured(proxy.port)
    peer.send(`${connectTo(`${AMERICA}:443`)}go`)
    await peer.receives('\r\n\r\n')
    secure.pause()
    socket.pause()
    const sent = async () => (await origin.connection(1)).socket.bytesWritten
    let before = -1
    await eventually('the flood to stand still', () => true)
    for (let still = 0; still < 10; ) {
      const now = await sent()
      still = now === before ? still + 1 : 0
      before = now
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    // What the kernel's buffers of three connections hold, and nowhere near what an unbounded one would.
    expect(before).toBeLessThan(32 * 1_024 * 1_024)
    const known = peer.count
    secure.resume()
    await peer.receivesBytes(known + before)
  })

  test.each(['ends', 'breaks off'])('knows a client that %s while its connection is being made', async (how) => {
    const proxy = await openProxy({ routes: { [AMERICA]: 'silent' }, dialMs: 60_000, tls: new DoorTls(material, false) })
    const { peer, socket } = await secured(proxy.port)
    peer.send(connectTo(`${AMERICA}:443`))
    await eventually('the dial', () => proxy.dialer.pending === 1)
    if (how === 'ends') peer.end()
    else socket.resetAndDestroy()
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ ending: 'client-gone' }])
  })

  test('stopped, it resets a tunnel', async () => {
    const origin = await startOrigin(echo)
    const proxy = await openProxy({ routes: { [AMERICA]: origin.port }, tls: new DoorTls(material, false) })
    const { peer } = await secured(proxy.port)
    peer.send(`${connectTo(`${AMERICA}:443`)}ping`)
    await peer.receives('\r\n\r\nping')
    await proxy.stop(0)
    await peer.receivesReset()
    expect(proxy.writer.ended).toMatchObject([{ ending: 'shutdown' }])
  })

  test.each([
    ['HTTP in clear', 'GET http://a/ HTTP/1.1\r\n\r\n'],
    ['SOCKS5 in clear', '\x05\x01\x00'],
    ['SOCKS4 in clear', '\x04\x01\x00\x50\x01\x02\x03\x04\x00'],
    ['SSL of version 2', '\x80\x2e\x01\x00\x02'],
  ])('turns a client that speaks %s away at once', async (_, bytes) => {
    const proxy = await openProxy({ tls: new DoorTls(material, false) })
    const client = await proxy.connect()
    client.send(bytes)
    await client.receivesReset()
    expect(proxy.failed).toMatchObject([{ code: 'client.malformed', message: 'TLS: the client does not speak TLS' }])
  })

  test('shakes hands with a client that sends byte by byte', async () => {
    const proxy = await openProxy({ tls: new DoorTls(material, false) })
    const { hello, client } = { hello: await clientHello(), client: await proxy.connect() }
    await client.drip(hello)
    // A ServerHello.
    await client.until('an answer', () => client.bytes[0] === 22 && client.bytes[5] === 2)
  })

  test('ends a tunnel at a record that cannot be read, and lets nobody wait for what will not come', async () => {
    const origin = await startOrigin(echo)
    const proxy = await openProxy({ routes: { [AMERICA]: origin.port }, tls: new DoorTls(material, false) })
    const { peer, socket } = await secured(proxy.port)
    peer.send(`${connectTo(`${AMERICA}:443`)}ping`)
    await peer.receives('\r\n\r\nping')
    socket.write(Buffer.from(`1703030040${'07'.repeat(64)}`, 'hex'))
    await (await origin.connection(1)).receivesReset()
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ ending: 'reset' }])
    await peer.until('the alert', () => peer.errno?.endsWith('ALERT_BAD_RECORD_MAC') === true)
  })

  test('shakes hands once', async () => {
    const origin = await startOrigin(echo)
    const proxy = await openProxy({ routes: { [AMERICA]: origin.port }, tls: new DoorTls(material, false) })
    const { peer, secure } = await secured(proxy.port, { maxVersion: 'TLSv1.2' })
    peer.send(`${connectTo(`${AMERICA}:443`)}ping`)
    await peer.receives('\r\n\r\nping')
    secure.renegotiate({ rejectUnauthorized: true }, () => undefined)
    await peer.until('a refusal', () => peer.errno !== null)
    expect(peer.errno).toBe('ERR_SSL_NO_RENEGOTIATION')
  })

  test.each([
    ['names no server', { servername: '', checkServerIdentity: () => undefined }],
    ['names another server', { servername: 'other.example', checkServerIdentity: () => undefined }],
    ['wants no protocol by name', { ALPNProtocols: [] }],
  ])('serves a client that %s', async (_, options) => {
    const origin = await startOrigin(echo)
    const proxy = await openProxy({ routes: { [AMERICA]: origin.port }, tls: new DoorTls(material, false) })
    const { peer } = await secured(proxy.port, options)
    peer.send(`${connectTo(`${AMERICA}:443`)}ping`)
    await peer.receives('\r\n\r\nping')
  })

  test('turns away a client that speaks HTTP/2 alone', async () => {
    const proxy = await openProxy({ tls: new DoorTls(material, false) })
    const { peer } = await secured(proxy.port, { ALPNProtocols: ['h2'] })
    await peer.until('a refusal', () => peer.errno !== null)
    await eventually('the failure', () => proxy.failed.length === 1)
    expect(proxy.failed).toMatchObject([{ message: 'TLS: the client does not want HTTP/1.1' }])
  })

  test('speaks no TLS before 1.2', async () => {
    const proxy = await openProxy({ tls: new DoorTls(material, false) })
    const { peer } = await secured(proxy.port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })
    await peer.until('the connection to be over', () => peer.closed)
    await eventually('the failure', () => proxy.failed.length === 1)
    expect(proxy.failed).toMatchObject([{ code: 'client.malformed' }])
  })

  test('waits for the handshake no longer than for a head', async () => {
    const proxy = await openProxy({ tls: new DoorTls(material, false), headMs: 200 })
    const client = await proxy.connect()
    client.send('\x16\x03\x01')
    await client.until('the connection to be over', () => client.closed || client.ended)
    expect(proxy.failed).toMatchObject([{ message: 'the handshake took longer than 0.2 s' }])
  })

  test('shows a certificate that took the place of another from the next handshake on', async () => {
    const live = new DoorTls(material, false)
    const proxy = await openProxy({ tls: live })
    const shown = async () => {
      const { secure, shaken } = await secured(proxy.port)
      await shaken
      return secure.getPeerCertificate().fingerprint256
    }
    const before = await shown()
    expect(() => live.use({ ...material, key: anna.key })).toThrow()
    expect(await shown()).toBe(before)
    live.use({ ...issueForDoor(authority), clients: null })
    expect(await shown()).not.toBe(before)
  })
})

describe('a header of a load balancer', () => {
  test('stands before TLS, and glued to it', async () => {
    const origin = await startOrigin(echo)
    const proxy = await openProxy({
      routes: { [AMERICA]: origin.port },
      tls: new DoorTls(material, false),
      isBalancer: (peer) => peer === '127.0.0.1',
      permits: (client) => client === '203.0.113.7',
    })
    const { peer } = await secured(proxy.port, { before: 'PROXY TCP4 203.0.113.7 10.0.0.1 56324 443\r\n' })
    peer.send(`${connectTo(`${AMERICA}:443`)}ping`)
    await peer.receives('\r\n\r\nping')
    expect(proxy.writer.decided.map(({ personal }) => personal.client)).toEqual(['203.0.113.7:56324'])
  })
})

describe('a door that knows clients by certificates', () => {
  const asks = (login: 'certificate' | 'either') => ({
    tls: new DoorTls(knowing, login === 'certificate'),
    ...(login === 'either' ? { login: loginOf({ bob: 'one' }) } : {}),
  })

  test('tells them by the common name, and their groups by the units', async () => {
    const origin = await startOrigin(echo)
    const proxy = await openProxy({ routes: { [AMERICA]: origin.port }, ...asks('certificate') })
    const { peer } = await secured(proxy.port, { shows: anna })
    peer.send(`${connectTo(`${AMERICA}:443`)}ping`)
    await peer.receives('\r\n\r\nping')
    expect(proxy.offers[0]?.flow.who).toEqual({ name: 'anna', groups: ['office'], by: 'certificate' })
  })

  test.each([
    ['none', undefined, 'TLS: the client showed no certificate'],
    ['one of another authority', stranger, /^TLS: the certificate of the client is not trusted: /],
    ['one for servers', forServers, 'TLS: the certificate of the client is not trusted: INVALID_PURPOSE'],
    ['one that names nobody', people.issue('/CN=Anna Smith'), /^TLS: the certificate of the client names nobody: /],
  ])('turns away whoever shows %s', async (_, shows, why) => {
    const proxy = await openProxy(asks('certificate'))
    const { peer } = await secured(proxy.port, shows === undefined ? {} : { shows })
    await peer.receivesReset()
    await eventually('the failure', () => proxy.failed.length === 1)
    expect(proxy.failed).toMatchObject([{ code: 'client.malformed', message: typeof why === 'string' ? why : expect.stringMatching(why) }])
    expect(proxy.offers).toEqual([])
  })

  test('turns away whoever shows one that is out of date', async () => {
    const office = await makeDatingAuthority()
    onTestFinished(() => office.remove())
    const { cert, key } = await office.vouchFor(['DNS:anna.example'], 'expired')
    const proxy = await openProxy({ tls: new DoorTls({ ...door, clients: office.ca }, true) })
    await secured(proxy.port, { shows: { certificate: cert, key } })
    await eventually('the failure', () => proxy.failed.length === 1)
    expect(proxy.failed).toMatchObject([{ message: 'TLS: the certificate of the client is not trusted: CERT_HAS_EXPIRED' }])
  })

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('knows nobody by %s who was known to an authority that was replaced', async (maxVersion) => {
    const live = new DoorTls(knowing, true)
    const proxy = await openProxy({ tls: live, routes: {} })
    const first = await secured(proxy.port, { shows: anna, maxVersion })
    const ticket = once(first.secure, 'session') as Promise<[Buffer]>
    first.peer.send(connectTo(`${AMERICA}:443`))
    await first.peer.receives('HTTP/1.1 502 ')
    const [session] = await ticket
    live.use({ ...door, clients: authority.certificate })
    await secured(proxy.port, { session, maxVersion })
    await eventually('the failure', () => proxy.failed.length === 1)
    expect(proxy.failed).toMatchObject([{ message: 'TLS: the client showed no certificate' }])
  })

  test('that also takes passwords asks for one where no certificate is shown, and trusts no other authority all the same', async () => {
    const origin = await startOrigin(echo)
    const proxy = await openProxy({ routes: { [AMERICA]: origin.port }, ...asks('either') })
    const bare = await secured(proxy.port)
    bare.peer.send(connectTo(`${AMERICA}:443`))
    await bare.peer.receives('HTTP/1.1 407 ')
    const known = await secured(proxy.port, { shows: anna })
    known.peer.send(connectTo(`${AMERICA}:443`))
    await known.peer.receives('HTTP/1.1 200 ')
    const false_ = await secured(proxy.port, { shows: stranger })
    await false_.peer.until('the connection to be over', () => false_.peer.closed || false_.peer.ended)
    expect(proxy.offers.map(({ flow }) => flow.who.name)).toEqual(['anna'])
  })
})

test('the header of a balancer, the handshake and the head of a request have one time together', async () => {
  const proxy = await openProxy({ tls: new DoorTls(material, false), headMs: 600, isBalancer: () => true })
  const startedAt = performance.now()
  const { peer, socket } = await secured(proxy.port, { before: 'PROXY TCP4 203.0.113.7 10.0.0.1 56324 443\r\n' })
  const drip = setInterval(() => socket.destroyed || peer.send('x'), 50)
  await peer.receives('HTTP/1.1 408 ').finally(() => clearInterval(drip))
  expect(performance.now() - startedAt).toBeLessThan(1_500)
  expect(proxy.offers).toEqual([])
})

test.each(['ends', 'breaks off'])('a client that %s during the handshake is not waited for', async (how) => {
  const proxy = await openProxy({ tls: new DoorTls(material, false) })
  for (const hello of [await clientHello(), (await clientHello()).subarray(0, 100)]) {
    const client = await proxy.connect()
    client.send(hello)
    if (how === 'ends') client.end()
    else client.reset()
    await client.until('it to be over', () => client.closed || client.ended)
  }
  await eventually('both failures', () => proxy.failed.length === 2)
  expect(proxy.failed).toMatchObject([1, 2].map(() => ({ message: 'TLS: the connection closed during the handshake' })))
})

test('a connection that is gone is no handshake', async () => {
  const proxy = await openProxy({ tls: new DoorTls(material, false), permits: (client) => client === ip('127.0.0.1') })
  const client = await proxy.connect()
  client.reset()
  await eventually('the failure', () => proxy.failed.length === 1)
  expect(proxy.failed).toMatchObject([{ message: 'TLS: the connection closed during the handshake' }])
})
