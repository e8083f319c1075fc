import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Asked, ownHosts, refusalOf } from '../../src/web/guard.ts'
import { ip } from '../policy/words.ts'

const bound = { host: ip('127.0.0.1'), port: 8081 }

function asked(fields: readonly (readonly [string, string])[], url = '/', method = 'GET'): Asked {
  const headers = Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value]))
  return { method, url, headers, rawHeaders: fields.flat() }
}

const host = ['Host', '127.0.0.1:8081'] as const
const statusOf = (request: Asked) => refusalOf(request, bound, ['/proxy.pac'])?.status ?? 200

test('it answers to its own address, and to localhost, in any letters', () => {
  for (const own of ['127.0.0.1:8081', 'localhost:8081', 'LocalHost:8081']) expect(statusOf(asked([['hOsT', own]]))).toBe(200)
  expect(ownHosts({ host: ip('::1'), port: 80 })).toEqual(['[::1]:80', 'localhost:80', '[::1]', 'localhost'])
})

test('any other Host, none, or two are misdirected', () => {
  const others = [
    'evil.example:8081',
    '127.0.0.1',
    '127.0.0.1:80',
    '127.0.0.2:8081',
    '[::1]:8081',
    'localhost',
    'localhost.:8081',
    '',
    'user@127.0.0.1:8081',
  ]
  for (const other of others) expect([other, statusOf(asked([['Host', other]]))]).toEqual([other, 421])
  expect(statusOf(asked([]))).toBe(421)
  expect(statusOf(asked([host, host]))).toBe(421)
})

test('a target in absolute form is for a proxy', () => {
  for (const url of ['http://127.0.0.1:8081/', 'http://evil.example/', '*']) expect(statusOf(asked([host], url))).toBe(400)
})

test('its own origin may ask, no other, and not the opaque one', () => {
  expect(statusOf(asked([host, ['Origin', 'http://127.0.0.1:8081']]))).toBe(200)
  for (const origin of ['http://localhost:8081', 'https://127.0.0.1:8081', 'http://evil.example', 'null', ''])
    expect([origin, statusOf(asked([host, ['Origin', origin]]))]).toEqual([origin, 403])
})

test('what a browser asks on behalf of another site is refused, the PAC aside', () => {
  for (const site of ['cross-site', 'same-site', 'new-value']) {
    expect(statusOf(asked([host, ['Sec-Fetch-Site', site]]))).toBe(403)
    expect(statusOf(asked([host, ['Sec-Fetch-Site', site]], '/proxy.pac?x'))).toBe(200)
  }
  for (const site of ['same-origin', 'none']) expect(statusOf(asked([host, ['Sec-Fetch-Site', site]]))).toBe(200)
  expect(statusOf(asked([host, ['Sec-Fetch-Site', 'cross-site'], ['Origin', 'http://evil.example']], '/proxy.pac'))).toBe(403)
})

test('nothing is written here: other methods and content are refused', () => {
  for (const method of ['POST', 'PUT', 'OPTIONS', 'TRACE', 'get']) expect(statusOf(asked([host], '/', method))).toBe(405)
  expect(statusOf(asked([host, ['Content-Length', '1']]))).toBe(413)
  expect(statusOf(asked([host, ['Transfer-Encoding', 'chunked']]))).toBe(413)
  expect(statusOf(asked([host], '/', 'HEAD'))).toBe(200)
})

test('whatever Host says, only its own two pass', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webAuthority(),
        fc.ipV4().map((address) => `${address}:8081`),
      ),
      (value) => {
        expect(statusOf(asked([['Host', value]])) === 200).toBe(ownHosts(bound).includes(value.toLowerCase()))
      },
    ),
  )
})
