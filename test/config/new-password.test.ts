import { expect, test } from 'vitest'
import { generatePassword, passwordProblem } from '../../src/config/new-password.ts'

test('a password that is made here is five groups of letters and digits that look like no others, and new each time', () => {
  const made = Array.from({ length: 200 }, generatePassword)
  for (const one of made) {
    expect(one).toMatch(/^([a-hjkmnp-z2-9]{5}-){4}[a-hjkmnp-z2-9]{5}$/)
    expect(passwordProblem(one)).toBeNull()
  }
  expect(new Set(made).size).toBe(200)
})

test.each([
  ['seven77', /at least 8 characters/],
  ['🔑🔑🔑🔑', /at least 8 characters/],
  ['x'.repeat(256), /at most 255 bytes/],
  ['ä'.repeat(128), /at most 255 bytes/],
  ['with\ttab and more', /control characters/],
])('%j can be none', (password, problem) => {
  expect(passwordProblem(password)).toMatch(problem)
})

test.each(['eight888', 'with spaces and: colons', 'x'.repeat(255), 'ä'.repeat(127), '🔑'.repeat(8)])('%j can be one', (password) => {
  expect(passwordProblem(password)).toBeNull()
})
