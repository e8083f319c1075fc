/** `host`: names of the destination. `zoom.us` is that name alone, `*.zoom.us` every name below it, `.zoom.us` both. */
import { z } from 'zod'
import { parseIp } from '../../model/address.ts'
import type { KnownName } from '../../model/flow.ts'
import { formatHostPattern, type HostPattern, isHostPattern, parseHostPattern } from '../../model/host-pattern.ts'
import { HostSet } from '../../model/host-set.ts'
import { type Match, type Matcher, type MatcherKind, provedFor } from './matcher.ts'

export const host: MatcherKind<string> = {
  item: z.string(),
  says: 'a host name',
  reads: 'names',
  identifies: true,
  compile(items, report) {
    const patterns: HostPattern[] = []
    for (const [i, item] of items.entries()) {
      const pattern = parseHostPattern(item)
      if (isHostPattern(pattern)) patterns.push(pattern)
      else report(i, parseIp(item) === null ? pattern.problem : `${pattern.problem}; use "cidr" for addresses`)
    }
    const set = new HostSet(patterns)
    return hostMatcher(patterns.map(formatHostPattern), (name) => set.has(name))
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
    proved: (facts) => ask(facts.names, facts.namesFinal, ({ provedAt }) => provedFor(provedAt, facts)),
  }
}
