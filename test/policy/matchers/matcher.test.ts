import { expect, test } from 'vitest'
import { certain } from '../../../src/policy/matchers/matcher.ts'
import { facts } from '../words.ts'

test('what no client can forge is proved as soon as it is seen', () => {
  const odd = certain(['odd'], ({ port }) => port % 2 === 1)
  expect([odd.applies(facts({ port: 443 })), odd.proved(facts({ port: 443 }))]).toEqual(['yes', 'yes'])
  expect([odd.applies(facts({ port: 80 })), odd.proved(facts({ port: 80 }))]).toEqual(['no', 'no'])
  expect(odd.document).toEqual(['odd'])
})
