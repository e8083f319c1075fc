/**
 * A locator that knows exactly what one record holds: the places that the sources gave its addresses then. Judging by it
 * asks what another policy would have done, and never what newer data says.
 */
import { type Ip, parseIp } from '../model/address.ts'
import type { RecordedCandidate, RecordedPlace } from '../model/event.ts'
import type { Company, Location, Network, SourceAnswer } from '../model/location.ts'
import { scopeOf } from '../model/scope.ts'
import type { Locator } from './ports.ts'

/** What a record must hold for that. */
export interface RecordedPlaces {
  readonly candidates: readonly RecordedCandidate[]
  /** Hash of the table that was asked; `none` where there was none. */
  readonly table: string
}

/** `companyOf` gives a firm its name and what is contested; its home is the one that was recorded. */
export function recordedLocator({ candidates, table }: RecordedPlaces, companyOf: (asn: number) => Company | null = () => null): Locator {
  const places = new Map<Ip, Location>()
  for (const place of candidates.flatMap(({ judged }) => judged)) {
    const ip = parseIp(place.ip)
    if (ip !== null && !places.has(ip)) places.set(ip, locationOf(ip, place, table !== NO_TABLE, companyOf))
  }
  return { hash: table, locate: (ip) => places.get(ip) ?? nothingKnown(ip) }
}

const NO_TABLE = 'none'

function locationOf(ip: Ip, place: RecordedPlace, located: boolean, companyOf: (asn: number) => Company | null): Location {
  const { scope, possible, best, anycast, answers, disowned, registry, network } = place
  return {
    ip,
    scope,
    answers: answersOf(answers, disowned),
    possible,
    best,
    // Whose word alone decided is not recorded: `possible` is what came of it, and all that is judged by.
    stated: null,
    registry: registry ?? null,
    anycast,
    network: networkOf(network, companyOf),
    located,
  }
}

// Places of a version that did not know of these have none.
type Older<T> = T | undefined

const answersOf = (answers: RecordedPlace['answers'], disowned: Older<readonly string[]>): readonly SourceAnswer[] =>
  Object.entries(answers).map(([source, country]) =>
    disowned?.includes(source) === true ? { source, country, disowned: true } : { source, country },
  )

function networkOf(network: Older<RecordedPlace['network']>, companyOf: (asn: number) => Company | null): Network | null {
  if (network === undefined || network === null) return null
  const { asn, name, home } = network
  const listed = companyOf(asn)
  const company = home === null ? null : listed?.home === home ? listed : { name, home, contested: null }
  return { asn, name, company }
}

/** For an address that the record does not hold: a fence that needs its country takes the worst for true. */
const nothingKnown = (ip: Ip): Location => ({
  ip,
  scope: scopeOf(ip),
  answers: [],
  possible: [],
  best: null,
  stated: null,
  registry: null,
  anycast: false,
  network: null,
  located: false,
})
