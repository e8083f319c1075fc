/** Compiles one matcher, with what it reports. */
import { type MatcherName, matchers } from '../../../src/policy/matchers/index.ts'
import type { Matcher } from '../../../src/policy/matchers/matcher.ts'

export function compiled(name: MatcherName, ...items: readonly (string | number)[]): Matcher & { readonly reports: readonly string[] } {
  const reports: string[] = []
  const matcher = matchers[name].compile(items as never[], (index, message) => reports.push(`${index}: ${message}`))
  return { ...matcher, reports }
}
