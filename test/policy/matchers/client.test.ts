import { expect, test } from 'vitest'
import { facts, ip } from '../words.ts'
import { compiled } from './words.ts'

test.each([
  ['192.0.2.10', 'yes'],
  ['192.0.3.10', 'no'],
  ['::1', 'yes'],
])('a client at %s: %s', (client, match) => {
  const matcher = compiled('client', '192.0.2.0/24', '::1')
  const known = facts({ client: ip(client), location: undefined })
  expect([matcher.applies(known), matcher.proved(known)]).toEqual([match, match])
})

test('the values are written as networks are', () => expect(compiled('client', '::1').document).toEqual(['::1/128']))
