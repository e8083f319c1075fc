/** Groups of countries that a rule may name: unions, lists of authorities, neighbours. */
import type { CountryCode } from './country.ts'

export interface Jurisdiction {
  /** The word in policies: `eea`. */
  readonly id: string
  readonly name: string
  readonly countries: readonly CountryCode[]
  /** As of when: a day, a month or a year, as exact as the source is. */
  readonly date: string
  readonly confidence: 'high' | 'medium' | 'low'
  readonly note: string | null
  /** Who would draw it otherwise, or what was left out for that reason; `null`: nobody, nothing. */
  readonly contested: string | null
  /** As people read them. */
  readonly sources: readonly string[]
}

export interface Jurisdictions {
  /** By id, in the order of the file. */
  readonly groups: ReadonlyMap<string, Jurisdiction>
  /** Of the file's text, hex. */
  readonly sha256: string
}
