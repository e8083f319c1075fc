import { describe, expect, test } from 'vitest'
import type { Door } from '../../src/inbound/door.ts'
import { serveHttp } from '../../src/inbound/http.ts'
import type { FlowId } from '../../src/model/flow.ts'
import { Deadline } from '../../src/pipeline/deadline.ts'
import { realClock } from '../support/fake-clock.ts'
import { ip } from '../support/fake-ports.ts'
import { noDatagrams } from '../support/no-datagrams.ts'
import { answersAfterFin, bannerFirst, echo, startOrigin } from '../support/origin-server.ts'
import { eventually, notToChina, openProxy, policyText } from '../support/proxy-under-test.ts'
import { fired, streamPair } from '../support/socket-pair.ts'

const CHINA = '52.81.151.250'
const AMERICA = '170.114.1.1'

const connectTo = (target: string, ...fields: readonly string[]): string =>
  [`CONNECT ${target} HTTP/1.1`, `Host: ${target}`, ...fields, '', ''].join('\r\n')

describe('CONNECT', () => {
  test('opens a tunnel, byte for byte, in both directions', async () => {
    const origin = await startOrigin(bannerFirst('hello '))
    const proxy = await openProxy({ names: { 'a.com': [AMERICA] }, routes: { [AMERICA]: origin.port } })
    const client = await proxy.connect()
    client.send(connectTo('a.com:22'))
    await client.receives('HTTP/1.1 200 Connection established\r\n\r\nhello ')
    client.send('ping')
    await client.receives('hello ping')
    client.end()
    await client.receivesEnd()
    expect((await origin.connection(1)).text).toBe('ping')
  })

  test('bytes glued behind the head reach the origin first', async () => {
    const origin = await startOrigin(echo)
    const proxy = await openProxy({ routes: { [AMERICA]: origin.port } })
    const client = await proxy.connect()
    client.send(`${connectTo(`${AMERICA}:443`)}early`)
    await client.receives('early')
    client.send(' late')
    expect(await client.receives('late')).toBe('HTTP/1.1 200 Connection established\r\n\r\nearly late')
  })

  test('a client that ends its side at once, behind its bytes, still gets its answer', async () => {
    const origin = await startOrigin(answersAfterFin((said) => `you said ${said}`))
    const proxy = await openProxy({ routes: { [AMERICA]: origin.port } })
    const client = await proxy.connect()
    client.send(`${connectTo(`${AMERICA}:80`)}everything`)
    client.end()
    expect(await client.receivesEnd()).toMatch(/you said everything$/)
  })

  test('refused by policy, it says why in a status, in Proxy-Status and in one line of text', async () => {
    const proxy = await openProxy({ policy: policyText('enforce', notToChina), names: { 'zoom.us': [CHINA] } })
    const client = await proxy.connect()
    client.send(connectTo('zoom.us:443'))
    const [head = '', body = ''] = (await client.receivesEnd()).split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
    expect(head).toMatch(
      /\r\nProxy-Status: ringfence; error=http_request_denied; details="Blocked: zoom\.us is at 52\.81\.151\.250, [^"\r]*\\"nothing-to-china\\"[^\r]*"/,
    )
    expect(head).toMatch(/\r\nConnection: close/)
    expect(body).toMatch(/^Blocked: zoom\.us is at 52\.81\.151\.250, .*\n$/)
    expect(head).toMatch(new RegExp(`\r\nContent-Length: ${body.length}\r\n`))
  })

  test('an IPv6 target stands in brackets', async () => {
    const origin = await startOrigin(echo)
    const proxy = await openProxy({ routes: { '2001:db8:1::1': origin.port } })
    const client = await proxy.connect()
    client.send(connectTo('[2001:db8:1::1]:443'))
    await client.receives('200')
    expect(proxy.dialer.tried).toEqual(['[2001:db8:1::1]:443'])
  })

  test('a head that comes byte by byte is read as one', async () => {
    const origin = await startOrigin(echo)
    const proxy = await openProxy({ routes: { [AMERICA]: origin.port } })
    const client = await proxy.connect()
    await client.drip(`${connectTo(`${AMERICA}:443`)}abc`)
    await client.receives('\r\n\r\nabc')
  })

  test.each([
    ['a port beyond 65535', connectTo('a.com:65979')],
    ['no port', connectTo('a.com')],
    ['a body', connectTo('a.com:443', 'Content-Length: 5')],
    ['user information', connectTo('me@a.com:443')],
  ])('with %s is turned away with 400 and never becomes a flow', async (_, head) => {
    const proxy = await openProxy()
    const client = await proxy.connect()
    client.send(head)
    expect(await client.receivesEnd()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(proxy.offers).toEqual([])
    expect(proxy.malformed).toHaveLength(1)
  })
})

