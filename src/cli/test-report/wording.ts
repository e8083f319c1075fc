/** What the reports of policy tests have in common: their counts, and a result in words. */
import { printable } from '../../model/hostname.ts'
import type { Effect } from '../../model/verdict.ts'
import type { SuiteResult, TestResult } from '../../policy/suite-result.ts'

const words: Readonly<Record<Effect, string>> = { allow: 'allowed', log: 'flagged', block: 'blocked' }

/** `It should be blocked by fence "no-cn", and is allowed; no fence decided.` */
export function sayDifference({ expected, got }: Pick<TestResult, 'expected' | 'got'>): string {
  const wanted = `It should be ${words[expected.effect]}${byFences(namesIn(expected.because))}`
  if (got.effect === null) return `${wanted}, and could not be judged.`
  const decided = got.decidedBy.length === 0 ? '; no fence decided' : byFences(got.decidedBy)
  return `${wanted}, and is ${words[got.effect]}${decided}.`
}

const byFences = (names: readonly string[]): string =>
  names.length === 0 ? '' : ` by fence${names.length === 1 ? '' : 's'} ${names.map((name) => `"${oneLine(name)}"`).join(', ')}`

/** Several fences stand in one text; no fence's name holds a comma. */
const namesIn = (because: string | null): readonly string[] => because?.split(', ') ?? []

/** `policy.yaml:14`, the file alone where the line is not known. */
export const placeOf = ({ file }: Pick<SuiteResult, 'file'>, { line }: Pick<TestResult, 'line'>): string =>
  line === null ? file : `${file}:${line}`

/** `12 passed, 1 failed` */
export function sayCounts(results: readonly Pick<TestResult, 'passed'>[]): string {
  const failed = failuresOf(results)
  return `${results.length - failed} passed, ${failed} failed`
}

export const failuresOf = (results: readonly Pick<TestResult, 'passed'>[]): number => results.filter(({ passed }) => !passed).length

export const allResults = (suites: readonly SuiteResult[]): readonly TestResult[] => suites.flatMap(({ results }) => results)

/** Text from a policy file, harmless to a terminal and in one line. `printable` cuts at 80 characters; taken one by one, none is lost. */
export const oneLine = (text: string): string => Array.from(text, printable).join('')
