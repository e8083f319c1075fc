/** Which records somebody wants to see: pure tests over one record. */

import type { Ip } from '../model/address.ts'
import type { CountryCode } from '../model/country.ts'
import type { Millis } from '../model/flow.ts'
import { type HostPattern, matchesHostPattern } from '../model/host-pattern.ts'
import type { Certainty } from '../model/location.ts'
import { cameToNothing, type FlowRecord } from './record.ts'

export const shownVerdicts = ['allow', 'log', 'block', 'would-block', 'not-reached'] as const

/**
 * What a verdict is shown as: the effect, but `would-block` for a flow that passed only since the policy is observed,
 * and `not-reached` for one that an accident (no such name, name servers silent) kept from being judged, or that was
 * allowed and came to no connection (refused, no way there, the upstream proxy down).
 */
export type ShownVerdict = (typeof shownVerdicts)[number]

/**
 * What a flow may be asked for by: how it is shown, `steer`, which is an allowed flow whose addresses were in part left
 * out, and `allow` also where nothing was reached by what was allowed.
 */
export const verdictWords = [...shownVerdicts, 'steer'] as const

export type VerdictWord = (typeof verdictWords)[number]

/** What is shown in place of a country, or beside it, where the place is not agreed. */
export const placeWords = ['local', 'anycast', 'disputed', 'unknown'] as const satisfies readonly Certainty[]

export type PlaceWord = (typeof placeWords)[number]

/** Every part that is given must hold. */
export interface FlowFilter {
  readonly places?: readonly (CountryCode | PlaceWord)[] | undefined
  readonly verdicts?: readonly VerdictWord[] | undefined
  readonly host?: HostPattern | Ip | undefined
  readonly apps?: readonly string[] | undefined
  readonly users?: readonly string[] | undefined
  readonly since?: Millis | undefined
  /** Before this moment. */
  readonly until?: Millis | undefined
}

/** Whether a record is wanted. */
export function matchesFilter(filter: FlowFilter, record: FlowRecord): boolean {
  const time = Date.parse(record.time)
  return (
    (filter.since === undefined || time >= filter.since) &&
    (filter.until === undefined || time < filter.until) &&
    (filter.verdicts === undefined || wordsOf(record).some((word) => filter.verdicts?.includes(word))) &&
    (filter.places === undefined || placesOf(record).some((place) => filter.places?.includes(place))) &&
    (filter.users === undefined || filter.users.includes(record.user)) &&
    (filter.apps === undefined || record.apps.some(({ app }) => filter.apps?.includes(app))) &&
    (filter.host === undefined || matchesHost(filter.host, record))
  )
}

/**
 * The word under which a record is shown. A flow is flagged at its verdict if any of its addresses is; once it is known
 * which one was reached, that one decides.
 */
export function shownVerdict(
  record: Pick<FlowRecord, 'verdict' | 'would' | 'reasons' | 'candidates' | 'dialled' | 'ending'>,
): ShownVerdict {
  if (record.verdict === 'block')
    return record.reasons.length > 0 && record.reasons.every(({ kind }) => kind === 'error') ? 'not-reached' : 'block'
  if (record.would === 'block') return 'would-block'
  const flagged = record.would === 'log' || record.verdict === 'log'
  const reached = record.candidates.find(({ ip }) => ip === record.dialled)
  if (flagged && reached?.effect !== 'allow') return 'log'
  return cameToNothing(record) ? 'not-reached' : 'allow'
}

function wordsOf(record: FlowRecord): readonly VerdictWord[] {
  const shown = shownVerdict(record)
  const steered: readonly VerdictWord[] = record.would === 'steer' ? ['steer'] : []
  return shown === 'not-reached' && record.verdict !== 'block' ? [shown, 'allow', ...steered] : [shown, ...steered]
}

const placesOf = (record: FlowRecord): readonly (CountryCode | PlaceWord)[] => [
  ...countriesOf(record),
  ...placeWords.filter((word) => word === record.certainty),
]

/**
 * The countries under which a flow is found. Of one that reached an address, those where that address may be; of one
 * that did not (blocked, failed, not ended yet), those of every address that it might have reached.
 */
export function countriesOf(record: FlowRecord): readonly CountryCode[] {
  const places =
    record.dialled === null ? record.candidates.flatMap(({ judged }) => judged) : [{ possible: record.possible, best: record.country }]
  return [...new Set(places.flatMap(({ possible, best }) => (best === null ? possible : [...possible, best])))]
}

/** Names that it asked for or claimed, or an address that these led to. */
function matchesHost(wanted: HostPattern | Ip, record: FlowRecord): boolean {
  if (typeof wanted === 'string') return record.asked === wanted || record.candidates.some(({ ip }) => ip === wanted)
  return [record.asked, ...record.names.map(({ name }) => name)].some((name) => matchesHostPattern(wanted, name))
}
