import { describe, expect, test } from 'vitest'
import type { Hop } from '../../../src/egress/upstream/hop.ts'
import { connectByHttp } from '../../../src/egress/upstream/http.ts'
import { RingfenceError } from '../../../src/model/errors.ts'
import { StopSource } from '../../../src/model/stop.ts'
import { ip } from '../../support/fake-ports.ts'
import { never } from '../../support/socket-pair.ts'
import { connectTo } from './connection.ts'
import { scriptedProxy, type Turn } from './scripted-proxy.ts'

const v4 = { host: ip('203.0.113.9'), port: 443 }
const v6 = { host: ip('2001:db8::9'), port: 8443 }
const login = { name: 'anna', password: 'sécret' }

const answers = (say: string, leave?: 'end' | 'reset'): Turn => ({ after: '\r\n\r\n', say, ...(leave === undefined ? {} : { leave }) })

async function connect(turns: readonly Turn[], { to = v4, login: as = null as Hop['login'], via = null as string | null } = {}) {
  const proxy = await scriptedProxy(turns)
  const stream = await connectTo(proxy.port)
  const hop: Hop = { type: 'http', server: { host: ip('127.0.0.1'), port: proxy.port }, login: as, tls: null }
  return { proxy, stream, done: connectByHttp(stream, to, hop, never, via) }
}

test('the proxy is asked for an address, and what comes behind its answer belongs to the tunnel', async () => {
  const { proxy, stream, done } = await connect([answers('HTTP/1.1 200 Connection established\r\n\r\n220 hello')])
  await done
  await stream.grown(8, never)
  expect(Buffer.from(stream.held).toString()).toBe('220 hello')
  expect(String(proxy.received[0])).toBe('CONNECT 203.0.113.9:443 HTTP/1.1\r\nHost: 203.0.113.9:443\r\n\r\n')
})

test('an IPv6 address stands in brackets; a login and the name of this process go with it', async () => {
  const { proxy, done } = await connect([answers('HTTP/1.0 200 ok\r\n\r\n')], { to: v6, login, via: 'ringfence-1' })
  await done
  expect(String(proxy.received[0])).toBe(
    [
      'CONNECT [2001:db8::9]:8443 HTTP/1.1',
      'Host: [2001:db8::9]:8443',
      'Via: 1.1 ringfence-1',
      `Proxy-Authorization: Basic ${Buffer.from('anna:sécret').toString('base64')}`,
      '',
      '',
    ].join('\r\n'),
  )
})

test('what a 2xx says of a body is no body', async () => {
  const { stream, done } = await connect([
    answers('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello'),
  ])
  await done
  await stream.grown(4, never)
  expect(Buffer.from(stream.held).toString()).toBe('hello')
})

test('interim answers are passed over, but not without end', async () => {
  await (await connect([answers('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 ok\r\n\r\n')])).done
  await expect((await connect([answers('HTTP/1.1 100 Continue\r\n\r\n'.repeat(20))])).done).rejects.toMatchObject({
    code: 'upstream.malformed',
  })
})

test('an answer that drips in byte by byte is the same answer', async () => {
  const drops = [...'HTTP/1.1 200 Connection established\r\nA: b\r\n\r\n'].map((say) => ({ after: '\r\n\r\n', say }))
  await (await connect(drops)).done
})

test.each([
  ['301 Moved', '', 'upstream.malformed'],
  ['101 Switching Protocols', '', 'upstream.malformed'],
  ['400 Bad Request', '', 'upstream.refused'],
  ['401 Unauthorized', '', 'upstream.unauthenticated'],
  ['403 Forbidden', '', 'upstream.refused'],
  ['403 Forbidden', 'Proxy-Status: next; error=connection_refused\r\n', 'dial.refused'],
  ['407 Proxy Authentication Required', '', 'upstream.unauthenticated'],
  ['407 Proxy Authentication Required', 'Proxy-Status: next; error=connection_refused\r\n', 'upstream.unauthenticated'],
  ['429 Too Many Requests', '', 'upstream.refused'],
  ['500 Internal Server Error', '', 'dial.failed'],
  ['502 Bad Gateway', '', 'dial.failed'],
  ['502 Bad Gateway', 'Proxy-Status: far; error=connection_refused, near; error=connection_timeout\r\n', 'dial.refused'],
  ['502 Bad Gateway', 'Proxy-Status: "a b"; received-status=1;error=destination_ip_unroutable; details="x"\r\n', 'dial.host-unreachable'],
  ['502 Bad Gateway', 'Proxy-Status: x; error=something_new\r\n', 'dial.failed'],
  ['503 Service Unavailable', '', 'dial.failed'],
  ['504 Gateway Timeout', '', 'dial.timeout'],
  ['508 Loop Detected', '', 'upstream.refused'],
  ['600 What', '', 'upstream.malformed'],
])('%s %s is %s', async (status, field, code) => {
  await expect((await connect([answers(`HTTP/1.1 ${status}\r\n${field}Content-Length: 0\r\n\r\n`)])).done).rejects.toMatchObject({ code })
})

test('a login that is not accepted is told without it', async () => {
  const { proxy, done } = await connect([answers('HTTP/1.1 407 sécret\r\n\r\n')], { login })
  const error = await done.catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ message: `the upstream proxy 127.0.0.1:${proxy.port} does not accept the login (status 407)` })
})

describe('a proxy that is none', () => {
  test.each([
    ['SOCKS', [answers('\u0005\u0000')], 'speaks no HTTP: not an HTTP/1 response'],
    ['HTTP/2', [answers('PRI * HTTP/2.0\r\n\r\n')], 'speaks no HTTP'],
    ['a broken field', [answers('HTTP/1.1 200 ok\r\nbad field\r\n\r\n')], 'speaks no HTTP'],
    ['a head without end', [answers(`HTTP/1.1 200 ok\r\nA: ${'b'.repeat(40_000)}`)], 'speaks no HTTP'],
    ['the end at once', [{ after: 0, leave: 'end' }], 'closed the connection before its answer was complete'],
    ['half an answer', [answers('HTTP/1.1 200 o', 'end')], 'closed the connection before its answer was complete'],
    ['a reset', [answers('HTTP/1.1 2', 'reset')], 'closed the connection before its answer was complete'],
  ] as const)('%s: upstream.malformed', async (_, turns, says) => {
    const error = await (await connect(turns)).done.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'upstream.malformed' })
    expect(String(error)).toContain(says)
  })

  test('silence lasts until the dial is given up', async () => {
    const proxy = await scriptedProxy([])
    const stop = new StopSource()
    const hop: Hop = { type: 'http', server: { host: ip('127.0.0.1'), port: proxy.port }, login: null, tls: null }
    const done = connectByHttp(await connectTo(proxy.port), v4, hop, stop, null)
    stop.abort(new RingfenceError('dial.timeout', 'the time is over'))
    await expect(done).rejects.toMatchObject({ code: 'dial.timeout' })
  })
})
