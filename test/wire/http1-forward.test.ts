import { expect, test } from 'vitest'
import { isHost, parseHost } from '../../src/model/hostname.ts'
import type { Field } from '../../src/wire/http1-fields.ts'
import { asksForUpgrade, interimToClient, requestToOrigin, responseToClient, wantsKeepAlive } from '../../src/wire/http1-forward.ts'
import type { RequestHead, ResponseHead } from '../../src/wire/http1-head.ts'

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
  const forwarded = requestToOrigin(head, target('a.com', 8080, '/p?q'), none)
  expect(forwarded).toMatchObject({ method: 'GET', version: '1.1', target: { kind: 'origin', path: '/p?q' } })
  expect(lines(forwarded)).toEqual(['Host: a.com:8080', 'Accept: */*', 'Via: 1.1 ringfence', 'Connection: close'])
})

test('the default port is left out of Host, and IPv6 addresses stand in brackets', () => {
  const hostOf = (host: string, port: number) => requestToOrigin(request({}), target(host, port), none).fields[0]?.value
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
  expect(lines(requestToOrigin(asking, target('a.com'), none)).slice(-2)).toEqual(['Connection: Upgrade', 'Upgrade: websocket'])
  const switched: ResponseHead = {
    status: 101,
    reason: 'Switching',
    version: '1.1',
    fields: fieldsOf({ Connection: 'Upgrade', Upgrade: 'websocket' }),
  }
  expect(lines(interimToClient(switched))).toEqual(['Connection: Upgrade', 'Upgrade: websocket', 'Via: 1.1 ringfence'])
})

test('OPTIONS for the whole server becomes an asterisk', () => {
  expect(requestToOrigin(request({}, { method: 'OPTIONS' }), target('a.com', 80, '*'), none).target).toEqual({ kind: 'asterisk' })
})

test('an answer says how its body ends, and whether the connection stays', () => {
  const response: ResponseHead = {
    status: 200,
    reason: 'OK',
    version: '1.0',
    fields: fieldsOf({ Connection: 'keep-alive', 'Keep-Alive': 'x', ETag: 'e' }),
  }
  expect(responseToClient(response, { chunked: true, keepAlive: true })).toMatchObject({ version: '1.1', status: 200 })
  expect(lines(responseToClient(response, { chunked: true, keepAlive: true }))).toEqual([
    'ETag: e',
    'Via: 1.1 ringfence',
    'Transfer-Encoding: chunked',
  ])
  expect(lines(responseToClient(response, { chunked: false, keepAlive: false }))).toEqual([
    'ETag: e',
    'Via: 1.1 ringfence',
    'Connection: close',
  ])
})

test('a connection is kept for HTTP/1.1 clients that do not say otherwise', () => {
  expect(wantsKeepAlive(request({}))).toBe(true)
  expect(wantsKeepAlive(request({ Connection: 'close' }))).toBe(false)
  expect(wantsKeepAlive(request({ 'Proxy-Connection': 'close' }))).toBe(false)
  expect(wantsKeepAlive({ ...request({}), version: '1.0' })).toBe(false)
})
