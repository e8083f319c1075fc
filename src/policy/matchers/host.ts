/** `host`: names of the destination. `zoom.us` is that name alone, `*.zoom.us` every name below it, `.zoom.us` both. */
import { z } from 'zod'
import type { KnownName } from '../../model/flow.ts'
import { isHost, parseHost } from '../../model/hostname.ts'
import type { Match, Matcher, MatcherKind } from './matcher.ts'

export const host: MatcherKind<string> = {
  item: z.string(),
  says: 'a host name',
  compile(items, report) {
    const exact = new Set<string>()
    const below = new Set<string>()
    const document: string[] = []
    for (const [i, item] of items.entries()) {
      const form = /^(\*\.|\.)?(.*)$/s.exec(item)
      const [prefix, rest] = [form?.[1] ?? '', form?.[2] ?? '']
      const parsed = parseHost(rest)
      if (!isHost(parsed)) {
        report(i, rest.includes('*') ? `"${item}": a star may only stand in front, as in "*.example.com"` : parsed.problem)
      } else if (parsed.kind === 'ip') {
        report(i, `"${item}" is an address; use "cidr" for addresses`)
      } else {
        if (prefix !== '*.') exact.add(parsed.name)
        if (prefix !== '') below.add(parsed.name)
        document.push(prefix + parsed.name)
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
    applies: (facts) => ask(facts.names, facts.namesFinal, () => 'yes'),
    proved: (facts) =>
      ask(facts.names, facts.namesFinal, ({ provedAt }) => {
        if (provedAt === 'everywhere') return 'yes'
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
