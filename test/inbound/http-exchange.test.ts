import { randomBytes } from 'node:crypto'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Door } from '../../src/inbound/door.ts'
import { serveRequest } from '../../src/inbound/http-exchange.ts'
import { RingfenceError } from '../../src/model/errors.ts'
import type { FlowId } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import type { HowEnded, Offer } from '../../src/pipeline/ports.ts'
import { parseRequestHead } from '../../src/wire/http1.ts'
import { realClock } from '../support/fake-clock.ts'
import { ip } from '../support/fake-ports.ts'
import { noDatagrams } from '../support/no-datagrams.ts'
import { answersAfterFin, type HttpRequest, ok, startHttpOrigin, startOrigin } from '../support/origin-server.ts'
import { eventually, notToChina, openProxy, policyText, VIA, type World } from '../support/proxy-under-test.ts'
import { never, type Peer, streamPair } from '../support/socket-pair.ts'

const CHINA = '52.81.151.250'
const AMERICA = '170.114.1.1'

const request = (method: string, url: string, fields: readonly string[] = [], body = '', version = '1.1'): string =>
  [`${method} ${url} HTTP/${version}`, `Host: ${new URL(url).host}`, ...fields, '', body].join('\r\n')

const get = (url: string, ...fields: readonly string[]): string => request('GET', url, fields)

/** Without the Date that answers get here; what it says is told in test/conformance. */
const undated = (text: string): string => text.replace(/Date: [^\r]* GMT\r\n/, '')

/** A door, and an origin that `a.com` leads to. */
async function serving(
  answer: (request: HttpRequest) => string | undefined | Promise<string | undefined>,
  world: World & { readonly idleMs?: number } = {},
) {
  const origin = await startHttpOrigin(answer)
  const proxy = await openProxy({
    ...world,
    names: { 'a.com': [AMERICA], 'b.com': [AMERICA], 'china.com': [CHINA], ...world.names },
    routes: { [AMERICA]: origin.port, ...world.routes },
  })
  return { origin, proxy, client: await proxy.connect() }
}

/** An origin that does with its connection what it likes, once the head is there. */
async function misbehaving(act: (peer: Peer) => unknown, world: World & { readonly idleMs?: number; readonly halfClosedMs?: number } = {}) {
  const origin = await startOrigin(async (peer) => {
    await peer.receives('\r\n\r\n')
    await act(peer)
  })
  const proxy = await openProxy({ ...world, names: { 'a.com': [AMERICA] }, routes: { [AMERICA]: origin.port } })
  return { origin, proxy, client: await proxy.connect() }
}

/** Nobody takes any more of what it sends. */
async function stalled({ socket }: Peer): Promise<void> {
  let before = -1
  await eventually('the origin to stall', () => {
    const still = socket.bytesWritten > 1_000 && socket.writableLength === before
    before = socket.writableLength
    return still
  })
}

test('answers on a kept-alive connection leave no timer behind', async () => {
  const timeout = vi.spyOn(AbortSignal, 'timeout')
  onTestFinished(() => timeout.mockRestore())
  const { client } = await serving(() => ok('fine'))
  client.send(get('http://a.com/'))
  await client.receives('fine')
  client.send(get('http://china.com/'))
  await client.receives('502 ')
  client.send('OPTIONS * HTTP/1.1\r\nHost: a.com\r\n\r\n')
  await client.receives('Allow: ')
  expect(timeout).not.toHaveBeenCalled()
})

