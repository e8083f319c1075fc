import { expect, test } from 'vitest'
import { householdOf } from '../../src/model/household.ts'
import { ip } from '../support/fake-ports.ts'

test('an IPv4 address is a household of its own', () => {
  expect(householdOf(ip('192.0.2.1'))).not.toBe(householdOf(ip('192.0.2.2')))
})

test('all of an IPv6 /64 is one, the next /64 another', () => {
  expect(householdOf(ip('2001:db8::1'))).toBe(householdOf(ip('2001:db8::ffff:1')))
  expect(householdOf(ip('2001:db8::1'))).not.toBe(householdOf(ip('2001:db8:0:1::1')))
})
