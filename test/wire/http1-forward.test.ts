import { expect, test } from 'vitest'
import { isHost, parseHost } from '../../src/model/hostname.ts'
import type { Field } from '../../src/wire/http1-fields.ts'
import {
  asksForUpgrade,
  interimToClient,
  isSwitchAsAsked,
  requestToOrigin,
  responseToClient,
  wantsKeepAlive,
} from '../../src/wire/http1-forward.ts'
import type { Http1Version, RequestHead, ResponseHead } from '../../src/wire/http1-head.ts'

const none = { kind: 'none' } as const

const fieldsOf = (fields: Readonly<Record<string, string>>): readonly Field[] =>
  Object.entries(fields).map(([name, value]) => ({ name, value }))

const target = (host: string, port = 80, path = '/') => {
  const parsed = parseHost(host)
  if (!isHost(parsed)) throw new Error(parsed.problem)
  return { kind: 'absolute', scheme: 'http', host: parsed, port, path } as const
}

const request = (fields: Readonly<Record<string, string>>, { method = 'GET', version = '1.1' as const } = {}): RequestHead => ({
  method,
  target: target('a.com'),
  version,
  fields: fieldsOf(fields),
})

const lines = ({ fields }: { readonly fields: readonly Field[] }) => fields.map(({ name, value }) => `${name}: ${value}`)

test('the origin is asked by its own name, whatever Host said, and nothing meant for the proxy reaches it', () => {
  const head = request({
    Host: 'evil.com',
    'Proxy-Authorization': 'Basic x',
    'Proxy-Connection': 'keep-alive',
    Connection: 'X-Mine',
    'X-Mine': '1',
    Accept: '*/*',
  })
  const forwarded = requestToOrigin(head, target('a.com', 8080, '/p?q'), none, 'us')
  expect(forwarded).toMatchObject({ method: 'GET', version: '1.1', target: { kind: 'origin', path: '/p?q' } })
  expect(lines(forwarded)).toEqual(['Host: a.com:8080', 'Accept: */*', 'Via: 1.1 us', 'Connection: close'])
})

test('the default port is left out of Host, and IPv6 addresses stand in brackets', () => {
  const hostOf = (host: string, port: number) => requestToOrigin(request({}), target(host, port), none, 'us').fields[0]?.value
  expect([hostOf('a.com', 80), hostOf('a.com', 81), hostOf('[2600:1f18::1]', 80), hostOf('[2600:1f18::1]', 81)]).toEqual([
    'a.com',
    'a.com:81',
    '[2600:1f18::1]',
    '[2600:1f18::1]:81',
  ])
})

test('an upgrade is passed on where it is asked for and has no body', () => {
  const asking = request({ Connection: 'keep-alive, Upgrade', Upgrade: 'websocket' })
  expect(asksForUpgrade(asking, none)).toBe(true)
  expect(asksForUpgrade(asking, { kind: 'chunked' })).toBe(false)
  expect(lines(requestToOrigin(asking, target('a.com'), none, 'us')).slice(-2)).toEqual(['Connection: Upgrade', 'Upgrade: websocket'])
  const switched: ResponseHead = {
    status: 101,
    reason: 'Switching',
    version: '1.1',
    fields: fieldsOf({ Connection: 'Upgrade', Upgrade: 'websocket' }),
  }
  expect(lines(interimToClient(switched, 'us'))).toEqual(['Connection: Upgrade', 'Upgrade: websocket', 'Via: 1.1 us'])
})

test('OPTIONS for the whole server becomes an asterisk', () => {
  expect(requestToOrigin(request({}, { method: 'OPTIONS' }), target('a.com', 80, '*'), none, 'us').target).toEqual({ kind: 'asterisk' })
})

const response = (status: number, fields: Readonly<Record<string, string>>, version: Http1Version = '1.1'): ResponseHead => ({
  status,
  reason: 'OK',
  version,
  fields: fieldsOf(fields),
})

const passing = { pseudonym: 'us', now: Date.parse('2026-08-01T12:00:00Z'), chunked: false, keepAlive: true }

