import { describe, expect, test } from 'vitest'
import { parseClientHello } from '../../src/wire/client-hello.ts'
import { alpn, extension, message, opensslHello, record, records, serverName } from './hello.ts'
import { ascii, concat, hex } from './support.ts'

// RFC 8448 §3, "Simple 1-RTT Handshake": the complete record.
const rfc8448 = hex(`
  16 03 01 00 c4 01 00 00 c0 03 03 cb 34 ec b1 e7 81 63 ba 1c 38 c6 da cb 19 6a 6d ff a2 1a 8d 99 12 ec 18 a2 ef 62 83
  02 4d ec e7 00 00 06 13 01 13 03 13 02 01 00 00 91 00 00 00 0b 00 09 00 00 06 73 65 72 76 65 72 ff 01 00 01 00 00 0a
  00 14 00 12 00 1d 00 17 00 18 00 19 01 00 01 01 01 02 01 03 01 04 00 23 00 00 00 33 00 26 00 24 00 1d 00 20 99 38 1d
  e5 60 e4 bd 43 d2 3d 8e 43 5a 7d ba fe b3 c0 6e 51 c1 3c ae 4d 54 13 69 1e 52 9a af 2c 00 2b 00 03 02 03 04 00 0d 00
  20 00 1e 04 03 05 03 06 03 02 03 08 04 08 05 08 06 04 01 05 01 06 01 02 01 04 02 05 02 06 02 02 02 00 2d 00 02 01 01
  00 1c 00 02 40 01`)

const helloIn = (bytes: Uint8Array) => {
  const parsed = parseClientHello(bytes)
  if (parsed.kind !== 'value') throw new Error(parsed.kind)
  return parsed.value
}

test('the example of RFC 8448', () => {
  expect(parseClientHello(rfc8448)).toEqual({ kind: 'value', value: { serverName: 'server', alpn: [], ech: false }, consumed: 201 })
})

test('what OpenSSL sends', async () => {
  const hello = await opensslHello({ servername: 'www3.zoom.us', ALPNProtocols: ['h2', 'http/1.1'] })
  expect(parseClientHello(hello)).toEqual({
    kind: 'value',
    value: { serverName: 'www3.zoom.us', alpn: ['h2', 'http/1.1'], ech: false },
    consumed: hello.length,
  })
  expect(helloIn(await opensslHello({ maxVersion: 'TLSv1.2' })).serverName).toBeNull()
})

describe('a hello', () => {
  test('without extensions names nobody', () => {
    expect(helloIn(records(message(null)))).toEqual({ serverName: null, alpn: [], ech: false })
    expect(helloIn(records(message([])))).toEqual({ serverName: null, alpn: [], ech: false })
  })

  test('says its protocols in order, and that it has an encrypted one inside', () => {
    expect(helloIn(records(message([alpn('h2', 'http/1.1'), extension(0xfe0d, hex('00')), serverName('public.example')])))).toEqual({
      serverName: 'public.example',
      alpn: ['h2', 'http/1.1'],
      ech: true,
    })
  })

  test('is joined from records of any size, down to a byte each', () => {
    const whole = message([serverName('zoom.us')])
    for (const length of [1, 2, 3, 5, 50]) expect(helloIn(records(whole, length)).serverName).toBe('zoom.us')
  })

  test('of 50 KiB is read, and one that says it is longer than 64 KiB is refused at once', () => {
    expect(helloIn(records(message([extension(21, new Uint8Array(50_000)), serverName('zoom.us')]))).serverName).toBe('zoom.us')
    expect(parseClientHello(record(hex('01 01 00 00'))).kind).toBe('malformed')
  })

  test('in thousands of records is refused', () => {
    const long = message([extension(21, new Uint8Array(4_100))])
    expect(parseClientHello(records(long, 2)).kind).toBe('value')
    expect(parseClientHello(records(long, 1).subarray(0, 6 * 4_096)).kind).toBe('malformed')
  })

  test('may be followed by anything', () => {
    expect(parseClientHello(concat(rfc8448, ascii('more')))).toMatchObject({ consumed: 201 })
  })
})

describe('malformed at once is', () => {
  test.each([
    ['another first byte', ascii('G')],
    ['SSLv2', hex('80')],
    ['another version', hex('16 02')],
    ['another record type', hex('17 03 01')],
    ['another message', hex('16 03 01 00 c4 02')],
    ['an empty record', hex('16 03 01 00 00')],
    ['a record that is too long', hex('16 03 01 40 01')],
    ['an alert between the records of a hello', concat(record(message([]).subarray(0, 10)), hex('15 03'))],
  ])('%s', (_, bytes) => {
    expect(parseClientHello(bytes).kind).toBe('malformed')
  })
})

describe('malformed is', () => {
  test.each([
    ['a list of names that is longer than its extension', [extension(0, hex('00 09 00 00 01 61'))]],
    ['an empty name', [serverName('')]],
    ['two names', [serverName('a.example', 'b.example')]],
    ['two extensions of names', [serverName('a.example'), serverName('b.example')]],
    ['a name with a zero byte', [serverName('zoom.us\0.example')]],
    ['a name that is not ASCII', [serverName('zo\u00f6m.us')]],
    ['an empty protocol', [alpn('')]],
    ['an extension that is cut', [hex('00 00 00 09 00')]],
  ])('%s', (_, extensions) => {
    expect(parseClientHello(records(message(extensions))).kind).toBe('malformed')
  })
})
