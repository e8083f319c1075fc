/** Compiles one matcher, with what it reports. */
import { type MatcherName, matchers } from '../../../src/policy/matchers/index.ts'
import type { Matcher, MatcherKind } from '../../../src/policy/matchers/matcher.ts'
import { madeUpApps } from '../made-up.ts'

export function compiled(name: MatcherName, ...items: readonly unknown[]): Matcher & { readonly reports: readonly string[] } {
  const reports: string[] = []
  const kind: MatcherKind<unknown> = matchers[name]
  const report = (index: number, message: string, key?: string) => reports.push(`${index}${key === undefined ? '' : `.${key}`}: ${message}`)
  return { ...kind.compile(items, report, madeUpApps), reports }
}
