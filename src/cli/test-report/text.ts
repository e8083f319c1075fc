/** For people: first what failed, in plain words, then every test, then the counts. */
import type { SuiteResult, TestResult } from '../../policy/suite-result.ts'
import { type Output, paint, type Style } from '../output.ts'
import { allResults, failuresOf, oneLine, placeOf, sayCounts, sayDifference } from './wording.ts'

type Paper = Pick<Output, 'colour'>

export function text(suites: readonly SuiteResult[], seconds: number, paper: Paper = { colour: false }): string {
  const explained = suites.flatMap((suite) => suite.results.filter(({ passed }) => !passed).map((result) => explain(result, suite, paper)))
  const blocks = [...explained, ...suites.map((suite) => listing(suite, paper)), `${summary(suites, seconds, paper)}\n`]
  return blocks.join('\n')
}

function explain(result: TestResult, suite: SuiteResult, paper: Paper): string {
  const lines = [
    `${failedMark(paper)} ${inStyle(oneLine(result.name), 'bold', paper)} (${oneLine(placeOf(suite, result))})`,
    `  ${sayDifference(result)}`,
    // Of one that could not be judged, the line above has said so.
    ...(result.got.effect === null ? [] : [`  ${oneLine(result.sentence)}`]),
    ...(result.why === null ? [] : [`  Why it fails: ${oneLine(result.why)}`]),
  ]
  return `${lines.join('\n')}\n`
}

function listing({ policy, file, results }: SuiteResult, paper: Paper): string {
  const title = inStyle(oneLine(policy), 'bold', paper)
  const head = policy === file ? title : `${title} (${oneLine(file)})`
  if (results.length === 0) return `${head}: no tests\n`
  const lines = results.map(({ passed, name }) => `  ${passed ? '✓' : failedMark(paper)} ${oneLine(name)}`)
  return `${[head, ...lines].join('\n')}\n`
}

/** The counts stand alone in the last line, for whoever reads no other. */
function summary(suites: readonly SuiteResult[], seconds: number, paper: Paper): string {
  const results = allResults(suites)
  const counts = sayCounts(results)
  const count = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`
  const all = `${count(results.length, 'test', 'tests')} of ${count(suites.length, 'policy', 'policies')} in ${seconds.toFixed(1)} s`
  return `${all}\n${failuresOf(results) > 0 ? inStyle(counts, 'red', paper) : counts}`
}

const failedMark = (paper: Paper): string => inStyle('✗', 'red', paper)

const inStyle = (shown: string, style: Style, { colour }: Paper): string => (colour ? paint(shown, style) : shown)
