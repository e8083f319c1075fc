import { expect, test } from 'vitest'
import { AddressIntervals } from '../../src/config/address-intervals.ts'
import { ipToBytes } from '../../src/model/address.ts'
import { cidr } from '../../src/model/cidr.ts'
import { ipOf } from './made-up-apps.ts'

const over = (...networks: readonly string[]) => {
  const entries = networks.map((text) => ({ network: cidr(text), value: text }))
  const intervals = AddressIntervals.of(entries, (values) => values.join(' '))
  return (ip: string) => intervals.get(ipToBytes(ipOf(ip)))
}

test('networks within networks: all that hold an address, in their order', () => {
  const at = over('10.0.0.0/8', '10.1.0.0/16', '10.0.0.0/8', '10.1.2.3/32')
  expect(at('10.0.0.0')).toBe('10.0.0.0/8 10.0.0.0/8')
  expect(at('10.1.2.2')).toBe('10.0.0.0/8 10.1.0.0/16 10.0.0.0/8')
  expect(at('10.1.2.3')).toBe('10.0.0.0/8 10.1.0.0/16 10.0.0.0/8 10.1.2.3/32')
  expect(at('10.2.0.0')).toBe('10.0.0.0/8 10.0.0.0/8')
})

test('below all networks there is no answer, after one the answer of nothing', () => {
  const at = over('10.0.0.0/8')
  expect([at('9.255.255.255'), at('10.255.255.255'), at('11.0.0.0')]).toEqual([undefined, '10.0.0.0/8', ''])
})

test('the first and the last address have places too', () => {
  expect(over('0.0.0.0/0')('255.255.255.255')).toBe('0.0.0.0/0')
  expect(over('::/0')('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')).toBe('::/0')
  expect(over('ffff::/16')('fffe:ffff::')).toBeUndefined()
})

test('IPv6 networks differ in any of their words', () => {
  const at = over('2001:db8::/32', '2001:db8:0:0:8000::/65', '2001:db8::ffff:0:0/96')
  expect(at('2001:db8::1')).toBe('2001:db8::/32')
  expect(at('2001:db8:0:0:8000::1')).toBe('2001:db8::/32 2001:db8:0:0:8000::/65')
  expect(at('2001:db8::ffff:1:2')).toBe('2001:db8::/32 2001:db8::ffff:0:0/96')
  expect(at('2001:db9::')).toBe('')
})

test('of no networks there is no answer', () => {
  expect(AddressIntervals.of([], () => '').get(new Uint8Array(4))).toBeUndefined()
})
