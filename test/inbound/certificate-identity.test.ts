import { expect, test } from 'vitest'
import { identityIn } from '../../src/inbound/certificate-identity.ts'

const identity = (subject: Readonly<Record<string, string | readonly string[]>>) =>
  identityIn({ subject } as unknown as Parameters<typeof identityIn>[0])

test('the common name is the user, the units are the groups, whatever their case', () => {
  expect(identity({ CN: 'Anna@Example.com', OU: ['Office', 'office', 'it'] })).toEqual({
    name: 'anna@example.com',
    groups: ['office', 'it'],
    by: 'certificate',
  })
  expect(identity({ CN: 'bob', OU: 'staff' })).toMatchObject({ groups: ['staff'] })
})

test('a unit that no policy could name is left out', () => {
  expect(identity({ CN: 'bob', OU: ['Human Resources', 'staff', '*'] })).toMatchObject({ groups: ['staff'] })
})

test.each([
  [{}, 'its subject has not exactly one common name'],
  [{ CN: ['anna', 'bob'] }, 'its subject has not exactly one common name'],
  [{ CN: 'Anna Smith' }, 'the common name of its subject could not be the name of a user'],
  [{ CN: 'anonymous' }, 'the common name of its subject could not be the name of a user'],
  [{ CN: 'anna\nbob' }, 'the common name of its subject could not be the name of a user'],
  [{ CN: '' }, 'the common name of its subject could not be the name of a user'],
])('%j names nobody', (subject, problem) => {
  expect(identity(subject)).toEqual({ problem })
})
