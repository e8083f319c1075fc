/** `host`: names of the destination. `zoom.us` is that name alone, `*.zoom.us` every name below it, `.zoom.us` both. */
import { z } from 'zod'
import { parseIp } from '../../model/address.ts'
import type { KnownName } from '../../model/flow.ts'
import { formatHostPattern, isHostPattern, parseHostPattern } from '../../model/host-pattern.ts'
import type { Match, Matcher, MatcherKind } from './matcher.ts'

export const host: MatcherKind<string> = {
  item: z.string(),
  says: 'a host name',
  reads: 'names',
  identifies: true,
  compile(items, report) {
    const exact = new Set<string>()
    const below = new Set<string>()
    const document: string[] = []
    for (const [i, item] of items.entries()) {
      const pattern = parseHostPattern(item)
      if (isHostPattern(pattern)) {
        if (pattern.itself) exact.add(pattern.name)
        if (pattern.below) below.add(pattern.name)
        document.push(formatHostPattern(pattern))
      } else {
        report(i, parseIp(item) === null ? pattern.problem : `${pattern.problem}; use "cidr" for addresses`)
      }
    }
    return hostMatcher(document, (name) => exact.has(name) || isBelow(name, below))
  },
}

function hostMatcher(document: readonly string[], matches: (name: string) => boolean): Matcher {
  const ask = (names: readonly KnownName[], final: boolean, proof: (name: KnownName) => Match): Match => {
    let answer: Match = final ? 'no' : 'open'
    for (const known of names) {
      if (!matches(known.name)) continue
      const proved = proof(known)
      if (proved === 'yes') return 'yes'
      if (proved === 'open') answer = 'open'
    }
    return answer
  }
  return {
    document,
    applies: (facts) => (facts.anyName ? 'yes' : ask(facts.names, facts.namesFinal, () => 'yes')),
    proved: (facts) =>
      ask(facts.names, facts.namesFinal, ({ provedAt }) => {
        if (provedAt === 'everywhere') return 'yes'
        if (provedAt === null) return 'no'
        if (facts.address === undefined) return 'open'
        return provedAt.has(facts.address) ? 'yes' : 'no'
      }),
  }
}

/** Walks the labels from the left, so that a thousand suffixes cost no more than one. */
function isBelow(name: string, suffixes: ReadonlySet<string>): boolean {
  if (suffixes.size === 0) return false
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) if (suffixes.has(name.slice(dot + 1))) return true
  return false
}
