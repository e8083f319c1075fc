import { expect, test } from 'vitest'
import { closest, didYouMean } from '../../src/model/suggest.ts'

const words = ['never', 'only', 'except', 'action', 'traffic', 'uncertain']

test.each([
  ['nevr', 'never'],
  ['nevver', 'never'],
  ['enver', 'never'],
  ['Only', 'only'],
  ['trafic', 'traffic'],
  ['uncertian', 'uncertain'],
  ['exept', 'except'],
])('%s was meant to be %s', (word, meant) => expect(closest(word, words)).toBe(meant))

test.each(['', 'xyz', 'countries', 'reason'])('%j is near to nothing', (word) => expect(closest(word, words)).toBeNull())

test('of equally near words the first is told', () => expect(closest('bloc', ['block', 'blob'])).toBe('block'))

test('a suggestion is the end of a sentence, or nothing', () => {
  expect(didYouMean('nevr', words)).toBe(', did you mean "never"?')
  expect(didYouMean('xyz', words)).toBe('')
  expect(didYouMean('x', [])).toBe('')
})
