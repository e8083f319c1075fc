import { describe, expect, test } from 'vitest'
import { sniff } from '../../src/wire/sniff.ts'
import { extension, message, opensslHello, records, serverName } from './hello.ts'
import { ascii, hex } from './support.ts'

const other = { kind: 'known', protocol: 'other', names: [] }
const http = (...names: readonly string[]) => ({
  kind: 'known',
  protocol: 'http',
  names: names.map((name) => ({ name, origin: 'http-host' })),
})
const tls = (...names: readonly string[]) => ({ kind: 'known', protocol: 'tls', names: names.map((name) => ({ name, origin: 'sni' })) })

test('nothing yet may become anything', () => {
  expect(sniff(new Uint8Array())).toEqual({ kind: 'need-more' })
})

describe('TLS', () => {
  test('names its server, canonical', async () => {
    expect(sniff(await opensslHello({ servername: 'WWW.Zoom.us' }))).toEqual(tls('www.zoom.us'))
  })

  test('without a name, or with an address for one, names nobody', () => {
    expect(sniff(records(message([])))).toEqual(tls())
    expect(sniff(records(message([serverName('203.0.113.7')])))).toEqual(tls())
    expect(sniff(records(message([serverName('0x7f.1')])))).toEqual(tls())
  })

  test('with a hello that is broken is no TLS', () => {
    expect(sniff(records(message([extension(0, hex('00'))])))).toEqual(other)
  })

  test('is waited for while its hello is not whole', () => {
    const hello = records(message([serverName('zoom.us')]))
    expect(sniff(hello.subarray(0, 1))).toEqual({ kind: 'need-more' })
    expect(sniff(hello.subarray(0, -1))).toEqual({ kind: 'need-more' })
  })
})

describe('HTTP', () => {
  test('names its Host, canonical and without port', () => {
    expect(sniff(ascii('GET / HTTP/1.1\r\nAccept: */*\r\nHOST:\tZoom.US:8080 \r\n\r\n'))).toEqual(http('zoom.us'))
  })

  test('is read with bare LF, white space before the colon and two Hosts: some server does', () => {
    expect(sniff(ascii('GET / HTTP/1.1\nHost : a.example\nHost: b.example\n\n'))).toEqual(http('a.example', 'b.example'))
  })

  test('names the host of an absolute target and of CONNECT, too', () => {
    expect(sniff(ascii('GET http://u:p@a.example/x@y HTTP/1.1\r\nHost: b.example\r\n\r\n'))).toEqual(http('a.example', 'b.example'))
    expect(sniff(ascii('CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n'))).toEqual(http('a.example'))
  })

  test('without Host, or with an address for one, names nobody', () => {
    expect(sniff(ascii('GET / HTTP/1.0\r\n\r\n'))).toEqual(http())
    expect(sniff(ascii('GET / HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n\r\n'))).toEqual(http())
    expect(sniff(ascii('GET / HTTP/1.1\r\nHost: 203.0.113.7\r\n\r\n'))).toEqual(http())
  })

  test('of a head that is too long is read as far as it goes', () => {
    expect(sniff(ascii(`GET / HTTP/1.1\r\nHost: a.example\r\nx: ${'x'.repeat(20_000)}`))).toEqual(http('a.example'))
  })

  test('a Host in the body is none', () => {
    expect(sniff(ascii('POST / HTTP/1.1\r\nHost: a.example\r\n\r\nHost: b.example\r\n\r\n'))).toEqual(http('a.example'))
  })

  test('is read in time that grows with its length alone', () => {
    expect(sniff(ascii(`GET / HTTP/1.1\r\nHost:${' '.repeat(16_000)}x\r\n\r\n`))).toEqual(http('x'))
  })

  test('2 with prior knowledge is HTTP that names nobody here', () => {
    expect(sniff(ascii('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))).toEqual(http())
  })
})

describe('told at once to be neither', () => {
  test.each([
    ['SSH', ascii('SSH-2')],
    ['SMTP', ascii('EHLO me\r\n')],
    ['Redis', ascii('*1\r\n')],
    ['BitTorrent', ascii('\x13BitTorrent protocol')],
    ['a TLS record that is no handshake', hex('17 03 03')],
    ['a method that is too long', ascii('A'.repeat(30))],
    ['a request line without version', ascii('GET /\r\n')],
    ['zeros', new Uint8Array(3)],
  ])('%s', (_, bytes) => {
    expect(sniff(bytes)).toEqual(other)
  })
})