describe('what the origin receives', () => {
  test('the path of the target, Host written anew from it, Via, and no field that concerns one hop', async () => {
    const { origin, client } = await serving(() => ok('fine'))
    client.send(
      [
        'GET http://A.com:80/path?q=1 HTTP/1.1',
        'Host: lie.example',
        'Proxy-Authorization: Basic c2VjcmV0',
        'Proxy-Connection: keep-alive',
        'Connection: keep-alive, X-Secret',
        'X-Secret: for the proxy only',
        'Keep-Alive: timeout=5',
        'TE: trailers',
        'HTTP2-Settings: AAMAAABkAAQAAP__',
        'Accept: */*',
        'Cookie: a=b',
        '',
        '',
      ].join('\r\n'),
    )
    await client.receives('fine')
    expect(origin.heads).toEqual([
      `GET /path?q=1 HTTP/1.1\r\nHost: a.com\r\nAccept: */*\r\nCookie: a=b\r\nVia: 1.1 ${VIA}\r\nConnection: close\r\n\r\n`,
    ])
  })

  test('a port other than 80, and brackets around IPv6, in Host', async () => {
    const { origin, client } = await serving(() => ok('fine'))
    client.send(get('http://a.com:8080/'))
    await client.receives('fine')
    expect(origin.heads[0]).toContain('\r\nHost: a.com:8080\r\n')
    const v6 = await startHttpOrigin(() => ok('six'))
    const proxy = await openProxy({ routes: { '2001:db8:1::1': v6.port } })
    const other = await proxy.connect()
    other.send(get('http://[2001:db8:1::1]/'))
    await other.receives('six')
    expect(v6.heads[0]).toContain('\r\nHost: [2001:db8:1::1]\r\n')
  })

  test('OPTIONS of a whole server is asked as "*"', async () => {
    const { origin, client } = await serving(() => ok(''))
    client.send(request('OPTIONS', 'http://a.com', []))
    await client.receives('200 OK')
    expect(origin.heads[0]).toMatch(/^OPTIONS \* HTTP\/1\.1\r\n/)
  })

  test('a body with a length', async () => {
    const { origin, client } = await serving(({ body }) => ok(`got ${body.length}`))
    const body = randomBytes(300_000).toString('latin1')
    client.send(request('POST', 'http://a.com/', [`Content-Length: ${body.length}`], body))
    await client.receives('got 300000')
    expect(origin.bodies[0] === body).toBe(true)
  })

  test('a chunked body, its trailers included, without the extensions', async () => {
    const { origin, client } = await serving(() => ok('got it'))
    client.send(request('POST', 'http://a.com/', ['Transfer-Encoding: chunked']))
    await client.drip('5;ext=1\r\nhello\r\n6\r\n world\r\n')
    client.send('0\r\nX-Sum: 42\r\n\r\n')
    await client.receives('got it')
    expect(origin.heads[0]).toMatch(/\r\nTransfer-Encoding: chunked\r\n/)
    expect(origin.bodies[0]?.replace(/[0-9a-f]+\r\n([\s\S]*?)\r\n/g, '$1')).toContain('hello world')
    expect(origin.bodies[0]).toMatch(/0\r\nX-Sum: 42\r\n\r\n$/)
    expect(origin.bodies[0]).not.toContain('ext')
  })

  test('a body that is not valid goes no further: 400', async () => {
    const { proxy, client } = await serving(() => ok('never'))
    client.send(request('POST', 'http://a.com/', ['Transfer-Encoding: chunked'], 'zz\r\n'))
    expect(await client.receivesEnd()).toMatch(/^HTTP\/1\.1 400 /)
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ ending: 'malformed', code: 'client.malformed' }])
  })

  test('a client that leaves in the middle of its body: the origin does not take it for whole', async () => {
    const { origin, proxy, client } = await serving(() => ok('never'))
    client.send(request('POST', 'http://a.com/', ['Content-Length: 100'], 'only this'))
    const peer = await origin.connection(1)
    await peer.receives('only this')
    client.reset()
    await peer.until('the connection to close', () => peer.closed || peer.ended)
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ ending: 'client-gone', code: 'client.gone' }])
  })
})

