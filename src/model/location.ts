/** What is known of an address' place: each source's own answer, never merged away, and what follows from them. */
import type { Ip } from './address.ts'
import type { CountryCode } from './country.ts'
import type { Scope } from './scope.ts'

/**
 * What a source may do to the answer (DESIGN.md §4). An `override` beats all; an `authority` is an operator speaking of
 * its own prefixes; `voter`s are trusted; a `witness` is only recorded. `registry`, `asn` and `anycast` speak of other
 * things than the place: where the block is registered, whose network it is, whether the address is in many places.
 */
export type SourceRole = 'override' | 'authority' | 'voter' | 'witness' | 'registry' | 'asn' | 'anycast'

export interface SourceInfo {
  /** As shown to people: "DB-IP Lite". Unique within a table. */
  readonly name: string
  readonly role: SourceRole
  /** Date of the data (not of the file), ISO 8601 day; `null`: not known, or, of an override, without meaning. */
  readonly date: string | null
  /** SHA-256 of the file, hex; of several files, over their hashes. */
  readonly sha256: string
  readonly licence: string | null
  /** What the licence asks to be shown beside results, or `null`. */
  readonly attribution: string | null
}

export interface SourceAnswer {
  readonly source: string
  /** `null`: the source was asked and has no answer. */
  readonly country: CountryCode | null
  /** The source's own word for the place: a cloud region. Of an anycast list, whose address it is. */
  readonly detail?: string
  /** An authority spoke of an address whose origin AS is not its publisher's: shown, never counted. */
  readonly disowned?: true
}

/** Home of a firm or group, by the curated list of `config/companies.yaml`: never where an AS or a block is registered. */
export interface Company {
  readonly name: string
  readonly home: CountryCode
  /** Who doubts that home and why, or `null`. */
  readonly contested: string | null
}

/** Who announces the address. */
export interface Network {
  readonly asn: number
  readonly name: string
  /** The firm behind it, where the curated list knows it. */
  readonly company: Company | null
}

/** What the sources say of one address, and what follows. The same frozen object for all addresses of which they say the same. */
export interface Evidence {
  /** One for each voter and witness, in the table's order; others only where they say something. */
  readonly answers: readonly SourceAnswer[]
  /** The countries where the address may be, sorted. Empty: unknown. More than one: disputed. */
  readonly possible: readonly CountryCode[]
  /** One country for display and statistics; never what a fence judges by. */
  readonly best: CountryCode | null
  /** The source whose word alone decides: an override, or the operator of the network itself. `null`: the voters decide. */
  readonly stated: string | null
  /** Where the block is registered: who, not where. */
  readonly registry: CountryCode | null
  /** One address in many places; only a list says so. */
  readonly anycast: boolean
}

export interface Location extends Evidence {
  readonly ip: Ip
  readonly scope: Scope
  readonly network: Network | null
  /** False where there was no table to ask: a fence that needs a country then takes the worst for true. */
  readonly located: boolean
}

export type Certainty = 'agreed' | 'disputed' | 'unknown' | 'anycast' | 'local'

export function certaintyOf(location: Pick<Location, 'scope' | 'anycast' | 'possible'>): Certainty {
  if (location.scope !== 'global') return 'local'
  if (location.anycast) return 'anycast'
  if (location.possible.length === 0) return 'unknown'
  return location.possible.length === 1 ? 'agreed' : 'disputed'
}
