/** What every matcher is: one word under `traffic:` or `except:`, compiled once, asked per address. */
import type { z } from 'zod'
import type { AppCatalogue } from '../../model/app.ts'
import type { Facts } from '../../model/facts.ts'
import type { KnownName, Millis } from '../../model/flow.ts'

/** `open`: a fact that may still come would decide. */
export type Match = 'yes' | 'no' | 'open'

export interface Matcher {
  /** Does the traffic look like it? What a client merely claims counts (suspicion convicts). */
  applies(facts: Facts): Match
  /** Is it so beyond doubt? Only what Ringfence itself verified counts (proof acquits). */
  proved(facts: Facts): Match
  /** The values as they would be written in YAML, in canonical form: compiling them again gives the same matcher. */
  readonly document: readonly unknown[]
  /** Of one that goes by the time alone: whether it matches then. */
  readonly holdsAt?: (at: Millis) => boolean
}

/** Takes note of a fault in the value at an index; of a value that has keys, in one of them. */
export type ReportItem = (index: number, message: string, key?: string) => void

/** What waits to be known: names that may still be learnt, the address of a look-up, or nothing beyond the flow itself. */
export type Reads = 'names' | 'address' | 'flow'

/** A kind of matcher: the form of its values in YAML, and how they compile. A new one is a new file and a line in `index.ts`. */
export interface MatcherKind<Item> {
  /** One value; the file may hold one or a list of them. */
  readonly item: z.ZodType<Item>
  /** What one value is, for messages: "a host name". */
  readonly says: string
  /** Whether it tells by itself whose traffic or which destination is meant. An exception needs one that does. */
  readonly identifies: boolean
  readonly reads: Reads
  /** Compiles the values; each fault is reported with the index of its value. */
  compile(items: readonly Item[], report: ReportItem, apps: AppCatalogue): Matcher
}

/** For facts that are known from the first moment and that no client can forge: seen and proved are the same. */
export const certain = (document: readonly (string | number)[], test: (facts: Facts) => boolean): Matcher => {
  const match = (facts: Facts): Match => (test(facts) ? 'yes' : 'no')
  return { applies: match, proved: match, document }
}

/** Whether a name, or an app told by it, is proved for the address that is judged. */
export function provedFor(provedAt: KnownName['provedAt'], { address }: Pick<Facts, 'address'>): Match {
  if (provedAt === 'everywhere') return 'yes'
  if (provedAt === null) return 'no'
  if (address === undefined) return 'open'
  return provedAt.has(address) ? 'yes' : 'no'
}

/** Something that the flow was told by, a name or an app, and where that is proved. */
interface Told {
  readonly provedAt: KnownName['provedAt']
}

/**
 * A matcher over what the flow was told by: seen where anything told is meant by it, proved where that is proved. Where
 * nothing is, `otherwise` says whether more can come.
 */
export function toldMatcher<T extends Told>(
  document: readonly string[],
  toldBy: (facts: Facts) => readonly T[],
  isMeant: (told: T) => boolean,
  otherwise: (facts: Facts) => Match,
): Matcher {
  const ask = (facts: Facts, proof: (told: T) => Match): Match => {
    let answer = otherwise(facts)
    for (const told of toldBy(facts)) {
      if (!isMeant(told)) continue
      const proved = proof(told)
      if (proved === 'yes') return 'yes'
      if (proved === 'open') answer = 'open'
    }
    return answer
  }
  return {
    document,
    // What can't be read may be anything.
    applies: (facts) => (facts.anyName ? 'yes' : ask(facts, () => 'yes')),
    proved: (facts) => ask(facts, ({ provedAt }) => provedFor(provedAt, facts)),
  }
}
