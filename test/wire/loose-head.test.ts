import { describe, expect, test } from 'vitest'
import { LooseHeadReader } from '../../src/wire/loose-head.ts'
import { ascii } from './support.ts'

const read = (text: string) => new LooseHeadReader().push(ascii(text))
const head = (...authorities: readonly string[]) => ({ kind: 'head', authorities, garbled: false })
const garbledHead = (...authorities: readonly string[]) => ({ kind: 'head', authorities, garbled: true })
const host = 'Host: a.b\r\n\r\n'

describe('a request is found', () => {
  test.each([
    ['behind many empty lines', `${'\r\n'.repeat(5_000)}GET / HTTP/1.1\r\n`],
    ['behind CRs and LFs', '\r\r\n\nGET / HTTP/1.1\r\n'],
    ['behind white space', ' \tGET / HTTP/1.1\r\n'],
    ['with a method in lower case', 'get / HTTP/1.1\r\n'],
    ['with a method that nobody knows', `${'X'.repeat(1_000)} / HTTP/1.1\r\n`],
    ['with a version that nobody knows', 'GET / HTTP/9.99\r\n'],
    ['with a version in lower case', 'GET / http/1.1\r\n'],
    ['of RTSP and Icecast, which llhttp takes', 'SOURCE / ICE/1.0\r\n'],
    ['with words behind its version', 'GET / HTTP/1.1 x\r\n'],
    ['without version', 'GET /\r\n'],
    ['with spaces in its target', 'GET /a b c HTTP/1.1\r\n'],
    ['with tabs and many spaces', 'GET\t/   HTTP/1.1\t \r\n'],
    ['that ends in a bare LF', 'GET / HTTP/1.1\n'],
  ])('%s', (_, line) => {
    expect(read(line + host)).toEqual(head('a.b'))
  })

  test('that ends in a bare CR, with doubt', () => {
    expect(read(`GET / HTTP/1.1\r${host}`)).toEqual(garbledHead('a.b'))
  })
})

describe('no request is', () => {
  test.each([
    'EHLO me\r\n',
    'SSH-2.0-x\r\n',
    'SET foo\r\n',
    'GET\r\n',
    'get /\r\n',
    '\0',
    '<?xml',
    '\r\n:',
    'a\0',
    'INVITE sip:a@b SIP/2.0\r\n',
    'GET\r',
  ])('%j', (text) => {
    expect(read(text)).toEqual({ kind: 'not-http' })
  })
})

describe('hosts are read', () => {
  const line = 'GET / HTTP/1.1\r\n'

  test.each([
    ['without space', 'Host:a.b\r\n\r\n', ['a.b']],
    ['in any case, with tabs', 'hOsT:\t\ta.b\t\r\n\r\n', ['a.b']],
    ['with white space before the colon', 'Host \t: a.b\r\n\r\n', ['a.b']],
    ['with white space before the name', ' Host: a.b\r\n\r\n', ['a.b']],
    ['folded', 'Host:\r\n \r\n\ta.b\r\n\r\n', ['a.b']],
    ['all of them', 'Host: a.b\nX: y\nHost: c.d\n\n', ['a.b', 'c.d']],
    ['unless empty', 'Host:\r\n\r\n', []],
    ['not out of other fields', 'X-Host: a.b\r\nHost-X: a.b\r\nX: Host: a.b\r\n\r\n', []],
    ['not behind the head', '\r\nHost: a.b\r\n\r\n', []],
  ])('%s', (_, fields, hosts) => {
    expect(read(line + fields)).toEqual(head(...hosts))
  })

  test.each([
    ['behind a bare CR', 'X: y\rHost: a.b\r\n\r\n', ['a.b']],
    ['before an empty line that ends in a bare CR', 'Host: a.b\r\n\rx', ['a.b']],
    ['before an empty line behind a bare CR', 'Host: a.b\r\nHost:\r\r\n', ['a.b']],
    ['beside control characters', 'X: \0\r\nHost: a.b\r\n\r\n', ['a.b']],
    ['in two words', 'Host: a.b c.d\r\n\r\n', ['a.b', 'c.d']],
    ['in two words by a fold', 'Host: a.b\r\n c.d\r\n\r\n', ['a.b', 'c.d']],
    ['up to sixteen', `${'Host: a.b\r\n'.repeat(17)}\r\n`, Array<string>(16).fill('a.b')],
  ])('with doubt %s', (_, fields, hosts) => {
    expect(read(line + fields)).toEqual(garbledHead(...hosts))
  })
})

describe('a target', () => {
  test.each([
    ['http://c.d/x', 'c.d'],
    ['HTTP://c.d:80?x', 'c.d:80'],
    ['http://u:p@e@c.d', 'c.d'],
    ['ws://c.d', 'c.d'],
    ['http:\\\\c.d\\x', 'c.d'],
    ['http:/c.d/', 'c.d'],
    ['c.d:80', 'c.d:80'],
  ])('%s names a host', (target, authority) => {
    expect(read(`GET ${target} HTTP/1.1\r\n${host}`)).toEqual(head(authority, 'a.b'))
  })

  test.each(['/', '//c.d/', '/http://c.d/', '*'])('%s names none', (target) => {
    expect(read(`GET ${target} HTTP/1.1\r\n${host}`)).toEqual(head('a.b'))
  })

  test('of CONNECT is a host, with or without version', () => {
    expect(read(`CONNECT c.d:443 HTTP/1.1\r\n${host}`)).toEqual(head('c.d:443', 'a.b'))
    expect(read(`CONNECT //c.d HTTP/1.1\r\n${host}`)).toEqual(head('//c.d', 'a.b'))
    expect(read(`CONNECT c.d:443\r\n${host}`)).toEqual(head('c.d:443', 'a.b'))
  })
})

describe('what has not come', () => {
  test('is waited for', () => {
    const whole = `\r\nGET / HTTP/1.1\r\n${host}`
    for (let end = 0; end < whole.length; end++) expect(read(whole.slice(0, end))).toEqual({ kind: 'need-more' })
    expect(read(whole)).toEqual(head('a.b'))
  })

  test.each(['\r\n', 'A', 'GET ', 'GET / HTTP/1.1\r\nX: y\r\n'])('is in doubt after 64 KiB that begin with %j', (text) => {
    const bytes = text.padEnd(65_536, text.slice(-2) === '\r\n' && text.length > 2 ? 'x' : text)
    expect(read(bytes.slice(0, -1))).toEqual({ kind: 'need-more' })
    expect(read(bytes)).toEqual(garbledHead())
  })
})

test('the preface of HTTP/2 is in doubt: the names follow it', () => {
  expect(read('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toEqual(garbledHead())
})

test.each([
  ['a no-break space behind the method', Buffer.from('GET\xa0/ HTTP/1.1\r\nHost: evil.example\r\n\r\n', 'latin1')],
  ['a next-line character in front', Buffer.from('\x85GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n', 'latin1')],
  ['a file separator behind the method', Buffer.from('GET\x1c/ HTTP/1.1\r\nHost: evil.example\r\n\r\n', 'latin1')],
])('%s, which Python takes for white space, is read and never trusted', (_, bytes) => {
  expect(new LooseHeadReader().push(bytes)).toEqual({ kind: 'head', authorities: ['evil.example'], garbled: true })
})

test('a request of HTTP/0.9 with any target is one that fields may follow', () => {
  const head = new LooseHeadReader().push(Buffer.from('GET foo\r\nHost: evil.example\r\n\r\n'))
  expect(head).toMatchObject({ kind: 'head' })
  expect(head.kind === 'head' && head.authorities).toContain('evil.example')
})
