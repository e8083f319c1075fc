import { expect, test } from 'vitest'
import { anonymous } from '../../../src/model/identity.ts'
import { facts } from '../words.ts'
import { compiled } from './words.ts'

test('one group of several is enough, of the user and of the list', () => {
  const group = compiled('group', 'legal', 'research')
  const of = (...groups: readonly string[]) => group.applies(facts({ who: { name: 'ana', groups, by: 'password' } }))
  expect(of('research')).toBe('yes')
  expect(of('board', 'legal')).toBe('yes')
  expect(of('board')).toBe('no')
  expect(of('Legal')).toBe('no')
})

test('the group of a network holds for whoever did not log in, and is proved', () => {
  const known = facts({ who: { ...anonymous, groups: ['legal'] }, location: undefined, namesFinal: false })
  expect(compiled('group', 'legal').proved(known)).toBe('yes')
  expect(compiled('group', 'legal').proved(facts({ who: anonymous }))).toBe('no')
})
