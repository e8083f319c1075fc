import fc from 'fast-check'
import { expect, test } from 'vitest'
import { familyOf, formatEndpoint, ipFromBytes, ipToBytes, parseIp, parsePort } from '../../src/model/address.ts'
import { anyHostText, ip, v4Bytes, v6Bytes } from './words.ts'

test.each([
  // RFC 5952 §1 and §2: many spellings of one address
  ['2001:DB8::1', '2001:db8::1'],
  ['2001:0db8:0:0:0:0:0:0001', '2001:db8::1'],
  ['2001:db8::0:1', '2001:db8::1'],
  // §4.2.2: one zero group alone is not shortened
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  // §4.2.3: the longest run, and the first of equals
  ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ['1:0:0:0:0:0:0:0', '1::'],
  // RFC 4291 §2.2, form 3
  ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
])('%s is written %s', (text, canonical) => expect(parseIp(text)).toBe(canonical))

test.each(['::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:FFFF:7F00:0001', '127.0.0.1'])('%s is 127.0.0.1', (text) =>
  expect(parseIp(text)).toBe('127.0.0.1'),
)

test.each([
  ...[' ', '', '.', ':', ':::', '1', '1.2.3', '1.2.3.4.', '.1.2.3.4', '1.2.3.4.5', '1..3.4', '256.1.1.1', '1.2.3.-4', '1.2.3.+4'],
  ...['1.2.3.4 ', ' 1.2.3.4', '1.2.3.4\0', '1.2.3.4\n', '0x7f.1', '0x7f.0.0.1', '2130706433', '017700000001', '127.1', '01.2.3.4'],
  ...['1.2.3.04', '1e1.2.3.4', '１.2.3.4', '٣.1.1.1', 'fe80::1%eth0', '[::1]', '::1/128', '1::2::3', '1:2:3:4:5:6:7', '::g', '::1.2.3'],
  ...['1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', ':1:2:3:4:5:6:7', '12345::', '::1.2.3.4:5', '1.2.3.4::', '::01.2.3.4', '::256.1.1.1'],
])('%j is no plain literal', (text) => expect(parseIp(text)).toBeNull())

test('bytes survive being written and read', () =>
  fc.assert(
    fc.property(fc.oneof(v4Bytes, v6Bytes), (bytes) => {
      expect(ipToBytes(ipFromBytes(bytes))).toEqual(bytes)
    }),
  ))

test('an IPv4-mapped address is the IPv4 address', () =>
  fc.assert(
    fc.property(v4Bytes, (v4) => {
      const mapped = Uint8Array.from([...new Array<number>(10).fill(0), 0xff, 0xff, ...v4])
      expect(ipFromBytes(mapped)).toBe(ipFromBytes(v4))
      expect(familyOf(ipFromBytes(mapped))).toBe(4)
    }),
  ))

test('reading never throws, and reading what was read changes nothing', () =>
  fc.assert(
    fc.property(anyHostText, (text) => {
      const read = parseIp(text)
      if (read !== null) expect(parseIp(read)).toBe(read)
    }),
    { numRuns: 1000 },
  ))

test('every full spelling of eight groups is read, in either case', () =>
  fc.assert(
    fc.property(v6Bytes, fc.boolean(), (bytes, upper) => {
      const text = Array.from({ length: 8 }, (_, i) => Buffer.from(bytes.subarray(2 * i, 2 * i + 2)).toString('hex')).join(':')
      expect(parseIp(upper ? text.toUpperCase() : text)).toBe(ipFromBytes(bytes))
    }),
  ))

test('an address has 4 or 16 bytes', () => {
  for (const length of [0, 3, 5, 15, 17]) expect(() => ipFromBytes(new Uint8Array(length))).toThrow(RangeError)
})

test('an endpoint writes IPv6 in brackets', () => {
  expect(formatEndpoint({ host: ip('192.0.2.1'), port: 443 })).toBe('192.0.2.1:443')
  expect(formatEndpoint({ host: ip('2001:db8::1'), port: 443 })).toBe('[2001:db8::1]:443')
  expect(formatEndpoint({ host: 'zoom.us', port: 80 })).toBe('zoom.us:80')
})

test('a port is 1 to 65535 in plain digits and never wraps', () => {
  expect(['1', '443', '0443', '65535'].map(parsePort)).toEqual([1, 443, 443, 65_535])
  for (const text of ['', '0', '00000', '65536', '65979', '65536443', '000443', '-1', '+1', '1e3', '0x50', ' 80', '80 ', '٨٠', '8.0'])
    expect(parsePort(text), JSON.stringify(text)).toBeNull()
})
