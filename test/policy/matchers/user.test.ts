import { expect, test } from 'vitest'
import { anonymous } from '../../../src/model/identity.ts'
import { facts } from '../words.ts'
import { compiled } from './words.ts'

const ana = { name: 'ana', groups: [], by: 'password' } as const

test('a user is who logged in, by the very name', () => {
  const user = compiled('user', 'ana', 'bo')
  expect([user.applies(facts({ who: ana })), user.proved(facts({ who: ana }))]).toEqual(['yes', 'yes'])
  expect(user.applies(facts({ who: { ...ana, name: 'Ana' } }))).toBe('no')
  expect(user.applies(facts({ who: { ...ana, name: 'cy' } }))).toBe('no')
})

test('whoever did not log in is anonymous, and known to be so from the first moment', () => {
  const early = { who: anonymous, location: undefined, namesFinal: false }
  expect(compiled('user', 'anonymous').applies(facts(early))).toBe('yes')
  expect(compiled('user', 'ana').applies(facts(early))).toBe('no')
})

test('the names are written as they stand', () => expect(compiled('user', 'bo', 'ana').document).toEqual(['bo', 'ana']))
