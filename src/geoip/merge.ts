/**
 * From the sources' answers to what follows from them (DESIGN.md §4): the possible countries, which fences judge by,
 * and one best guess, which they never do. Told in one table; the first row that holds decides.
 *
 * | there is                                  | possible countries      | best guess                                       |
 * | ----------------------------------------- | ----------------------- | ------------------------------------------------ |
 * | an override                               | what overrides say      | what most of them say                            |
 * | an authority, within its publisher's ASes | what authorities say    | what most of them say                            |
 * | a voter                                   | what the voters say     | what most of those voters say that depart from   |
 * |                                           |                         | the registry; of all voters, where none departs  |
 * | none of these                             | none: unknown           | none                                             |
 *
 * Among equals the voter that speaks of the narrowest network is the best guess, else the source that stands first;
 * nothing else depends on the order. A witness changes neither column. An address is anycast if a list says so and no
 * override does.
 *
 * "Depart from the registry": a database that knows nothing of an address repeats where its block is registered, so an
 * answer that differs is knowledge. On prefixes whose operators publish where they are, this was right for 95.7 %
 * against 93.7 % by plain majority (mean over operators, three sources).
 */
import type { CountryCode } from '../model/country.ts'
import type { SourceRole } from '../model/location.ts'

/** What one source says, with the weight that it has. */
export interface Vote {
  readonly role: SourceRole
  /** `null`: no answer, or of a source that speaks of no country. */
  readonly country: CountryCode | null
  /** An authority outside its publisher's ASes: not counted. */
  readonly disowned: boolean
  /** A source of role `anycast` lists the address. */
  readonly anycast: boolean
  /** Of the voters, it speaks of the narrowest network around the address. */
  readonly finest: boolean
}

/** What a set of votes amounts to. */
export interface Merged {
  /** Sorted, each once. */
  readonly possible: readonly CountryCode[]
  readonly best: CountryCode | null
  readonly registry: CountryCode | null
  readonly anycast: boolean
}

/** Merges votes given in the order of the sources. Pure and total. */
export function merge(votes: readonly Vote[]): Merged {
  // The finest first: it is the one that counts among equals.
  const ordered = [...votes.filter(({ finest }) => finest), ...votes.filter(({ finest }) => !finest)]
  const saidBy = (role: SourceRole): readonly CountryCode[] =>
    ordered.flatMap((vote) => (vote.role === role && vote.country !== null && !vote.disowned ? [vote.country] : []))
  const overrides = saidBy('override')
  const registry = saidBy('registry')[0] ?? null
  const anycast = overrides.length === 0 && votes.some((vote) => vote.anycast)
  const decisive = [overrides, saidBy('authority'), saidBy('voter')].find((countries) => countries.length > 0) ?? []
  const departing = decisive.filter((country) => country !== registry)
  const stated = overrides.length > 0 || saidBy('authority').length > 0
  const best = mostNamed(stated || departing.length === 0 ? decisive : departing)
  return { possible: [...new Set(decisive)].sort(), best, registry, anycast }
}

/** Of equals, the one that is named first. */
function mostNamed(countries: readonly CountryCode[]): CountryCode | null {
  let best: CountryCode | null = null
  let most = 0
  for (const country of countries) {
    const named = countries.filter((other) => other === country).length
    if (named > most) {
      most = named
      best = country
    }
  }
  return best
}
