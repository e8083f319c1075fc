import { expect, test } from 'vitest'
import { facts, placed } from '../words.ts'
import { compiled } from './words.ts'

const cidr = compiled('cidr', '23.192.228.0/24', '2001:67C::/32', '193.0.113.7')

test.each([
  ['23.192.228.7', 'yes'],
  ['198.51.101.7', 'no'],
  ['193.0.113.7', 'yes'],
  ['193.0.113.8', 'no'],
  ['2001:67c::5', 'yes'],
  ['2001:db9::5', 'no'],
])('%s: %s', (address, match) => {
  const known = facts({ location: placed(address) })
  expect([cidr.applies(known), cidr.proved(known)]).toEqual([match, match])
})

test('without an address it is open', () => {
  const known = facts({ location: undefined })
  expect([cidr.applies(known), cidr.proved(known)]).toEqual(['open', 'open'])
})

test('the values are written as networks are', () => expect(cidr.document).toEqual(['23.192.228.0/24', '2001:67c::/32', '193.0.113.7/32']))
