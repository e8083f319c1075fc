/** The table at the heart of a fence (DESIGN.md §3): a territory and the possible countries of an address → an outcome. */
import type { CountryCode } from '../model/country.ts'
import type { Location } from '../model/location.ts'
import type { Territory } from './policy.ts'

export type PlaceOutcome = 'satisfied' | 'violated' | 'disputed' | 'unknown' | 'anycast'

type Inside = 'none' | 'all' | 'some' | 'zero'

/** How an address stands to a territory by where it may be, or where its block is registered. Pure and total. */
export function placeOutcome(
  territory: Pick<Territory, 'kind'> & { readonly countries?: ReadonlySet<CountryCode> },
  { possible, anycast }: Pick<Location, 'possible' | 'anycast'>,
): PlaceOutcome {
  if (territory.countries === undefined) return 'violated'
  const within = insideOf(territory.countries, possible)
  if (territory.kind === 'only') return anycast ? 'anycast' : only[within]
  // An anycast address has some place outside whatever its sources say, and one inside only if they say so.
  if (anycast) return ({ none: 'anycast', all: 'violated', some: 'disputed', zero: 'anycast' } as const)[within]
  return never[within]
}

/** The same by a curated list of homes: where the list says nothing, a `never` has nothing to hold against anybody. */
export function listedOutcome(
  territory: { readonly kind: 'never' | 'only'; readonly countries: ReadonlySet<CountryCode> },
  homes: readonly CountryCode[],
): PlaceOutcome | 'not-applied' {
  const within = insideOf(territory.countries, homes)
  if (territory.kind === 'only') return only[within]
  return within === 'none' ? 'not-applied' : never[within]
}

const never = { none: 'unknown', all: 'violated', some: 'disputed', zero: 'satisfied' } as const
const only = { none: 'unknown', all: 'satisfied', some: 'disputed', zero: 'violated' } as const

/** How many of the countries lie in the territory; `none` where there are no countries at all. */
function insideOf(territory: ReadonlySet<CountryCode>, countries: readonly CountryCode[]): Inside {
  if (countries.length === 0) return 'none'
  const inside = countries.filter((country) => territory.has(country)).length
  return inside === countries.length ? 'all' : inside === 0 ? 'zero' : 'some'
}
