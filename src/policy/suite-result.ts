/** What the tests of a policy came to. */
import type { Effect } from '../model/verdict.ts'

export interface TestResult {
  /** `tests[2] 52.81.151.250:443` */
  readonly name: string
  readonly line: number | null
  readonly passed: boolean
  readonly expected: { readonly effect: Effect; readonly because: string | null }
  readonly got: { readonly effect: Effect | null; readonly decidedBy: readonly string[] }
  /** What happened, one plain sentence. */
  readonly sentence: string
  /** Why it failed; `null` if it passed. */
  readonly why: string | null
}

export interface SuiteResult {
  readonly policy: string
  readonly file: string
  readonly results: readonly TestResult[]
}
