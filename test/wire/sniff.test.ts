import { describe, expect, test } from 'vitest'
import { createSniffer, sniff } from '../../src/wire/sniff.ts'
import { extension, message, opensslHello, record, records, serverName } from './hello.ts'
import { ascii, concat, hex } from './support.ts'

const other = { kind: 'known', protocol: 'other', names: [], hidden: false }
const known = (protocol: string, origin: string, names: readonly string[], hidden: boolean) => ({
  kind: 'known',
  protocol,
  names: names.map((name) => ({ name, origin })),
  hidden,
})
const http = (...names: readonly string[]) => known('http', 'http-host', names, false)
const hiddenHttp = (...names: readonly string[]) => known('http', 'http-host', names, true)
const tls = (...names: readonly string[]) => known('tls', 'sni', names, false)
const hiddenTls = (...names: readonly string[]) => known('tls', 'sni', names, true)

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

  test.each([
    ['a broken list of names', records(message([extension(0, hex('00'))]))],
    ['a broken hello', record(hex('01 00 00 02 03 03'))],
    ['another handshake message', record(hex('00 00 00 00'))],
    ['a record of another type in between', hex('16 03 01 00 01 01 17')],
    ['a record that is too long', hex('16 03 01 40 01')],
    ['a hello that is too long', record(hex('01 01 00 00'))],
    ['64 KiB of empty records', concat(...Array<Uint8Array>(14_000).fill(hex('16 03 01 00 00')))],
    ['a name in UTF-8', records(message([serverName('zo\u00c3\u00b6m.us')]))],
    ['a name that is cut by a zero byte', records(message([serverName('zoom.us\0.example')]))],
    ['a name with a port', records(message([serverName('zoom.us:443')]))],
  ])('with %s hides its name', (_, bytes) => {
    expect(sniff(bytes)).toEqual(hiddenTls())
  })

  test('names what could be read beside what could not', () => {
    expect(sniff(records(message([serverName('zoom.us'), hex('00 10 00 09')])))).toEqual(hiddenTls('zoom.us'))
  })

  test('names two of two, and four of five', () => {
    expect(sniff(records(message([serverName('a.b', 'c.d')])))).toEqual(tls('a.b', 'c.d'))
    expect(sniff(records(message([serverName('a.a', 'b.b', 'A.A', 'c.c', 'd.d')])))).toEqual(tls('a.a', 'b.b', 'c.c', 'd.d'))
    expect(sniff(records(message([serverName('a.a', 'b.b', 'c.c', 'd.d', 'e.e')])))).toEqual(hiddenTls('a.a', 'b.b', 'c.c', 'd.d'))
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

  test('of a head that is too long is read as far as it goes, and may hide more', () => {
    const head = ascii(`GET / HTTP/1.1\r\nHost: a.example\r\nx: ${'x'.repeat(70_000)}`)
    expect(sniff(head.subarray(0, 65_535))).toEqual({ kind: 'need-more' })
    expect(sniff(head.subarray(0, 65_536))).toEqual(hiddenHttp('a.example'))
    expect(sniff(head)).toEqual(hiddenHttp('a.example'))
  })

  test('with many Hosts names four', () => {
    const hosts = Array.from({ length: 1_159 }, (_, i) => `Host:h${i}.example\r\n`).join('')
    expect(sniff(ascii(`GET / HTTP/1.1\r\n${hosts}\r\n`))).toEqual(hiddenHttp('h0.example', 'h1.example', 'h2.example', 'h3.example'))
  })

  test.each(['http://a.example/', 'u@a.example', '"a.example"', 'a.example/x', 'a b', 'zo\u00c3\u00b6m.us', 'a.example\0', '[a]', 'a..b'])(
    'with the Host %j may mean any name',
    (host) => {
      expect(sniff(ascii(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`))).toMatchObject({ protocol: 'http', hidden: true })
    },
  )

  test('names its Host whatever the port', () => {
    for (const port of ['', '0', '99999', 'x'])
      expect(sniff(ascii(`GET / HTTP/1.1\r\nHost: a.example:${port}\r\n\r\n`))).toEqual(http('a.example'))
  })

  test('a Host in the body is none', () => {
    expect(sniff(ascii('POST / HTTP/1.1\r\nHost: a.example\r\n\r\nHost: b.example\r\n\r\n'))).toEqual(http('a.example'))
  })

  test('is read in time that grows with its length alone', () => {
    expect(sniff(ascii(`GET / HTTP/1.1\r\nHost:${' '.repeat(16_000)}x\r\n\r\n`))).toEqual(http('x'))
  })

  test('2 with prior knowledge hides its name', () => {
    expect(sniff(ascii('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))).toEqual(hiddenHttp())
  })
})

describe('told at once to be neither', () => {
  test.each([
    ['SSH', ascii('SSH-2.0-OpenSSH_9.6p1 Ubuntu-3ubuntu13\r\n')],
    ['SMTP', ascii('EHLO me\r\n')],
    ['IRC', ascii('NICK me\r\n')],
    ['SIP', ascii('OPTIONS sip:a@b.example SIP/2.0\r\n')],
    ['Redis', ascii('*1\r\n')],
    ['memcached', ascii('get a\r\n')],
    ['PostgreSQL', hex('00 00 00 08')],
    ['RDP', hex('03 00')],
    ['BitTorrent', ascii('\x13BitTorrent protocol')],
    ['an answer of HTTP', ascii('HTTP/')],
    ['a TLS record that is no handshake', hex('17 03 03')],
    ['a record of no TLS version', hex('16 ff')],
    ['zeros', new Uint8Array(3)],
  ])('%s', (_, bytes) => {
    expect(sniff(bytes)).toEqual(other)
  })
})

describe('a sniffer', () => {
  test('knows as soon as the one who reads all at once, and does not change its mind', () => {
    const sniffer = createSniffer()
    expect(sniffer.push(ascii('GET / HTTP/1.1\r\nHost: a.'))).toEqual({ kind: 'need-more' })
    expect(sniffer.push(ascii('example\r\n\r\n'))).toEqual(http('a.example'))
    expect(sniffer.push(ascii('Host: b.example\r\n\r\n'))).toEqual(http('a.example'))
  })

  test('looks at each byte once: 16 KiB that drip cost a few milliseconds', () => {
    const head = ascii(`GET / HTTP/1.1\r\nx: ${'x'.repeat(16_300)}\r\nHost: a.example\r\n\r\n`)
    const hello = records(message([extension(21, new Uint8Array(2_600)), serverName('a.example')]), 1)
    for (const bytes of [head, hello]) {
      const sniffer = createSniffer()
      const { user: before } = process.cpuUsage()
      for (let at = 0; at < bytes.length; at++) sniffer.push(bytes.subarray(at, at + 1))
      // Measured at 4 ms; rereading everything costs a hundred times as much.
      expect(process.cpuUsage().user - before).toBeLessThan(100_000)
      expect(sniffer.push(new Uint8Array())).toMatchObject({ names: [{ name: 'a.example' }] })
    }
  })
})
