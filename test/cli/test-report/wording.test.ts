import fc from 'fast-check'
import { expect, test } from 'vitest'
import { oneLine, placeOf, sayCounts, sayDifference } from '../../../src/cli/test-report/wording.ts'
import type { TestResult } from '../../../src/policy/suite-result.ts'
import { harmful, otherEffect, otherFence, passing, unjudged } from './made-up.ts'

test.each<readonly [Pick<TestResult, 'expected' | 'got'>, string]>([
  [otherEffect, 'It should be blocked by fence "no-cn", and is flagged by fence "watch".'],
  [otherFence, 'It should be blocked by fences "no-cn", "no-ru", and is blocked by fence "all".'],
  [unjudged, 'It should be allowed, and could not be judged.'],
  [
    { expected: { effect: 'log', because: null }, got: { effect: 'allow', decidedBy: [] } },
    'It should be flagged, and is allowed; no fence decided.',
  ],
  [
    { expected: { effect: 'allow', because: 'a' }, got: { effect: 'block', decidedBy: ['b', 'c'] } },
    'It should be allowed by fence "a", and is blocked by fences "b", "c".',
  ],
])('what was expected, and what decided', (result, sentence) => expect(sayDifference(result)).toBe(sentence))

test('a place is the file and, where it is known, the line', () => {
  expect(placeOf({ file: 'a.yaml' }, { line: 7 })).toBe('a.yaml:7')
  expect(placeOf({ file: 'a.yaml' }, { line: null })).toBe('a.yaml')
})

test('counts are said also where they are nought', () => {
  expect(sayCounts([passing, otherEffect, passing])).toBe('2 passed, 1 failed')
  expect(sayCounts([])).toBe('0 passed, 0 failed')
})

test('any text becomes one harmless line, and a long one is not cut', () =>
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const line = oneLine(text)
      expect(line).not.toMatch(harmful)
      expect(line).not.toContain('\n')
      expect(line.length).toBeGreaterThanOrEqual(text.length)
    }),
  ))
