/** Results of policy tests for the reports: three policies to read, and any that texts from a file may make. */
import fc from 'fast-check'
import type { Effect } from '../../../src/model/verdict.ts'
import type { SuiteResult, TestResult } from '../../../src/policy/suite-result.ts'

export const passing: TestResult = {
  name: 'tests[0] 52.81.151.250:443',
  line: 12,
  passed: true,
  expected: { effect: 'block', because: 'no-cn' },
  got: { effect: 'block', decidedBy: ['no-cn'] },
  sentence: 'Blocked: 52.81.151.250:443 by fence "no-cn" (violated).',
  why: null,
}

export const otherEffect: TestResult = {
  name: 'tests[1] zoom.us:443',
  line: 13,
  passed: false,
  expected: { effect: 'block', because: 'no-cn' },
  got: { effect: 'log', decidedBy: ['watch'] },
  sentence: 'Flagged: zoom.us:443 by fence "watch" (violated).',
  why: 'expected block, got log',
}

export const otherFence: TestResult = {
  name: 'tests[2] R&D <#1>',
  line: null,
  passed: false,
  expected: { effect: 'block', because: 'no-cn, no-ru' },
  got: { effect: 'block', decidedBy: ['all'] },
  sentence: 'Blocked: rd.example:443 by fence "all" (violated).',
  why: 'block, but not by fence "no-cn", "no-ru"; that was "all"',
}

export const unjudged: TestResult = {
  name: 'tests[0] pay.example:443',
  line: 40,
  passed: false,
  expected: { effect: 'allow', because: null },
  got: { effect: null, decidedBy: [] },
  sentence: 'It could not be judged.',
  why: 'fence "hours" depends on the time: say it with "at"',
}

export const suites: readonly SuiteResult[] = [
  { policy: 'no-cn', file: 'packs/no-cn.yaml', results: [passing, otherEffect, otherFence] },
  { policy: 'observe', file: 'packs/observe.yaml', results: [] },
  { policy: 'pay.yaml', file: 'pay.yaml', results: [unjudged] },
]

/** What a file may hold: also what ends a line, a block, a comment or a string in some form, or moves a cursor. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'ab \\#"\'<>&]\n\r\t\u0000\u001b\u0085\u2028\u202e\ufeff\ufffe\uffff:-', '\ud800', '😀') }),
  fc.constantFrom('# TODO later', '# SKIP', '\n  ...\nok 2', ']]>', '--->', '\\', '\\\\#', '  ...', '---', 'Bail out!', ' '),
)
const effect = fc.constantFrom<Effect>('allow', 'log', 'block')
const fence = fc.constantFrom('no-cn', 'watch', 'all')

const anyResult: fc.Arbitrary<TestResult> = fc
  .record({
    name: anyText,
    line: fc.option(fc.integer({ min: 1, max: 9_999 })),
    passed: fc.boolean(),
    expected: fc.record({ effect, because: fc.option(fc.array(fence, { minLength: 1 }).map((names) => names.join(', '))) }),
    got: fc.record({ effect: fc.option(effect), decidedBy: fc.array(fence) }),
    sentence: anyText,
    why: anyText,
  })
  .map((result) => (result.passed ? { ...result, why: null } : result))

export const anySuites: fc.Arbitrary<readonly SuiteResult[]> = fc.array(
  fc.record({ policy: anyText, file: anyText, results: fc.array(anyResult, { maxLength: 4 }) }),
  { maxLength: 3 },
)

/** What would move a cursor, start a line, or turn the direction of writing. The line feed is the reports' own. */
export const harmful = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/