describe('what the client receives', () => {
  test('a body with a length, and the connection stays open', async () => {
    const { client } = await serving(() => ok('fine', 'Connection: close', 'Keep-Alive: timeout=1', 'X-Own: 1'))
    client.send(get('http://a.com/'))
    expect(undated(await client.receives('fine'))).toBe(`HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Own: 1\r\nVia: 1.1 ${VIA}\r\n\r\nfine`)
    expect(client.ended).toBe(false)
  })

  test('a chunked body, its trailers included', async () => {
    const { client } = await serving(
      () => 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x\r\n world\r\n0\r\nX-Sum: 42\r\n\r\n',
    )
    client.send(get('http://a.com/'))
    expect(undated(await client.receives('X-Sum: 42\r\n\r\n'))).toBe(
      `HTTP/1.1 200 OK\r\nVia: 1.1 ${VIA}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 42\r\n\r\n`,
    )
  })

  test('a body until the origin closes, in chunks, so that its end is certain', async () => {
    const { client } = await misbehaving((peer) => {
      peer.send('HTTP/1.1 200 OK\r\n\r\nall of it')
      peer.end()
    })
    client.send(get('http://a.com/'))
    expect(await client.receives('0\r\n\r\n')).toMatch(/Transfer-Encoding: chunked\r\n\r\n9\r\nall of it\r\n0\r\n\r\n$/)
  })

  test('no body for HEAD, 204 and 304, whatever the fields say', async () => {
    const { client } = await serving(({ head }) =>
      head.startsWith('HEAD')
        ? 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n'
        : head.includes('/204')
          ? 'HTTP/1.1 204 No Content\r\n\r\n'
          : 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n',
    )
    client.send(request('HEAD', 'http://a.com/'))
    await client.receives('Content-Length: 1000')
    client.send(get('http://a.com/204'))
    await client.receives('204 No Content')
    client.send(get('http://a.com/304'))
    await client.receives('304 Not Modified')
    client.send(request('HEAD', 'http://a.com/', ['X: last']))
    await client.until('four answers', () => client.text.match(/HTTP\/1\.1 /g)?.length === 4)
  })

  test('bytes behind a 204 are not the next answer', async () => {
    const { client } = await serving(({ head }) =>
      head.startsWith('GET /1') ? 'HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil' : ok('good'),
    )
    client.send(get('http://a.com/1'))
    await client.receives('204')
    client.send(get('http://a.com/2'))
    expect(await client.receives('good')).not.toContain('evil')
  })

  test('10 MB, whole', async () => {
    const body = randomBytes(10 * 1024 * 1024)
    const { proxy, client } = await misbehaving((peer) => {
      peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`)
      peer.send(body)
    })
    client.send(get('http://a.com/'))
    await client.receives('\r\n\r\n')
    const start = client.text.indexOf('\r\n\r\n') + 4
    await client.receivesBytes(start + body.length)
    expect(client.bytes.subarray(start).equals(body)).toBe(true)
    await proxy.flowsOver(1)
    expect(proxy.writer.ended[0]?.down).toBe(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`.length + body.length)
  })

  test('an HTTP/1.0 client is answered without chunks, and the connection ends', async () => {
    const { client } = await serving(() => 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n')
    client.send('GET http://a.com/ HTTP/1.0\r\n\r\n')
    expect(undated(await client.receivesEnd())).toBe(`HTTP/1.1 200 OK\r\nVia: 1.1 ${VIA}\r\nConnection: close\r\n\r\nhello`)
  })

  test('a client that asks for close is closed after the answer', async () => {
    const { client } = await serving(() => ok('fine'))
    client.send(get('http://a.com/', 'Connection: close'))
    expect(await client.receivesEnd()).toMatch(/\r\nConnection: close\r\n\r\nfine$/)
  })

  test('a client that ends its side behind the request, and is slow to read, gets all of a large answer', async () => {
    const body = randomBytes(16 * 1024 * 1024)
    const { origin, proxy } = await misbehaving((peer) => {
      peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`)
      peer.send(body)
    })
    for (const [i, fields] of [[], ['Connection: close']].entries()) {
      const client = await proxy.connect({ paused: true })
      client.send(get('http://a.com/', ...fields))
      client.end()
      const peer = await origin.connection(i + 1)
      await stalled(peer)
      client.socket.resume()
      const text = await client.receivesEnd()
      expect(text.length - text.indexOf('\r\n\r\n') - 4).toBe(body.length)
    }
  })
})

describe('one connection, several requests', () => {
  test('each is a flow of its own with a record of its own', async () => {
    const { origin, proxy, client } = await serving(({ head }) => ok(/^GET (\S+)/.exec(head)?.[1] ?? ''))
    for (const url of ['http://a.com/one', 'http://b.com/two', 'http://a.com/three']) {
      client.send(get(url))
      await client.receives(`\r\n\r\n${new URL(url).pathname}`)
    }
    await proxy.flowsOver(3)
    expect(proxy.writer.decided.map(({ personal }) => personal.asked)).toEqual(['a.com', 'b.com', 'a.com'])
    expect(proxy.writer.ended.map(({ ending }) => ending)).toEqual(['completed', 'completed', 'completed'])
    expect(new Set(proxy.writer.decided.map(({ id }) => id)).size).toBe(3)
    expect(proxy.resolver.asked).toEqual(['a.com', 'b.com', 'a.com'])
    expect(origin.connections).toHaveLength(3)
  })

  test('a 403 keeps the connection for the next request', async () => {
    const { proxy, client } = await serving(() => ok('fine'), { policy: policyText('enforce', notToChina) })
    client.send(get('http://china.com/'))
    await client.receives('fence "nothing-to-china" lets nothing reach it.\n')
    expect(client.text).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
    expect(client.text).not.toMatch(/Connection: close/)
    client.send(get('http://a.com/'))
    await client.receives('fine')
    expect(proxy.dialer.tried).toEqual([`${AMERICA}:80`])
    expect(proxy.writer.decided.map(({ verdict }) => verdict)).toEqual(['block', 'allow'])
  })

  test('a 403 to a request with a body closes, for the body would be taken for a request', async () => {
    const { proxy, client } = await serving(() => ok('never'), { policy: policyText('enforce', notToChina) })
    const smuggled = get('http://a.com/smuggled')
    client.send(request('POST', 'http://china.com/', [`Content-Length: ${smuggled.length}`], smuggled))
    expect(await client.receivesEnd()).toMatch(/^HTTP\/1\.1 403 [\s\S]*\r\nConnection: close\r\n/)
    expect(proxy.offers).toHaveLength(1)
  })

  test('pipelined requests are answered in order', async () => {
    const { proxy, client } = await serving(
      async ({ head }) => {
        if (head.includes('/slow')) await new Promise((resolve) => setTimeout(resolve, 100))
        return ok(/^GET (\S+)/.exec(head)?.[1] ?? '')
      },
      { policy: policyText('enforce', notToChina) },
    )
    client.send(get('http://a.com/slow') + get('http://china.com/') + get('http://a.com/fast') + get('http://a.com/last'))
    await client.receives('/last')
    expect(client.text.match(/\/slow|403 Forbidden|\/fast|\/last/g)).toEqual(['/slow', '403 Forbidden', '/fast', '/last'])
    await proxy.flowsOver(4)
  })

  test('a client that asks without end and reads nothing is not answered without end', async () => {
    const { proxy } = await serving(() => ok('never'), { policy: policyText('enforce', notToChina) })
    const client = await proxy.connect({ paused: true })
    const many = get('http://china.com/').repeat(2_000)
    let before = -1
    let still = 0
    await eventually(
      'the door to stop answering',
      () => {
        if (client.socket.writableLength < 4 * many.length) client.send(many)
        still = proxy.offers.length === before ? still + 1 : 0
        before = proxy.offers.length
        return still === 40
      },
      18_000,
    )
    const [offer] = proxy.offers.slice(-1)
    expect(offer).toBeDefined()
    client.reset()
  })

  test('a request with its end right behind it is answered', async () => {
    const { client } = await serving(() => ok('fine'))
    client.send(get('http://a.com/'))
    client.end()
    expect(await client.receivesEnd()).toMatch(/fine$/)
    await client.until('the connection to close', () => client.closed)
    expect(client.errno).toBeNull()
  })
})

describe('interim responses and upgrades', () => {
  test('Expect: 100-continue: the interim response reaches the client, then its body the origin', async () => {
    const { origin, client } = await serving(async ({ head, peer }) => {
      expect(head).toMatch(/\r\nExpect: 100-continue\r\n/)
      peer.send('HTTP/1.1 100 Continue\r\n\r\n')
      await peer.receives('payload')
      return ok('thanks')
    })
    client.send(request('POST', 'http://a.com/', ['Expect: 100-continue', 'Content-Length: 7']))
    await client.receives(`HTTP/1.1 100 Continue\r\nVia: 1.1 ${VIA}\r\n\r\n`)
    client.send('payload')
    await client.receives('thanks')
    expect(origin.connections).toHaveLength(1)
  })

  test('an origin that refuses the expectation is heard, and the connection is not used again', async () => {
    const { client } = await serving(() => 'HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n')
    client.send(request('POST', 'http://a.com/', ['Expect: 100-continue', 'Content-Length: 7']))
    expect(await client.receivesEnd()).toMatch(/^HTTP\/1\.1 417 /)
  })

  test('an HTTP/1.0 client is spared interim responses', async () => {
    const { client } = await serving(() => `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${ok('fine')}`)
    client.send('GET http://a.com/ HTTP/1.0\r\n\r\n')
    expect(await client.receivesEnd()).toMatch(/^HTTP\/1\.1 200 OK/)
  })

  test('interim responses without end are not passed on without end', async () => {
    const { client } = await serving(() => 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100))
    client.send(get('http://a.com/'))
    expect(await client.receives('more than 32 interim responses')).toContain('502 Bad Gateway')
  })

  test('101 turns the connection into a tunnel: bytes on both sides of it arrive', async () => {
    const { origin, proxy, client } = await serving(({ head, peer }) => {
      expect(head).toMatch(/\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/)
      peer.socket.on('data', (chunk) => peer.send(`<${chunk}>`))
      peer.socket.on('end', () => peer.end())
      return 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\nglued'
    })
    client.send(get('http://a.com/chat', 'Upgrade: websocket', 'Connection: keep-alive, Upgrade', 'Sec-WebSocket-Key: y'))
    await client.receives('glued')
    expect(client.text).toBe(
      `HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nVia: 1.1 ${VIA}\r\n\r\nglued`,
    )
    client.send('\x00ping')
    await client.receives('<\x00ping>')
    client.end()
    await client.receivesEnd()
    await proxy.flowsOver(1)
    expect(origin.heads).toHaveLength(1)
    expect(proxy.writer.ended).toMatchObject([{ ending: 'completed' }])
  })

  test('a 101 that nobody asked for is 502', async () => {
    const { client } = await serving(() => 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: evil\r\nConnection: Upgrade\r\n\r\n')
    client.send(get('http://a.com/'))
    await client.receives('502 Bad Gateway')
  })
})

describe('what goes wrong at the origin', () => {
  const bodies = {
    'a length': ['Content-Length: 100\r\n\r\nonly this', 'only this'],
    'a chunk': ['Transfer-Encoding: chunked\r\n\r\n64\r\nonly this', '9\r\nonly this\r\n'],
    chunks: ['Transfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n', '9\r\nonly this\r\n'],
    'no length, passed on in chunks,': ['\r\nonly this', '9\r\nonly this\r\n'],
  } as const
  const ends = ['ends early', (peer: Peer) => peer.end(), 'failed', 'relay.truncated'] as const
  const breaks = ['breaks', (peer: Peer) => peer.reset(), 'reset', 'relay.reset'] as const
  const stalls = ['stalls', () => undefined, 'idle', 'relay.idle'] as const
  const babbles = ['turns into nonsense', (peer: Peer) => peer.send('nonsense'), 'failed', 'relay.malformed-response'] as const
  const brokenOff = [
    ...[ends, breaks, stalls].map((way) => ['a length', ...way] as const),
    ...[ends, breaks, stalls].map((way) => ['a chunk', ...way] as const),
    ...[ends, breaks, stalls, babbles].map((way) => ['chunks', ...way] as const),
    ...[breaks, stalls].map((way) => ['no length, passed on in chunks,', ...way] as const),
  ]
  test.each(brokenOff)('a body with %s that %s: all that came arrives, then an end, and no other answer', async (...how) => {
    const [framing, , act, ending, code] = how
    const [sent, arrives] = bodies[framing]
    const { proxy, client } = await misbehaving(
      async (peer) => {
        peer.send(`HTTP/1.1 200 OK\r\n${sent}`)
        await client.receives('only this')
        act(peer)
      },
      { idleMs: 500 },
    )
    client.send(get('http://a.com/').repeat(2))
    const text = await client.receivesEnd()
    expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe(arrives)
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ ending, code }])
    expect(proxy.offers).toHaveLength(1)
    client.end()
    await client.until('the connection to close', () => client.closed)
  })

  test.each([
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n', (peer: Peer) => peer.end()],
    ['no length', '\r\nonly this', (peer: Peer) => peer.reset()],
  ] as const)('to an HTTP/1.0 client a body with %s that breaks off is a reset: an end would look complete', async (_, sent, act) => {
    const { client } = await misbehaving(async (peer) => {
      peer.send(`HTTP/1.1 200 OK\r\n${sent}`)
      await client.receives('only this')
      act(peer)
    })
    client.send('GET http://a.com/ HTTP/1.0\r\n\r\n')
    expect(await client.receivesReset()).toMatch(/\r\nConnection: close\r\n\r\nonly this$/)
  })

  test('a client that is slow to read gets all of what came of a large body', async () => {
    const half = randomBytes(16 * 1024 * 1024)
    const { origin, proxy } = await misbehaving((peer) => {
      peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${2 * half.length}\r\n\r\n`)
      peer.send(half)
      peer.end()
    })
    const client = await proxy.connect({ paused: true })
    client.send(get('http://a.com/'))
    const peer = await origin.connection(1)
    await stalled(peer)
    client.socket.resume()
    await client.receivesEnd()
    expect(client.bytes.subarray(client.text.indexOf('\r\n\r\n') + 4).equals(half)).toBe(true)
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ ending: 'failed', code: 'relay.truncated' }])
  })

  test('a client that takes nothing for the idle time is reset', async () => {
    const { proxy } = await misbehaving(
      (peer) => {
        peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${64 * 1024 * 1024}\r\n\r\n`)
        peer.send(Buffer.alloc(64 * 1024 * 1024))
      },
      { idleMs: 1_000 },
    )
    const client = await proxy.connect({ paused: true })
    client.send(get('http://a.com/'))
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ ending: 'idle', code: 'relay.idle' }])
    client.socket.resume()
    // A client whose window was full may have missed the reset: what it sends is answered by another.
    client.send('still here')
    await client.receivesReset()
  })

  test('a body until close with a reset right behind it never looks complete', async () => {
    const { client } = await misbehaving(async (peer) => {
      await new Promise<void>((resolve) => peer.socket.write('HTTP/1.1 200 OK\r\n\r\nonly this', () => resolve()))
      peer.reset()
    })
    client.send(get('http://a.com/'))
    await client.until('the connection to be over', () => client.closed || client.ended || client.text.includes('502'))
    // The head may be lost together with the reset: then it is a 502.
    expect(client.text).not.toMatch(/\r\n0\r\n\r\n$/)
  })

  test.each([
    ['nothing', (peer: Peer) => peer.end(), 'relay.truncated'],
    ['half a head', (peer: Peer) => peer.socket.end('HTTP/1.1 200 OK\r\nContent-'), 'relay.truncated'],
    ['a reset', (peer: Peer) => peer.reset(), 'relay.reset'],
    ['another protocol', (peer: Peer) => peer.send('SSH-2.0-OpenSSH_9.6\r\n'), 'relay.malformed-response'],
    [
      'two lengths',
      (peer: Peer) => peer.send('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
      'relay.malformed-response',
    ],
    [
      'a length and chunks',
      (peer: Peer) => peer.send('HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'),
      'relay.malformed-response',
    ],
  ] as const)('an origin that answers with %s is a 502, and the connection is kept', async (_, act, code) => {
    const { proxy, client } = await misbehaving(act)
    client.send(get('http://a.com/'))
    await client.receives('HTTP/1.1 502 Bad Gateway\r\n')
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ code }])
    expect(client.ended).toBe(false)
    client.send(get('http://nowhere.test/'))
    await client.receives('nowhere.test does not exist')
  })

  test('an origin that says nothing for the idle time is a 504', async () => {
    const { proxy, client } = await misbehaving(() => undefined, { idleMs: 200 })
    client.send(get('http://a.com/'))
    await client.receives('HTTP/1.1 504 Gateway Timeout\r\n')
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ ending: 'idle', code: 'relay.idle' }])
  })

  test('an origin that answers before it has read the request is heard', async () => {
    const { client } = await misbehaving((peer) => {
      peer.send('HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nenough'.slice(0, -1))
      peer.end()
    })
    client.send(request('POST', 'http://a.com/', ['Content-Length: 10000000'], 'x'.repeat(100_000)))
    await client.receives('enoug')
    await client.receivesEnd()
  })

  test('a client that went away before the answer looks like one that waits: the origin is let go when half-open tunnels are', async () => {
    const { origin, proxy, client } = await misbehaving(() => undefined, { halfClosedMs: 200 })
    client.send(get('http://a.com/'))
    const peer = await origin.connection(1)
    await peer.receives('\r\n\r\n')
    client.socket.destroy()
    await peer.receivesEnd()
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ ending: 'idle', code: 'relay.idle' }])
  })

  test('a client that leaves while the answer is on its way: the origin is let go', async () => {
    const { origin, proxy, client } = await misbehaving((peer) => peer.send('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart'))
    client.send(get('http://a.com/'))
    await client.receives('part')
    client.reset()
    const peer = await origin.connection(1)
    await peer.until('the connection to be over', () => peer.ended || peer.closed)
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ ending: 'client-gone' }])
  })

  test('an origin is never sent our end before it has answered', async () => {
    const origin = await startOrigin(answersAfterFin(() => ok('too late')))
    const proxy = await openProxy({ names: { 'a.com': [AMERICA] }, routes: { [AMERICA]: origin.port }, idleMs: 200 })
    const client = await proxy.connect()
    client.send(get('http://a.com/'))
    await client.receives('504')
  })
})

test('a cut that came before the exchange began lets no byte through', async () => {
  const { near, far } = await streamPair()
  const { near: up, far: origin } = await streamPair()
  const cut = AbortSignal.abort(new RingfenceError('policy.cut', 'Blocked: it is forbidden by now'))
  const ended: HowEnded[] = []
  const carry = async (offer: Offer) => {
    const upstream = { stream: up, remote: { host: ip(AMERICA), port: 80 }, via: null, connectMs: 1 }
    ended.push(await offer.relay(upstream, { up: 0, down: 0 }, cut))
  }
  const door: Door = {
    name: 'http',
    limits: { headBytes: 1_000, headMs: 1_000, relay: { idleMs: 1_000, halfClosedMs: 1_000 } },
    clock: realClock,
    via: VIA,
    stopping: never,
    attributions: [],
    login: null,
    groupsOf: () => [],
    hasRoom: () => true,
    nextId: () => 'id' as FlowId,
    carry,
    ...noDatagrams,
    malformed: () => undefined,
    loginFailed: () => undefined,
  }
  const head = parseRequestHead(Buffer.from(get('http://a.com/')), door.limits)
  if (head.kind !== 'value' || head.value.target.kind !== 'absolute') throw new Error('no request')
  const guest = { stream: near, client: { host: ip('127.0.0.1'), port: 5 }, who: anonymous }
  expect(await serveRequest(guest, head.value, head.value.target, { kind: 'none' }, door)).toBe('keep')
  expect(ended).toMatchObject([{ ending: 'cut', code: 'policy.cut' }])
  expect(await far.receives('forbidden by now')).toMatch(/^HTTP\/1\.1 403 /)
  await origin.until('the connection to be over', () => origin.ended || origin.closed)
  expect(origin.text).toBe('')
})
