import { expect, test } from 'vitest'
import { formatPath } from '../../src/policy/path.ts'

test('a path is written as people would', () => {
  expect(formatPath(['fences', 2, 'never', 0])).toBe('fences[2].never[0]')
  expect(formatPath([])).toBe('')
})