test('an answer says in which version it came, how its body ends, and whether the connection stays', () => {
  const from = response(200, { Connection: 'keep-alive', 'Keep-Alive': 'x', Date: 'd' }, '1.0')
  expect(responseToClient(from, { ...passing, chunked: true })).toMatchObject({ version: '1.1', status: 200 })
  expect(lines(responseToClient(from, { ...passing, chunked: true }))).toEqual(['Date: d', 'Via: 1.0 us', 'Transfer-Encoding: chunked'])
  expect(lines(responseToClient(from, { ...passing, keepAlive: false }))).toEqual(['Date: d', 'Via: 1.0 us', 'Connection: close'])
})

test('an answer without Date says when it came', () => {
  expect(lines(responseToClient(response(200, { ETag: 'e' }), passing))).toEqual([
    'ETag: e',
    'Date: Sat, 01 Aug 2026 12:00:00 GMT',
    'Via: 1.1 us',
  ])
})

test('205 has no content and says so, 426 keeps the protocols that it names', () => {
  expect(lines(responseToClient(response(205, { Date: 'd', 'Content-Length': '5' }), passing))).toEqual([
    'Date: d',
    'Content-Length: 0',
    'Via: 1.1 us',
  ])
  expect(lines(responseToClient(response(426, { Date: 'd', Upgrade: 'TLS/1.3', Connection: 'Upgrade' }), passing))).toEqual([
    'Date: d',
    'Via: 1.1 us',
    'Connection: Upgrade',
    'Upgrade: TLS/1.3',
  ])
})

test('a length is written in one way only', () => {
  const posted = requestToOrigin(request({ 'Content-Length': '007' }), target('a.com'), { kind: 'length', length: 7 }, 'us')
  expect(lines(posted)).toContain('Content-Length: 7')
  expect(lines(responseToClient(response(200, { 'Content-Length': '010' }), passing))).toContain('Content-Length: 10')
})

test('of an HTTP/1.0 client, Via tells the version, and Expect is not passed on', () => {
  const old = requestToOrigin({ ...request({ Expect: '100-continue' }), version: '1.0' }, target('a.com'), none, 'us')
  expect(lines(old)).toEqual(['Host: a.com', 'Via: 1.0 us', 'Connection: close'])
})

test('what may go so many hops goes one less', () => {
  const traced = requestToOrigin(request({ 'Max-Forwards': '3' }, { method: 'TRACE' }), target('a.com'), none, 'us')
  expect(lines(traced)).toContain('Max-Forwards: 2')
})

test.each([
  ['what was offered', 'websocket', true],
  ['all that was offered, in another case', 'IRC/6.9, WebSocket', true],
  ['h2c, which is not offered on', 'h2c', false],
  ['what was not offered', 'tls/1.2', false],
  ['more than was offered', 'websocket, tls/1.2', false],
  ['nothing that it names', '', false],
])('a switch to %s', (_, chosen, asked) => {
  const asking = request({ Connection: 'Upgrade', Upgrade: 'h2c, websocket,, irc/6.9' })
  expect(isSwitchAsAsked(asking, none, response(101, { Connection: 'Upgrade', Upgrade: chosen }))).toBe(asked)
  expect(isSwitchAsAsked(request({ Upgrade: 'websocket' }), none, response(101, { Upgrade: 'websocket' }))).toBe(false)
})

test.each([
  ['what is offered goes on as it was written', 'WebSocket ,\tIRC/6.9', 'WebSocket, IRC/6.9'],
  ['h2c does not', 'h2c, websocket', 'websocket'],
  ['h2c alone is no offer', 'H2C', null],
  ['nothing is no offer', ' , ', null],
])('of an Upgrade, %s', (_, offered, passed) => {
  const sent = requestToOrigin(request({ Connection: 'Upgrade', Upgrade: offered }), target('a.com'), none, 'us')
  const end = passed === null ? ['Connection: close'] : ['Connection: Upgrade', `Upgrade: ${passed}`]
  expect(lines(sent)).toEqual(['Host: a.com', 'Via: 1.1 us', ...end])
})

test('426 that names no protocol gets none', () => {
  expect(lines(responseToClient(response(426, { Date: 'd' }), passing))).toEqual(['Date: d', 'Via: 1.1 us'])
})

test('a connection is kept for HTTP/1.1 clients that do not say otherwise', () => {
  expect(wantsKeepAlive(request({}))).toBe(true)
  expect(wantsKeepAlive(request({ Connection: 'close' }))).toBe(false)
  expect(wantsKeepAlive(request({ 'Proxy-Connection': 'close' }))).toBe(false)
  expect(wantsKeepAlive({ ...request({}), version: '1.0' })).toBe(false)
})
