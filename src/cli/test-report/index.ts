/** The forms in which the results of policy tests can be had: `--format`. A form exists because a line here lists it. */
import type { SuiteResult } from '../../policy/suite-result.ts'
import type { Output } from '../output.ts'
import { json } from './json.ts'
import { junit } from './junit.ts'
import { tap } from './tap.ts'
import { text } from './text.ts'

/** Pure; only what is for people minds what it is written on. */
export type TestReport = (suites: readonly SuiteResult[], seconds: number, paper: Pick<Output, 'colour'>) => string

export const testReports = { text, tap, junit, json } as const satisfies Readonly<Record<string, TestReport>>

export type TestReportName = keyof typeof testReports
