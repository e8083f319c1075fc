import { expect, test } from 'vitest'
import { ANONYMOUS, anonymous } from '../../src/model/identity.ts'

test('who did not log in has a name that policies can read, and no groups', () => {
  expect(anonymous).toEqual({ name: ANONYMOUS, groups: [], by: null })
})
