/**
 * One axis of `country_of` and one address → its outcomes (the table of DESIGN.md §3), of which the one with the severest
 * effect counts: more than one only where several things tell of apps. Pure and total. `null` where a name that may still
 * be learnt would decide.
 */
import type { CountryCode } from '../model/country.ts'
import type { Facts } from '../model/facts.ts'
import type { Location } from '../model/location.ts'
import type { Axis, Outcome } from '../model/verdict.ts'
import { provedFor } from './matchers/matcher.ts'
import type { Territory } from './policy.ts'
import { listedOutcome, placeOutcome } from './territory.ts'

export type CountryTerritory = Exclude<Territory, { readonly kind: 'anywhere' }>

export function axisOutcomes(axis: Axis, territory: CountryTerritory, facts: Facts, location: Location): readonly Outcome[] | null {
  // Not "unknown", which a policy may allow: nobody could be asked.
  if (axis !== 'company' && !location.located) return ['unlocated']
  switch (axis) {
    case 'server':
      return [placeOutcome(territory, location)]
    case 'registry':
      return [placeOutcome(territory, { possible: facts.given?.registry ?? listed(location.registry), anycast: false })]
    case 'network':
      return [listedOutcome(territory, facts.given?.network ?? listed(location.network?.company?.home ?? null))]
    case 'company':
      return companyOutcomes(territory, facts)
    default:
      return axis satisfies never
  }
}

const listed = (country: CountryCode | null): readonly CountryCode[] => (country === null ? [] : [country])

/**
 * Each thing that an app was told by is judged by itself: several apps of one name are in dispute, but a second name
 * that a client merely claims must not make a dispute of what is certain. Nor does a claim alone satisfy an `only`, or
 * take the place of "unknown": what a policy does about a dispute may be milder.
 */
function companyOutcomes(territory: CountryTerritory, facts: Facts): readonly Outcome[] | null {
  const told = tellings(facts).map(({ homes, isProved }) => ({ isProved, outcome: listedOutcome(territory, homes) }))
  if (told.some(({ outcome }) => outcome === 'violated')) return ['violated']
  // A further name could still make it worse, or, under `only`, be the first that is proved.
  if (!facts.namesFinal) return null
  const needsProof = territory.kind === 'only'
  const counted = told.filter(({ outcome, isProved }) => isProved || !needsProof || outcome !== 'satisfied')
  const outcomes = counted.map(({ outcome }) => outcome)
  // Where the name can't be read it may be any app's.
  const isUnknown = facts.anyName || (needsProof && !told.some(({ isProved }) => isProved))
  if (isUnknown) return [...outcomes, 'unknown']
  return outcomes.length === 0 ? [listedOutcome(territory, [])] : outcomes
}

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
