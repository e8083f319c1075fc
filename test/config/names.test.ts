import { expect, test } from 'vitest'
import { doorName, groupName } from '../../src/config/names.ts'

test.each([doorName, groupName])('a name is of lower-case letters, digits and hyphens', (schema) => {
  for (const good of ['a', '2nd-floor', 'x'.repeat(32)]) expect(schema.safeParse(good).success, good).toBe(true)
  for (const bad of ['', '-a', 'A', 'a b', 'a_b', 'ä', 'a\n', 'x'.repeat(33)]) expect(schema.safeParse(bad).success, bad).toBe(false)
})
