/** What `app` and `category` have in common: they ask the apps that a flow was told by. */
import type { App } from '../../model/app.ts'
import type { Facts } from '../../model/facts.ts'
import { type Match, type Matcher, provedFor } from './matcher.ts'

export function appMatcher(document: readonly string[], test: (app: App) => boolean): Matcher {
  const ask = ({ apps, namesFinal, address }: Facts, proof: (known: Facts['apps'][number]) => Match): Match => {
    // A name that is still to come, or the vendor's range that holds the address, would tell it too.
    let answer: Match = namesFinal && address !== undefined ? 'no' : 'open'
    for (const known of apps) {
      if (!test(known.app)) continue
      const proved = proof(known)
      if (proved === 'yes') return 'yes'
      if (proved === 'open') answer = 'open'
    }
    return answer
  }
  return {
    document,
    applies: (facts) => (facts.anyName ? 'yes' : ask(facts, () => 'yes')),
    proved: (facts) => ask(facts, ({ provedAt }) => provedFor(provedAt, facts)),
  }
}
