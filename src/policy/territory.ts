/** The table at the heart of a fence (DESIGN.md §3): a territory and the possible countries of an address → an outcome. */
import type { CountryCode } from '../model/country.ts'
import type { Location } from '../model/location.ts'
import type { Territory } from './policy.ts'

export type PlaceOutcome = 'satisfied' | 'violated' | 'disputed' | 'unknown' | 'anycast'

/** How an address stands to a territory. Pure and total. */
export function placeOutcome(territory: Territory, { possible, anycast }: Pick<Location, 'possible' | 'anycast'>): PlaceOutcome {
  if (territory.kind === 'anywhere') return 'violated'
  const within = insideOf(territory.countries, possible)
  if (territory.kind === 'only') {
    if (anycast) return 'anycast'
    return ({ none: 'unknown', all: 'satisfied', some: 'disputed', zero: 'violated' } as const)[within]
  }
  // An anycast address has some place outside whatever its sources say, and one inside only if they say so.
  if (anycast) return ({ none: 'anycast', all: 'violated', some: 'disputed', zero: 'anycast' } as const)[within]
  return ({ none: 'unknown', all: 'violated', some: 'disputed', zero: 'satisfied' } as const)[within]
}

/** How many of the possible countries lie in the territory; `none` where there are no possible countries at all. */
function insideOf(territory: ReadonlySet<CountryCode>, possible: readonly CountryCode[]): 'none' | 'all' | 'some' | 'zero' {
  if (possible.length === 0) return 'none'
  const inside = possible.filter((country) => territory.has(country)).length
  return inside === possible.length ? 'all' : inside === 0 ? 'zero' : 'some'
}
