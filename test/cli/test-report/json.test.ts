import fc from 'fast-check'
import { expect, test } from 'vitest'
import { json } from '../../../src/cli/test-report/json.ts'
import { anySuites, harmful, suites } from './made-up.ts'

test('one object, in the words of the other commands', () => {
  const report = json(suites, 0.2399)
  expect(report).toMatch(/^[^\n]+\n$/)
  expect(JSON.parse(report)).toEqual({
    passed: 1,
    failed: 3,
    seconds: 0.24,
    policies: [
      { policy: 'no-cn', file: 'packs/no-cn.yaml', passed: 1, failed: 2, tests: expect.any(Array) },
      { policy: 'observe', file: 'packs/observe.yaml', passed: 0, failed: 0, tests: [] },
      {
        policy: 'pay.yaml',
        file: 'pay.yaml',
        passed: 0,
        failed: 1,
        tests: [
          {
            name: 'tests[0] pay.example:443',
            line: 40,
            passed: false,
            expected: { effect: 'allow', because: null },
            got: { effect: null, decided_by: [] },
            sentence: 'It could not be judged.',
            why: 'fence "hours" depends on the time: say it with "at"',
          },
        ],
      },
    ],
  })
})

test('any texts are read back as they were, and none commands a terminal', () =>
  fc.assert(
    fc.property(anySuites, (any) => {
      const report = json(any, 0)
      expect(report).not.toMatch(harmful)
      const read: { policies: { policy: string; tests: { name: string }[] }[] } = JSON.parse(report)
      expect(read.policies.map(({ policy, tests }) => [policy, tests.map(({ name }) => name)])).toEqual(
        any.map(({ policy, results }) => [policy, results.map(({ name }) => name)]),
      )
    }),
  ))
