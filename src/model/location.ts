/** What is known of an address' place: each source's own answer, never merged away, and what follows from them. */
import type { Ip } from './address.ts'
import type { CountryCode } from './country.ts'
import type { Scope } from './scope.ts'

/** What a source may do to the answer (DESIGN.md §4); `voter`s are trusted, a `witness` is only recorded. */
export type SourceRole = 'voter' | 'witness'

export interface SourceInfo {
  /** As shown to people: "DB-IP Lite". Unique within a table. */
  readonly name: string
  readonly role: SourceRole
  /** Date of the data (not of the file), ISO 8601 day. */
  readonly date: string
  /** SHA-256 of the file, hex. */
  readonly sha256: string
  /** What the licence asks to be shown beside results, or `null`. */
  readonly attribution: string | null
}

export interface SourceAnswer {
  readonly source: string
  /** `null`: the source was asked and has no answer. */
  readonly country: CountryCode | null
}

export interface Location {
  readonly ip: Ip
  readonly scope: Scope
  /** One per source, in the table's order; empty for an address that is not global. */
  readonly answers: readonly SourceAnswer[]
  /** The set of countries that the voters name, sorted. Empty: unknown. More than one: disputed. */
  readonly possible: readonly CountryCode[]
  /** One country for display and statistics; never what a fence judges by. */
  readonly best: CountryCode | null
  /** One address in many places; only a list says so. */
  readonly anycast: boolean
}

export type Certainty = 'agreed' | 'disputed' | 'unknown' | 'anycast' | 'local'

export function certaintyOf(location: Pick<Location, 'scope' | 'anycast' | 'possible'>): Certainty {
  if (location.scope !== 'global') return 'local'
  if (location.anycast) return 'anycast'
  if (location.possible.length === 0) return 'unknown'
  return location.possible.length === 1 ? 'agreed' : 'disputed'
}
