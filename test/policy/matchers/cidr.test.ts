import { expect, test } from 'vitest'
import { facts, placed } from '../words.ts'
import { compiled } from './words.ts'

const cidr = compiled('cidr', '198.51.100.0/24', '2001:DB8::/32', '203.0.113.7')

test.each([
  ['198.51.100.7', 'yes'],
  ['198.51.101.7', 'no'],
  ['203.0.113.7', 'yes'],
  ['203.0.113.8', 'no'],
  ['2001:db8::5', 'yes'],
  ['2001:db9::5', 'no'],
])('%s: %s', (address, match) => {
  const known = facts({ location: placed(address) })
  expect([cidr.applies(known), cidr.proved(known)]).toEqual([match, match])
})

test('without an address it is open', () => {
  const known = facts({ location: undefined })
  expect([cidr.applies(known), cidr.proved(known)]).toEqual(['open', 'open'])
})

test('the values are written as networks are', () => expect(cidr.document).toEqual(['198.51.100.0/24', '2001:db8::/32', '203.0.113.7/32']))
