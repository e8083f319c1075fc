/** `host`: names of the destination. `zoom.us` is that name alone, `*.zoom.us` every name below it, `.zoom.us` both. */
import { z } from 'zod'
import { parseIp } from '../../model/address.ts'
import { formatHostPattern, type HostPattern, isHostPattern, parseHostPattern } from '../../model/host-pattern.ts'
import { HostSet } from '../../model/host-set.ts'
import { type MatcherKind, toldMatcher } from './matcher.ts'

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
    return toldMatcher(
      patterns.map(formatHostPattern),
      ({ names }) => names,
      ({ name }) => set.has(name),
      ({ namesFinal }) => (namesFinal ? 'no' : 'open'),
    )
  },
}
