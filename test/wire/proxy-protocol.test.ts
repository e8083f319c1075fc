import { describe, expect, test } from 'vitest'
import { crc32c } from '../../src/wire/crc32c.ts'
import { isProxyHeader, parseProxyHeader } from '../../src/wire/proxy-protocol.ts'
import { ascii, concat, hex } from './support.ts'

const SIGNATURE = '0d0a0d0a000d0a515549540a'
const why = (bytes: Uint8Array) => {
  const parsed = parseProxyHeader(bytes)
  return parsed.kind === 'malformed' ? parsed.why : parsed.kind
}

test('a header is known by its first bytes, once there are all of these', () => {
  const signature = hex('0d0a0d0a000d0a515549540a')
  expect([ascii('PROXY '), signature].map(isProxyHeader)).toEqual([true, true])
  expect([ascii('PROXY'), ascii('PUT /'), signature.subarray(0, 11)].map(isProxyHeader)).toEqual([false, false, false])
})

describe('version 1', () => {
  test('names the client of a TCP connection; what follows the line stays unread', () => {
    expect(parseProxyHeader(ascii('PROXY TCP4 203.0.113.7 10.0.0.1 56324 443\r\nGET'))).toEqual({
      kind: 'value',
      value: { kind: 'proxied', client: { host: '203.0.113.7', port: 56_324 } },
      consumed: 43,
    })
    expect(parseProxyHeader(ascii('PROXY TCP6 2001:DB8::7 ::1 0 65535\r\n'))).toMatchObject({
      value: { kind: 'proxied', client: { host: '2001:db8::7', port: 0 } },
    })
  })

  test.each(['PROXY UNKNOWN\r\n', 'PROXY UNKNOWN ffff::1 whatever 1\r\n'])('%j says nothing of the client', (line) => {
    expect(parseProxyHeader(ascii(line))).toEqual({ kind: 'value', value: { kind: 'own' }, consumed: line.length })
  })

  test('the longest line of the protocol is read, a longer one refused before its end', () => {
    const line = (length: number) => ascii(`PROXY UNKNOWN ${'x'.repeat(length - 16)}\r\n`)
    expect(parseProxyHeader(line(107)).kind).toBe('value')
    expect(why(line(108))).toBe('a PROXY line of more than 107 bytes')
    expect(why(line(108).subarray(0, 107))).toBe('a PROXY line of more than 107 bytes')
    expect(why(line(108).subarray(0, 106))).toBe('need-more')
  })

  test.each([
    'GET / HTTP/1.1\r\n',
    'proxy TCP4 203.0.113.7 10.0.0.1 1 2\r\n',
    'PROXY\r\n',
    'PROXY UNKNOWNED\r\n',
    'PROXY UDP4 203.0.113.7 10.0.0.1 1 2\r\n',
    'PROXY TCP4 203.0.113.7 10.0.0.1 1 2\n',
    'PROXY TCP4 203.0.113.7 10.0.0.1 1 2\rx',
    'PROXY TCP4  203.0.113.7 10.0.0.1 1 2\r\n',
    'PROXY TCP4 203.0.113.7 10.0.0.1 1 2 \r\n',
    'PROXY TCP4 203.0.113.7 10.0.0.1 1\r\n',
    'PROXY TCP4 203.0.113.7 10.0.0.1 01 2\r\n',
    'PROXY TCP4 203.0.113.7 10.0.0.1 1 65536\r\n',
    'PROXY TCP4 203.0.113.007 10.0.0.1 1 2\r\n',
    'PROXY TCP4 2001:db8::7 10.0.0.1 1 2\r\n',
    'PROXY TCP6 203.0.113.7 10.0.0.1 1 2\r\n',
    'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n',
  ])('%j is malformed', (line) => {
    expect(parseProxyHeader(ascii(line)).kind).toBe('malformed')
  })
})

describe('version 2', () => {
  const v4 = 'cb007107 0a000001 dc04 01bb'

  test('names the client of a TCP connection over IPv4 and IPv6', () => {
    expect(parseProxyHeader(hex(`${SIGNATURE} 21 11 000c ${v4} 99`))).toEqual({
      kind: 'value',
      value: { kind: 'proxied', client: { host: '203.0.113.7', port: 56_324 } },
      consumed: 28,
    })
    const v6 = `20010db8000000000000000000000007 00000000000000000000000000000001 0050 01bb`
    expect(parseProxyHeader(hex(`${SIGNATURE} 21 21 0024 ${v6}`))).toMatchObject({
      value: { client: { host: '2001:db8::7', port: 80 } },
      consumed: 52,
    })
  })

  test.each([
    ['a local connection', '20 00 0000', 16],
    ['a local connection with addresses that are to be skipped', `20 11 000c ${v4}`, 28],
    ['a local connection of a family yet unknown', '20 47 0002 0000', 18],
    ['an unspecified one', '21 00 0000', 16],
    ['an unspecified one with a value', '21 00 0004 04 0001 00', 20],
    ['a UNIX socket', `21 31 00d8 ${'00'.repeat(216)}`, 232],
  ])('%s says nothing of the client', (_, rest, consumed) => {
    expect(parseProxyHeader(hex(`${SIGNATURE} ${rest}`))).toEqual({ kind: 'value', value: { kind: 'own' }, consumed })
  })

  test('values behind the addresses are skipped, and a sum among them must be right', () => {
    const head = hex(`${SIGNATURE} 21 11 0019 ${v4} 01 0003 683270 03 0004`)
    const sum = (wrong: number) => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(crc32c(head, new Uint8Array(4)) ^ wrong)
      return concat(head, bytes)
    }
    expect(parseProxyHeader(sum(0))).toMatchObject({ value: { client: { host: '203.0.113.7' } }, consumed: 41 })
    expect(why(sum(1))).toBe('a PROXY header whose sum is wrong')
  })

  test.each([
    ['an unknown version', '31 11 000c'],
    ['an unknown command', '22 11 000c'],
    ['datagrams', '21 12 000c'],
    ['an unknown family', '21 41 000c'],
    ['too little room for its addresses', '21 11 000b'],
    ['more than anybody needs', '21 11 4001'],
  ])('%s is malformed before the rest has come', (_, rest) => {
    expect(parseProxyHeader(hex(`${SIGNATURE} ${rest}`)).kind).toBe('malformed')
  })

  test.each([
    ['values that are cut off', `21 11 000e ${v4} 0400`],
    ['a value that is longer than what is left', `21 11 0010 ${v4} 04 0002 00`],
    ['a sum of three bytes', `21 11 0012 ${v4} 03 0003 000000`],
  ])('%s are malformed', (_, rest) => {
    expect(parseProxyHeader(hex(`${SIGNATURE} ${rest}`)).kind).toBe('malformed')
  })
})
