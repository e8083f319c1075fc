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
  expect(parseClientHello(rfc8448)).toEqual({
    kind: 'value',
    value: { serverNames: ['server'], garbled: false, alpn: [], ech: false },
    consumed: 201,
  })
})

test('what OpenSSL sends', async () => {
  const hello = await opensslHello({ servername: 'www3.zoom.us', ALPNProtocols: ['h2', 'http/1.1'] })
  expect(parseClientHello(hello)).toEqual({
    kind: 'value',
    value: { serverNames: ['www3.zoom.us'], garbled: false, alpn: ['h2', 'http/1.1'], ech: false },
    consumed: hello.length,
  })
  expect(helloIn(await opensslHello({ maxVersion: 'TLSv1.2' })).serverNames).toEqual([])
})

describe('a hello', () => {
  test('without extensions names nobody', () => {
    expect(helloIn(records(message(null)))).toEqual({ serverNames: [], garbled: false, alpn: [], ech: false })
    expect(helloIn(records(message([])))).toEqual({ serverNames: [], garbled: false, alpn: [], ech: false })
  })

  test('says its protocols in order, and that it has an encrypted one inside', () => {
    expect(helloIn(records(message([alpn('h2', 'http/1.1'), extension(0xfe0d, hex('00')), serverName('public.example')])))).toEqual({
      serverNames: ['public.example'],
      garbled: false,
      alpn: ['h2', 'http/1.1'],
      ech: true,
    })
  })

  test('is joined from records of any size, down to a byte each', () => {
    const whole = message([serverName('zoom.us')])
    for (const length of [1, 2, 3, 5, 50]) expect(helloIn(records(whole, length)).serverNames).toEqual(['zoom.us'])
  })

  test('of 50 KiB is read, and one that says it is longer than 64 KiB is refused at once', () => {
    expect(helloIn(records(message([extension(21, new Uint8Array(50_000)), serverName('zoom.us')]))).serverNames).toEqual(['zoom.us'])
    expect(parseClientHello(record(hex('01 01 00 00'))).kind).toBe('malformed')
  })

  test('is read up to 64 KiB of records, however small, and refused beyond', () => {
    const long = message([extension(21, new Uint8Array(10_000)), serverName('zoom.us')])
    expect(helloIn(records(long, 1)).serverNames).toEqual(['zoom.us'])
    const longer = records(message([extension(21, new Uint8Array(11_000))]), 1)
    expect(parseClientHello(longer.subarray(0, 65_535)).kind).toBe('need-more')
    expect(parseClientHello(longer.subarray(0, 65_536)).kind).toBe('malformed')
  })

  test.each([
    ['empty records', hex('16 03 01 00 00')],
    ['warnings', hex('15 03 01 00 02 01 5a')],
    ['change_cipher_spec', hex('14 03 03 00 01 01')],
  ])('is found behind and between %s, as some server finds it', (_, skipped) => {
    const whole = message([serverName('zoom.us')])
    const bytes = concat(skipped, skipped, record(whole.subarray(0, 3)), skipped, record(whole.subarray(3)))
    expect(parseClientHello(bytes)).toMatchObject({ value: { serverNames: ['zoom.us'] }, consumed: bytes.length })
  })

  test('is read whatever minor version its records have, and the first with which Go begins', () => {
    for (const version of ['03 00', '03 04', '03 ff', '02 00'])
      expect(helloIn(concat(hex(`16 ${version}`), records(message([serverName('zoom.us')])).subarray(3))).serverNames).toEqual(['zoom.us'])
  })

  test('is known with its last byte, though its record goes on', () => {
    const whole = record(concat(message([serverName('zoom.us')]), hex('01 00')))
    expect(parseClientHello(whole.subarray(0, -2))).toMatchObject({ kind: 'value', consumed: whole.length - 2 })
    expect(parseClientHello(whole.subarray(0, -3)).kind).toBe('need-more')
  })

  test('may be followed by anything', () => {
    expect(parseClientHello(concat(rfc8448, ascii('more')))).toMatchObject({ consumed: 201 })
  })
})

describe('malformed at once is', () => {
  test.each([
    ['another first byte', ascii('G')],
    ['SSLv2', hex('80')],
    ['another version', hex('16 10')],
    ['another record type', hex('17 03 01')],
    ['another message', hex('16 03 01 00 c4 02')],
    ['a record that is too long', hex('16 03 01 40 01')],
    ['application data between the records of a hello', concat(record(message([]).subarray(0, 10)), hex('17'))],
  ])('%s', (_, bytes) => {
    expect(parseClientHello(bytes).kind).toBe('malformed')
  })
})

describe('names are read', () => {
  const name = serverName('a.example')
  const list = (text: string) => extension(0, hex(text))

  test.each([
    ['before and behind a malformed extension', [alpn(''), name, extension(10, hex('00 09'))], ['a.example']],
    ['in two extensions', [name, serverName('b.example')], ['a.example', 'b.example']],
    ['two in one extension', [serverName('a.example', 'b.example')], ['a.example', 'b.example']],
    ['beside a name of another type', [list('00 08 01 00 01 62 00 00 01 61')], ['a']],
    ['as they were sent', [serverName('zoom.us\0.EXAMPLE\u00ff')], ['zoom.us\0.EXAMPLE\u00ff']],
    ['and an empty one is none', [serverName('')], []],
  ])('%s', (_, extensions, serverNames) => {
    expect(helloIn(records(message(extensions)))).toMatchObject({ serverNames, garbled: false })
  })

  test.each([
    ['before an extension that is cut', [name, hex('00 10 00 09 00')], ['a.example']],
    ['from a list that is longer than its extension', [list('00 09 00 00 01 61')], ['a']],
    ['from a list that is shorter than its extension', [list('00 04 00 00 01 61 09')], ['a']],
    ['but not past the end of their list', [list('00 04 00 00 09 61')], []],
    ['but not from nothing', [list('')], []],
    ['but not half', [list('00')], []],
  ])('with doubt, %s', (_, extensions, serverNames) => {
    expect(helloIn(records(message(extensions)))).toMatchObject({ serverNames, garbled: true })
  })

  test('with doubt, where bytes follow the extensions', () => {
    const whole = message([name])
    const longer = concat(hex('01 00'), Uint8Array.of(0, whole.length - 4 + 2), whole.subarray(4), hex('00 00'))
    expect(helloIn(record(longer))).toMatchObject({ serverNames: ['a.example'], garbled: true })
  })

  test('with doubt, where the extensions say that they are longer', () => {
    const whole = message([])
    expect(helloIn(record(concat(whole.subarray(0, -2), hex('00 01'))))).toMatchObject({ serverNames: [], garbled: true })
  })

  test('not where the fields before the extensions do not fit', () => {
    expect(parseClientHello(record(hex('01 00 00 02 03 03'))).kind).toBe('malformed')
  })
})
