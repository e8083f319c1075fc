/**
 * The Test Anything Protocol, version 14 (testanything.org). Flat, one test point a test with its policy in front: that
 * is read alike by readers of every version, where subtests are told apart by those of 14 alone.
 */
import type { SuiteResult, TestResult } from '../../policy/suite-result.ts'
import { jsonLine } from '../output.ts'
import { allResults, oneLine, placeOf, sayCounts, sayDifference } from './wording.ts'

export function tap(suites: readonly SuiteResult[], seconds: number): string {
  const total = allResults(suites).length
  let number = 0
  const lines = suites.flatMap((suite) =>
    suite.results.length === 0
      ? [`# ${oneLine(suite.policy)} (${oneLine(suite.file)}) has no tests`]
      : suite.results.flatMap((result) => testPoint(++number, result, suite)),
  )
  // "1..0" says that all was skipped, and why.
  const plan = total === 0 ? '1..0 # SKIP there are no tests' : `1..${total}`
  return `${['TAP version 14', plan, ...lines, `# ${sayCounts(allResults(suites))}, ${seconds.toFixed(3)} s`].join('\n')}\n`
}

function testPoint(number: number, result: TestResult, suite: SuiteResult): readonly string[] {
  const head = `${result.passed ? 'ok' : 'not ok'} ${number} - ${escaped(`${suite.policy}: ${result.name}`)}`
  return result.passed ? [head] : [head, ...diagnostic(result, suite)]
}

/** A hash would begin a directive such as TODO, which turns a failure into none. */
const escaped = (description: string): string => oneLine(description).replace(/[\\#]/g, '\\$&')

/** YAML, whose double-quoted strings are those of JSON: no text can end the block or begin another line. */
function diagnostic(result: TestResult, suite: SuiteResult): readonly string[] {
  const { expected, got, sentence, why } = result
  const values = {
    message: why,
    severity: 'fail',
    expected: expected.effect,
    because: expected.because,
    got: got.effect,
    decided_by: got.decidedBy,
    difference: sayDifference(result),
    sentence,
    at: placeOf(suite, result),
  }
  return ['  ---', ...Object.entries(values).map(([key, value]) => `  ${key}: ${jsonLine(value).trimEnd()}`), '  ...']
}