describe('a request that is not for a proxy', () => {
  test('to a path, as to a web site: it is told how to use the proxy', async () => {
    const proxy = await openProxy()
    const client = await proxy.connect()
    client.send(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${proxy.port}\r\nAccept: text/html\r\n\r\n`)
    const answer = await client.receivesEnd()
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(answer).toContain(`Set http://127.0.0.1:${proxy.port} as the HTTP proxy of your browser or program.`)
    expect(answer).toContain('<!doctype html>')
    expect(proxy.offers).toEqual([])
  })

  test.each([
    ['of HTTP/2 is 505', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
    ['for https: is 501', 'GET https://a.com/ HTTP/1.1\r\nHost: a.com\r\n\r\n', 501],
    [
      'with an unknown transfer coding is 501',
      'POST http://a.com/ HTTP/1.1\r\nHost: a.com\r\nTransfer-Encoding: cow, chunked\r\n\r\n',
      501,
    ],
    ['with two lengths is 400', 'POST http://a.com/ HTTP/1.1\r\nHost: a.com\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    [
      'with a length and chunks is 400',
      'POST http://a.com/ HTTP/1.1\r\nHost: a.com\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['without Host is 400', 'GET http://a.com/ HTTP/1.1\r\n\r\n', 400],
    ['with a bare LF is 400', 'GET http://a.com/ HTTP/1.1\nHost: a.com\n\n', 400],
    ['with too long a target is 414', `GET http://a.com/${'x'.repeat(40_000)} HTTP/1.1\r\n`, 414],
    ['with too large a head is 431', `GET http://a.com/ HTTP/1.1\r\nHost: a.com\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`, 431],
    ['that is a TLS hello is 400 in clear', '\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03', 400],
  ])('%s', async (_, bytes, status) => {
    const proxy = await openProxy()
    const client = await proxy.connect()
    client.send(bytes)
    expect(await client.receivesEnd()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(proxy.offers).toEqual([])
    expect(proxy.malformed).toHaveLength(1)
    client.end()
    await client.until('the connection to close', () => client.closed)
    expect(client.errno).toBeNull()
  })
})

test('a head that comes too slowly is answered 408 when the time for a whole head is over', async () => {
  const proxy = await openProxy({ headMs: 300 })
  const client = await proxy.connect()
  const startedAt = performance.now()
  const dripping = setInterval(() => client.send('x'), 50)
  client.send('GET http://a.com/ HTTP/1.1\r\nX: ')
  expect(await client.receivesEnd()).toMatch(/^HTTP\/1\.1 408 /)
  clearInterval(dripping)
  expect(performance.now() - startedAt).toBeLessThan(2_000)
  expect(proxy.offers).toEqual([])
  expect(proxy.malformed).toEqual(['HTTP: the head of the request did not come in time'])
})

test('a connection that rests between requests is not a slow head', async () => {
  const proxy = await openProxy({ headMs: 100 })
  const client = await proxy.connect()
  client.send('GET http://nowhere.test/ HTTP/1.1\r\nHost: nowhere.test\r\n\r\n')
  await client.receives('502')
  const resting = performance.now()
  await eventually('more than the time for a head', () => performance.now() - resting > 300)
  client.send('GET http://elsewhere.test/ HTTP/1.1\r\nHost: elsewhere.test\r\n\r\n')
  await client.receives('elsewhere.test does not exist')
})

test('while memory is short, a connection that is in has its first request answered, and the next one turned away', async () => {
  let asked = 0
  const hasRoom = () => asked++ > 0
  const proxy = await openProxy({ hasRoom })
  const get = 'GET http://nowhere.test/ HTTP/1.1\r\nHost: nowhere.test\r\n\r\n'
  const client = await proxy.connect()
  client.send(get)
  await client.receives('502')
  expect(asked).toBe(0)
  client.send(get)
  const answers = await client.receivesEnd()
  expect(answers).toMatch(/HTTP\/1\.1 503 [\s\S]*\r\nProxy-Status: ringfence; error=proxy_internal_error; [\s\S]*\r\nRetry-After: 5\r\n/)
  expect(answers).toMatch(/\r\nConnection: close\r\n\r\nThis proxy has no room for another request now\. /)
  expect([proxy.offers.length, proxy.malformed]).toEqual([1, []])
})

test('a connection that rests for longer than the idle time is closed', async () => {
  const proxy = await openProxy({ idleMs: 100 })
  const client = await proxy.connect()
  client.send('GET http://nowhere.test/ HTTP/1.1\r\nHost: nowhere.test\r\n\r\n')
  await client.receivesEnd()
})

test('a client that has ended its side still gets an answer that is waiting for it', async () => {
  const { near, far } = await streamPair('handle', { paused: true })
  const waiting = Buffer.alloc(32 * 1024 * 1024)
  near.wire.write(waiting)
  far.end()
  await fired(near.left)
  const door: Door = {
    name: 'http',
    limits: { headBytes: 1_000, headMs: 1_000, relay: { idleMs: 1_000, halfClosedMs: 1_000 } },
    clock: realClock,
    via: 'ringfence-test',
    stopping: new AbortController().signal,
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
  const inTime = new Deadline(8_000, 'the test')
  await serveHttp({ stream: near, client: { host: ip('127.0.0.1'), port: 5 }, shown: null, inTime }, door)
  far.socket.resume()
  expect((await far.receivesEnd()).length).toBe(waiting.length)
  await fired(near.closed)
})

test('a client that leaves in the middle of a head leaves nothing behind', async () => {
  const proxy = await openProxy()
  const client = await proxy.connect()
  client.send('GET http://a.c')
  client.end()
  await client.receivesEnd()
  await client.until('the connection to close', () => client.closed)
  expect([proxy.offers, proxy.malformed, proxy.failed]).toEqual([[], [], []])
})
