import { describe, expect, test } from 'vitest'
import { formatTarget, parseTarget, type Target } from '../../src/wire/http1-target.ts'

const target = (method: string, text: string): Target => {
  const parsed = parseTarget(method, text)
  if (parsed.kind === 'malformed') throw new Error(parsed.why)
  return parsed
}

describe('authority form', () => {
  test('has host and port', () => {
    expect(target('CONNECT', 'Zoom.US:443')).toEqual({ kind: 'authority', host: { kind: 'name', name: 'zoom.us' }, port: 443 })
    expect(target('CONNECT', '[2001:DB8::1]:443')).toEqual({ kind: 'authority', host: { kind: 'ip', ip: '2001:db8::1' }, port: 443 })
  })

  test.each([
    'zoom.us',
    'zoom.us:',
    'zoom.us:0',
    'zoom.us:65536',
    'zoom.us:65979',
    'zoom.us:+443',
    'u:p@zoom.us:443',
    '/path',
    'http://zoom.us:443',
    '*',
    ':443',
  ])('refuses CONNECT %s', (text) => {
    expect(parseTarget('CONNECT', text)).toMatchObject({ kind: 'malformed', status: 400 })
  })
})

describe('absolute form', () => {
  test('has a port of 80 unless it says another', () => {
    expect(target('GET', 'HTTP://Example.com/a?b=c')).toEqual({
      kind: 'absolute',
      scheme: 'http',
      host: { kind: 'name', name: 'example.com' },
      port: 80,
      path: '/a?b=c',
    })
    expect(target('GET', 'http://example.com:8080/')).toMatchObject({ port: 8080 })
  })

  test('without path asks for "/", or with OPTIONS for the server itself', () => {
    expect(target('GET', 'http://example.com')).toMatchObject({ path: '/' })
    expect(target('GET', 'http://example.com?q')).toMatchObject({ path: '/?q' })
    expect(target('OPTIONS', 'http://example.com')).toMatchObject({ path: '*' })
    expect(target('OPTIONS', 'http://example.com?q')).toMatchObject({ path: '/?q' })
  })

  test('with an address in disguise has that address', () => {
    expect(target('GET', 'http://0x7f.1/')).toMatchObject({ host: { kind: 'ip', ip: '127.0.0.1' } })
  })

  test.each([
    'http://user:secret@example.com/',
    'https://user:secret@example.com/',
    'http://example.com/#top',
    'http://example.com:0/',
    'http://example.com:65616/',
    'http:///path',
    'http:/path',
    'http://exa mple.com/',
    'http://good.example\\@evil.example/',
    'http://evil.example\\.good.example/',
    'http://b\u00fccher.example/',
    'http://[fe80::1%25eth0]/',
    'example.com/',
    'example.com:80',
    '',
  ])('refuses %s', (text) => {
    expect(parseTarget('GET', text)).toMatchObject({ kind: 'malformed', status: 400 })
  })

  test('does not repeat a password', () => {
    expect(JSON.stringify(parseTarget('GET', 'ftp://user:secret@example.com/'))).not.toContain('secret')
  })

  test('of another scheme is well-formed but unsupported', () => {
    expect(target('GET', 'https://example.com/')).toEqual({ kind: 'unsupported', text: 'https://example.com/' })
    expect(target('GET', 'ftp://example.com/')).toMatchObject({ kind: 'unsupported' })
    expect(target('GET', 'ws://example.com/')).toMatchObject({ kind: 'unsupported' })
  })
})

test('origin form and "*"', () => {
  expect(target('GET', '/a?b')).toEqual({ kind: 'origin', path: '/a?b' })
  expect(target('OPTIONS', '*')).toEqual({ kind: 'asterisk' })
  expect(parseTarget('GET', '*')).toMatchObject({ status: 400 })
})

test('raw bytes beyond ASCII pass in a path', () => {
  expect(target('GET', 'http://example.com/\u00c3\u00bc')).toMatchObject({ path: '/\u00c3\u00bc' })
})

test.each([
  ['CONNECT', 'zoom.us:443'],
  ['CONNECT', '[2001:db8::1]:443'],
  ['GET', 'http://example.com:80/a?b'],
  ['OPTIONS', 'http://example.com:80'],
  ['GET', '/a'],
  ['OPTIONS', '*'],
  ['GET', 'ftp://example.com/'],
])('%s %s is written as it was read', (method, text) => {
  expect(formatTarget(target(method, text))).toBe(text)
})

test('an empty port is the default one, but for CONNECT', () => {
  expect(target('GET', 'http://example.com:/')).toMatchObject({ port: 80, path: '/' })
  expect(target('GET', 'http://[2001:db8::1]:/')).toMatchObject({ port: 80 })
  expect(parseTarget('CONNECT', 'example.com:')).toMatchObject({ status: 400 })
})

test.each(['http://2001:db8::1/', 'http://2001:db8::1:8080/', 'http://::1/', 'http://::/', 'http://::1:80/'])(
  '%s could be an address with or without a port, and is refused',
  (text) => {
    expect(parseTarget('GET', text)).toMatchObject({ kind: 'malformed', status: 400 })
  },
)
