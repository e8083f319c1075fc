/**
 * One axis of `country_of` and one address → an outcome (the table of DESIGN.md §3). Pure and total. `null` where a name
 * that may still be learnt would decide.
 */
import type { CountryCode } from '../model/country.ts'
import type { Facts } from '../model/facts.ts'
import type { Location } from '../model/location.ts'
import type { Axis, Outcome } from '../model/verdict.ts'
import { provedFor } from './matchers/matcher.ts'
import type { Territory } from './policy.ts'
import { listedOutcome, placeOutcome } from './territory.ts'

export type CountryTerritory = Exclude<Territory, { readonly kind: 'anywhere' }>

export function axisOutcome(axis: Axis, territory: CountryTerritory, facts: Facts, location: Location): Outcome | null {
  // Not "unknown", which a policy may allow: nobody could be asked.
  if (axis !== 'company' && !location.located) return 'unlocated'
  switch (axis) {
    case 'server':
      return placeOutcome(territory, location)
    case 'registry':
      return placeOutcome(territory, { possible: facts.given?.registry ?? listed(location.registry), anycast: false })
    case 'network':
      return listedOutcome(territory, facts.given?.network ?? listed(location.network?.company?.home ?? null))
    case 'company':
      return companyOutcome(territory, facts)
    default:
      return axis satisfies never
  }
}

const listed = (country: CountryCode | null): readonly CountryCode[] => (country === null ? [] : [country])

/**
 * Each thing that an app was told by is judged by itself: several apps of one name are in dispute, but a second name
 * that a client merely claims must not make a dispute of what is certain. Nor does a claim alone satisfy an `only`.
 */
function companyOutcome(territory: CountryTerritory, facts: Facts): Outcome | null {
  const outcomes = tellings(facts).flatMap(({ homes, isProved }) => {
    const outcome = listedOutcome(territory, homes)
    return outcome === 'satisfied' && territory.kind === 'only' && !isProved ? [] : [outcome]
  })
  const worst = gravest.find((outcome) => outcomes.includes(outcome))
  if (worst === 'violated') return worst
  // A further name could still make it worse, or, under `only`, be the first that is proved.
  if (!facts.namesFinal) return null
  // It may be any app's.
  if (facts.anyName) return worst === 'disputed' ? worst : 'unknown'
  return worst ?? listedOutcome(territory, [])
}

const gravest = ['violated', 'disputed', 'unknown', 'satisfied', 'not-applied'] as const satisfies readonly Outcome[]

/** One for each name, and one for the published ranges: the homes of all apps that it stands for. */
function tellings(facts: Facts): readonly { readonly homes: readonly CountryCode[]; readonly isProved: boolean }[] {
  return [...new Set(facts.apps.map(({ name }) => name))].map((name) => {
    const known = facts.apps.filter((each) => each.name === name)
    return {
      homes: [...new Set(known.flatMap(({ app }) => app.company?.home ?? []))],
      isProved: known.some(({ provedAt }) => provedFor(provedAt, facts) === 'yes'),
    }
  })
}
