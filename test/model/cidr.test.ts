import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cidr, formatCidr, isCidr, parseCidr } from '../../src/model/cidr.ts'
import { anyHostText } from './words.ts'

test.each(['10.0.0.0/8', '0.0.0.0/0', '192.0.2.1/32', '2001:db8::/32', '::/0', '::1/128'])('%s is a network', (text) =>
  expect(formatCidr(cidr(text))).toBe(text),
)

test('an address alone is the network of that address', () => {
  expect(formatCidr(cidr('192.0.2.1'))).toBe('192.0.2.1/32')
  expect(formatCidr(cidr('2001:DB8::1'))).toBe('2001:db8::1/128')
})

test.each([
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['192.0.2.129/25', '192.0.2.128/25'],
  ['192.0.2.1/0', '0.0.0.0/0'],
  ['2001:db8::1/32', '2001:db8::/32'],
  ['2001:db8:ffff::/33', '2001:db8:8000::/33'],
])('%s has host bits set: meant is %s', (text, suggestion) => expect(parseCidr(text)).toEqual({ problem: 'host-bits-set', suggestion }))

test.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8.0', '10.0.0.0/8/8', '10.0.0.0/255.0.0.0', '::/129', '::/1e1', '::/ 8'])(
  '%s has a bad length',
  (text) => expect(parseCidr(text)).toEqual({ problem: 'bad-length' }),
)

test.each(['', '/8', '10/8', '10.0.0/24', 'zoom.us', '010.0.0.0/8', '[::1]/128', 'fe80::1%eth0/64'])('%j is not an address', (text) =>
  expect(parseCidr(text)).toEqual({ problem: 'not-an-address' }),
)

test('a network of IPv4-mapped addresses is the network of IPv4 addresses', () => {
  expect(parseCidr('::ffff:10.0.0.0/104')).toEqual(cidr('10.0.0.0/8'))
  expect(parseCidr('::ffff:10.0.0.1')).toEqual(cidr('10.0.0.1/32'))
  expect(parseCidr('::ffff:0:0/96')).toEqual(cidr('0.0.0.0/0'))
})

test('a length that reaches above the mapped prefix is not taken for one of IPv4', () =>
  expect(parseCidr('::ffff:10.0.0.0/8')).toEqual({ problem: 'bad-length' }))

test('a bad prefix in our own tables is thrown', () => expect(() => cidr('10.0.0.1/8')).toThrow('10.0.0.1/8'))

test('reading never throws, and what was read is written and read again as the same', () =>
  fc.assert(
    fc.property(anyHostText, fc.oneof(fc.constant(''), fc.nat(140).map(String), fc.string()), (host, length) => {
      const parsed = parseCidr(`${host}/${length}`)
      if (isCidr(parsed)) expect(parseCidr(formatCidr(parsed))).toEqual(parsed)
      else if (parsed.suggestion !== undefined) expect(isCidr(parseCidr(parsed.suggestion))).toBe(true)
    }),
    { numRuns: 1000 },
  ))
