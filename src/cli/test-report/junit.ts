/**
 * JUnit XML, as Jenkins, GitLab and GitHub's reporters read it. Only the run as a whole has a time: what a single test
 * took is too little to be measured.
 */
import type { SuiteResult, TestResult } from '../../policy/suite-result.ts'
import { allResults, failuresOf, oneLine, placeOf, sayDifference } from './wording.ts'

export function junit(suites: readonly SuiteResult[], seconds: number): string {
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'ringfence test', ...countsOf(allResults(suites)), time: seconds.toFixed(3) })}>`,
    ...suites.flatMap(testSuite),
    '</testsuites>',
  ]
  return `${lines.join('\n')}\n`
}

function testSuite(suite: SuiteResult): readonly string[] {
  const { policy, file, results } = suite
  return [
    `  <testsuite${attributes({ name: policy, ...countsOf(results), file })}>`,
    ...results.flatMap((result) => testCase(result, suite)),
    '  </testsuite>',
  ]
}

function testCase(result: TestResult, suite: SuiteResult): readonly string[] {
  const { name, line, passed, sentence, why } = result
  const head = attributes({ name, classname: suite.policy, file: suite.file, ...(line !== null && { line }) })
  if (passed) return [`    <testcase${head}/>`]
  const said = [placeOf(suite, result), sayDifference(result), sentence].map(escaped).join('\n')
  return [
    `    <testcase${head}>`,
    `      <failure${attributes({ message: why ?? sentence, type: kindOf(result) })}>${said}</failure>`,
    '    </testcase>',
  ]
}

/** What differs: nothing could be said, the effect, or only which fence gave it. */
const kindOf = ({ expected, got }: TestResult): string =>
  got.effect === null ? 'not-judged' : got.effect === expected.effect ? 'fence' : 'effect'

const countsOf = (results: readonly TestResult[]) => ({ tests: results.length, failures: failuresOf(results), errors: 0, skipped: 0 })

const attributes = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(String(value))}"`)
    .join('')

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }

/** XML 1.0 §2.2 forbids most control characters even as references, and U+FFFE and U+FFFF: they are shown by their codes. */
const escaped = (text: string): string =>
  oneLine(text)
    .replace(/[\ufffe\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`)
    .replace(/[&<>"']/g, (character) => entities[character] ?? character)
