import type { NetworkInterfaceInfo } from 'node:os'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createFirstFamily, orderAddresses } from '../../../src/egress/resolver/address-order.ts'
import { ips } from '../support.ts'

const mixed = ips('192.0.2.1', '192.0.2.2', '192.0.2.3', '2001:67c::1', '2001:67c::2')

test('the families take turns, and each keeps its own order', () => {
  expect(orderAddresses(mixed, 6)).toEqual(['2001:67c::1', '192.0.2.1', '2001:67c::2', '192.0.2.2', '192.0.2.3'])
  expect(orderAddresses(mixed, 4)).toEqual(['192.0.2.1', '2001:67c::1', '192.0.2.2', '2001:67c::2', '192.0.2.3'])
})

test('an address that was given twice stands once', () => {
  expect(orderAddresses(ips('192.0.2.1', '192.0.2.1', '192.0.2.2'), 6)).toEqual(['192.0.2.1', '192.0.2.2'])
})

test('no address is lost and none is added', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { minLength: 1 }), fc.constantFrom(4 as const, 6 as const), (texts, first) => {
      const given = ips(...(texts as [string, ...string[]]))
      expect(new Set(orderAddresses(given, first))).toEqual(new Set(given))
    }),
  )
})

const having =
  (...addresses: string[]) =>
  () => ({ eth0: addresses.map((address) => ({ address }) as NetworkInterfaceInfo) })

test.each([
  ['a global IPv6 address', ['192.0.2.1', '2001:67c::1'], 6],
  ['only IPv4', ['192.0.2.1'], 4],
  ['only link-local, loopback and private IPv6', ['fe80::1', '::1', 'fd00::1'], 4],
  ['only 6to4 and Teredo', ['2002:c000:201::1', '2001::1'], 4],
])('a machine with %s', (_what, addresses, family) => {
  expect(createFirstFamily(() => 0, having(...addresses))()).toBe(family)
})

test('a change of network is noticed within five seconds', () => {
  let now = 0
  let addresses = ['192.0.2.1']
  const firstFamily = createFirstFamily(
    () => now,
    () => having(...addresses)(),
  )
  expect(firstFamily()).toBe(4)
  addresses = ['2001:67c::1']
  now = 4_999
  expect(firstFamily()).toBe(4)
  now = 5_000
  expect(firstFamily()).toBe(6)
})
