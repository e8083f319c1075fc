/** One JSON object for programs. */
import type { SuiteResult, TestResult } from '../../policy/suite-result.ts'
import { jsonLine } from '../output.ts'
import { allResults, failuresOf } from './wording.ts'

export const json = (suites: readonly SuiteResult[], seconds: number): string =>
  jsonLine({
    ...countsOf(allResults(suites)),
    seconds: Number(seconds.toFixed(3)),
    policies: suites.map(({ policy, file, results }) => ({ policy, file, ...countsOf(results), tests: results.map(asJson) })),
  })

const countsOf = (results: readonly TestResult[]) => {
  const failed = failuresOf(results)
  return { passed: results.length - failed, failed }
}

const asJson = ({ name, line, passed, expected, got, sentence, why }: TestResult) => ({
  name,
  line,
  passed,
  expected,
  got: { effect: got.effect, decided_by: got.decidedBy },
  sentence,
  why,
})
