import { describe, expect, test } from 'vitest'
import { parseRequestHead, parseResponseHead, serializeRequestHead, serializeResponseHead } from '../../src/wire/http1.ts'
import { ascii, toText } from './support.ts'

const limits = { headBytes: 1_000 }
const request = (text: string) => parseRequestHead(ascii(text), limits)
const response = (text: string) => parseResponseHead(ascii(text), limits)

describe('request head', () => {
  test('of a proxy request', () => {
    expect(request('GET http://example.com/a HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\nrest')).toEqual({
      kind: 'value',
      value: {
        method: 'GET',
        target: { kind: 'absolute', scheme: 'http', host: { kind: 'name', name: 'example.com' }, port: 80, path: '/a' },
        version: '1.1',
        fields: [
          { name: 'Host', value: 'example.com' },
          { name: 'Accept', value: '*/*' },
        ],
      },
      consumed: 69,
    })
  })

  test('of HTTP/1.0 needs no Host', () => {
    expect(request('CONNECT zoom.us:443 HTTP/1.0\r\n\r\n')).toMatchObject({ kind: 'value', value: { version: '1.0', fields: [] } })
  })

  test('of a minor version that nobody knows yet is one of HTTP/1.1', () => {
    expect(request('GET / HTTP/1.9\r\nHost: a\r\n\r\n')).toMatchObject({ kind: 'value', value: { version: '1.1' } })
    expect(request('GET / HTTP/1.2\r\n\r\n')).toMatchObject({ kind: 'malformed', why: 'no Host field' })
  })

  test('whose Host differs from its target is no error', () => {
    expect(request('GET http://a.example/ HTTP/1.1\r\nHost: b.example:81\r\n\r\n').kind).toBe('value')
  })

  test('may follow one empty line, not two', () => {
    expect(request('\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n')).toMatchObject({ kind: 'value', consumed: 29 })
    expect(request('\r').kind).toBe('need-more')
    expect(request('\r\n').kind).toBe('need-more')
    expect(request('\r\n\r\n')).toMatchObject({ status: 400 })
    expect(request('\n')).toMatchObject({ status: 400 })
  })

  test('keeps a method that nobody knows', () => {
    expect(request('PROPFIND / HTTP/1.1\r\nHost: a\r\n\r\n')).toMatchObject({ value: { method: 'PROPFIND' } })
  })

  test.each([
    ['the preface of HTTP/2', 505, 'PRI * HTTP/2.0\r\n\r\n'],
    ['another major version', 505, 'GET / HTTP/3.0\r\nHost: a\r\n\r\n'],
    ['a minor version of two digits', 400, 'GET / HTTP/1.10\r\nHost: a\r\n\r\n'],
    ['a Host that is the target, but no host', 400, 'GET http://a/ HTTP/1.1\r\nHost: http://a/\r\n\r\n'],
    ['"*" for a Host', 400, 'OPTIONS * HTTP/1.1\r\nHost: *\r\n\r\n'],
    ['a version in lower case', 400, 'GET / http/1.1\r\nHost: a\r\n\r\n'],
    ['HTTP/0.9', 400, 'GET /\r\n\r\n'],
    ['two spaces', 400, 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a space at the end', 400, 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n'],
    ['a tab', 400, 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a bare LF', 400, 'GET / HTTP/1.1\nHost: a\n\n'],
    ['a bare CR in the request line', 400, 'GET /\r HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a bare CR in a field', 400, 'GET / HTTP/1.1\r\nHost: a\rb: c\r\n\r\n'],
    ['NUL', 400, 'GET / HTTP/1.1\r\nHost: a\0\r\n\r\n'],
    ['obs-fold', 400, 'GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n'],
    ['white space before the first field', 400, 'GET / HTTP/1.1\r\n Host: a\r\nHost: b\r\n\r\n'],
    ['space before the colon', 400, 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
    ['no Host', 400, 'GET / HTTP/1.1\r\n\r\n'],
    ['two Hosts', 400, 'GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n'],
    ['two Hosts in HTTP/1.0', 400, 'GET / HTTP/1.0\r\nHost: a\r\nhost: a\r\n\r\n'],
    ['a malformed Host beside an absolute target', 400, 'GET http://a/ HTTP/1.1\r\nHost: a@b\r\n\r\n'],
    ['an empty Host', 400, 'GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n'],
    ['user information', 400, 'GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n'],
    ['a fragment', 400, 'GET http://b/#c HTTP/1.1\r\nHost: b\r\n\r\n'],
    ['a port that wraps', 400, 'CONNECT a:65979 HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a method that is too long', 501, `${'A'.repeat(65)} / HTTP/1.1\r\nHost: a\r\n\r\n`],
    ['a request line that is too long', 414, `GET /${'a'.repeat(1_000)}`],
    ['a head that is too long', 431, `GET / HTTP/1.1\r\na: ${'a'.repeat(1_000)}`],
    ['too many fields', 431, `GET / HTTP/1.1\r\n${'a:\r\n'.repeat(201)}`],
  ])('refuses %s with %i', (_, status, text) => {
    expect(request(text)).toMatchObject({ kind: 'malformed', status })
  })

  test('what is another protocol is told at its first bytes', () => {
    expect(request('\x16\x03\x01')).toMatchObject({ status: 400 })
    expect(request(' ')).toMatchObject({ status: 400 })
  })

  test('is written as it was read', () => {
    const text = 'POST http://example.com:80/a HTTP/1.1\r\nHost: example.com\r\nX: \u00fc\r\n\r\n'
    const parsed = request(text)
    if (parsed.kind !== 'value') throw new Error('not a value')
    expect(toText(serializeRequestHead(parsed.value))).toBe(text)
  })

  test('that would split is never written', () => {
    expect(() =>
      serializeRequestHead({ method: 'GET', target: { kind: 'origin', path: '/ HTTP/1.1\r\nx: ' }, version: '1.1', fields: [] }),
    ).toThrow()
    expect(() => serializeRequestHead({ method: 'G ET', target: { kind: 'origin', path: '/' }, version: '1.1', fields: [] })).toThrow()
  })
})

describe('response head', () => {
  test('of a response', () => {
    expect(response('HTTP/1.1 404 Not Found\r\nA: b\r\n\r\nrest')).toEqual({
      kind: 'value',
      value: { status: 404, reason: 'Not Found', version: '1.1', fields: [{ name: 'A', value: 'b' }] },
      consumed: 32,
    })
  })

  test('may lack a reason, and the space before it', () => {
    expect(response('HTTP/1.0 200 \r\n\r\n')).toMatchObject({ value: { status: 200, reason: '', version: '1.0' } })
    expect(response('HTTP/1.1 200\r\n\r\n')).toMatchObject({ value: { status: 200, reason: '' } })
  })

  test('of a minor version that nobody knows yet is one of HTTP/1.1', () => {
    expect(response('HTTP/1.2 200 OK\r\n\r\n')).toMatchObject({ kind: 'value', value: { version: '1.1' } })
  })

  test.each([
    ['HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['no version', 'ICY 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 99 OK\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['a bare LF', 'HTTP/1.1 200 OK\n\n'],
    ['a bare CR in the reason', 'HTTP/1.1 200 O\rK\r\n\r\n'],
    ['obs-fold', 'HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n'],
    ['a head that is too long', `HTTP/1.1 200 ${'a'.repeat(1_000)}`],
    ['an empty line first', '\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['another protocol, before a line ends', 'SSH-2'],
  ])('refuses %s', (_, text) => {
    expect(response(text)).toMatchObject({ kind: 'malformed', status: 502 })
  })

  test('is written as it was read', () => {
    const text = 'HTTP/1.1 404 Not Found\r\nA: b\r\n\r\n'
    const parsed = response(text)
    if (parsed.kind !== 'value') throw new Error('not a value')
    expect(toText(serializeResponseHead(parsed.value))).toBe(text)
  })

  test('of 204 is written without a length', () => {
    const fields = [{ name: 'Content-Length', value: '5' }]
    expect(toText(serializeResponseHead({ status: 204, reason: '', version: '1.1', fields }))).toBe('HTTP/1.1 204 \r\n\r\n')
    expect(toText(serializeResponseHead({ status: 304, reason: '', version: '1.1', fields }))).toContain('Content-Length: 5')
  })
})
