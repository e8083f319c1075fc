/**
 * What is said of an address' place, as a relative clause: by its server where the fence reads that, else by its
 * registry, its network's home or its app's. It repeats what sources say, and what nobody knows it says too.
 */
import type { KnownApp } from '../model/app.ts'
import { article, type CountryCode, countryLabel } from '../model/country.ts'
import type { Location } from '../model/location.ts'
import type { Axis, FenceOutcome } from '../model/verdict.ts'

/** `which` behind a name, `that` behind "is an address". */
export type Pronoun = 'which' | 'that'

export function placeClause(
  axis: Axis,
  location: Location,
  apps: readonly KnownApp[],
  outcome: FenceOutcome['outcome'] | null,
  pronoun: Pronoun,
): string {
  if (location.scope !== 'global') return `${pronoun} is local (${location.scope})`
  if (!location.located && axis !== 'company') return `${pronoun} could not be placed, since no location data is loaded`
  switch (axis) {
    case 'server':
      return `${pronoun} ${serverClause(location, outcome)}`
    case 'registry':
      return location.registry === null ? 'whose block no registry places' : `whose block is registered in ${placeName(location.registry)}`
    case 'network':
      return networkClause(location)
    case 'company':
      return `${pronoun} ${companyClause(apps)}`
    default:
      return axis satisfies never
  }
}

/** `the United States (US)`: a place within a sentence. */
export const placeName = (code: CountryCode): string => `${article(code)}${countryLabel(code)}`

/** "both sources place in China (CN)" */
function serverClause(location: Location, outcome: FenceOutcome['outcome'] | null): string {
  // A witness that disagrees is shown elsewhere; no fence counts it, so no sentence rests on it.
  const voices = location.answers.flatMap(({ source, country, disowned }) =>
    country !== null && disowned !== true && location.possible.includes(country) ? [{ source, country }] : [],
  )
  const [first] = voices
  if (location.anycast) {
    const bySources = outcome === 'violated' || outcome === 'disputed'
    const also = bySources && first !== undefined ? ` and which ${serverClause({ ...location, anycast: false }, outcome)}` : ''
    return `is anycast (answered from many places)${also}`
  }
  if (first === undefined) return 'no source can place'
  const dissent = location.answers.some(({ country, disowned }) => country !== null && disowned !== true && country !== first.country)
  if (location.stated !== null && dissent && location.possible.length === 1) {
    return `${location.stated}, against other sources, places in ${placeName(first.country)}`
  }
  if (voices.every(({ country }) => country === first.country)) {
    const who =
      voices.length === 1 ? `${first.source} places` : voices.length === 2 ? 'both sources place' : `all ${voices.length} sources place`
    return `${who} in ${placeName(first.country)}`
  }
  return `the sources dispute (${voices.map(({ source, country }) => `${source}: ${countryLabel(country)}`).join(', ')})`
}

function networkClause({ network }: Location): string {
  if (network === null) return 'whose network is not known'
  const who = `${network.company?.name ?? network.name} (AS${network.asn})`
  if (network.company === null) return `whose network, ${who}, has no home in the list of companies`
  return `whose network, ${who}, has its home in ${homeName(network.company)}`
}

function companyClause(apps: readonly KnownApp[]): string {
  const known = [...new Map(apps.map(({ app }) => [app.id, app])).values()]
  if (known.length === 0) return 'belongs to no app that is known'
  const each = known.map(({ name, company }) =>
    company === null ? `${name}, whose home is not listed` : `${name} of ${company.name}, whose home is ${homeName(company)}`,
  )
  return `belongs to ${each.join(', or ')}`
}

/** A home that somebody of weight doubts is never told as if nobody did. */
const homeName = ({ home, contested }: { readonly home: CountryCode; readonly contested: string | null }): string =>
  `${placeName(home)}${contested === null ? '' : ' (contested)'}`
