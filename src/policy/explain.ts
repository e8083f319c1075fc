/**
 * A verdict as one plain sentence: the same words in log, command line, record and block page. Subject first, never
 * an accusation: sources *place* an address, and what is not known is said.
 */
import { type Endpoint, formatEndpoint } from '../model/address.ts'
import { article, type CountryCode, countryLabel } from '../model/country.ts'
import { type Host, hostText } from '../model/hostname.ts'
import type { Location } from '../model/location.ts'
import type { Candidate, Decision, Outcome, RefusalCode, Verdict } from '../model/verdict.ts'
import type { Fence, Policy } from './policy.ts'
import { placeOutcome } from './territory.ts'

/** `Blocked: zoom.us is at 52.81.151.250, which both sources place in China (CN); fence "no-cn" lets nothing reach it.` */
export function explain(decision: Decision, asked: Endpoint<Host>, policy: Policy): string {
  const { verdict, candidates } = decision
  const name = hostText(asked.host)
  const refusal = verdict.reasons.find((reason) => reason.kind === 'refusal')
  const refused = candidates.filter((candidate) => candidate.refusal !== null)
  if (verdict.kind === 'block' && refusal !== undefined && refused.length === candidates.length) {
    return `Blocked: ${refusalClause(refusal.code, asked, refusal.ip)}.`
  }
  if (candidates.length === 0) return `${verdict.would === 'block' ? headWord(verdict, []) : 'Allowed'}: ${anywhereClause(verdict, name)}.`

  const outside = candidates.filter((candidate) => candidate.refusal !== null || candidate.effect === 'block')
  if (verdict.would === 'steer') {
    const chosen = firstDialled(
      decision,
      candidates.filter((candidate) => !outside.includes(candidate)),
    )
    if (chosen !== undefined)
      return `${headWord(verdict, outside)}: ${placeClause(name, chosen, policy, 'goes to')}; ${leftOutClause(outside)}.`
  }
  const lead =
    verdict.would === 'block'
      ? outside.find(({ refusal }) => refusal === null)
      : candidates.find(({ effect }) => verdict.would === 'allow' || effect === 'log')
  if (lead === undefined) return `${headWord(verdict, outside)}: ${name}.`
  const why = whyClause(lead, policy)
  const more =
    verdict.would === 'block' && outside.length > 1 ? ` (and ${count(outside.length - 1, 'more address', 'more addresses')})` : ''
  return `${headWord(verdict, outside)}: ${placeClause(name, lead, policy, 'is at')}${more}${why === '' ? '' : `; ${why}`}.`
}

/** Of these candidates, the one that is tried first. */
const firstDialled = (decision: Decision, among: readonly Candidate[]): Candidate | undefined =>
  decision.kind === 'dial'
    ? decision.pinned.map(({ host }) => among.find(({ ip }) => ip === host)).find((candidate) => candidate !== undefined)
    : among[0]

function headWord({ kind, would, mode }: Verdict, outside: readonly Candidate[]): string {
  if (kind === 'block') return 'Blocked'
  if (mode === 'observe' && would === 'block') return 'Would block'
  // Refusals hold while observing too: what only they leave out is left out indeed.
  if (mode === 'observe' && would === 'steer' && outside.some(({ refusal }) => refusal === null)) return 'Would steer'
  return kind === 'log' ? 'Flagged' : 'Allowed'
}

/** Where the sources place an address, as a clause about the name that led there. */
function placeClause(name: string, candidate: Candidate, policy: Policy, verb: string): string {
  const location = weighing(candidate, policy)
  const said = sayPlace(location, candidate)
  const shown = location.ip === candidate.ip ? candidate.ip : `${candidate.ip} (it stands for ${location.ip})`
  return name === candidate.ip ? `${shown} is an address that ${said}` : `${name} ${verb} ${shown}, which ${said}`
}

/** Of the addresses that a candidate stands for, the one that made the verdict what it is. */
function weighing(candidate: Candidate, policy: Policy): Location {
  const { outcome, fence } = strongest(candidate, policy)
  const by = candidate.locations.find((place) =>
    fence === undefined
      ? place.scope !== 'global'
      : place.scope === 'global' && (place.located ? placeOutcome(fence.territory, place) : 'unlocated') === outcome,
  )
  return (
    (candidate.effect === 'allow' ? undefined : by) ??
    candidate.locations.find(({ possible }) => possible.length > 0) ??
    candidate.locations[0]
  )
}

/** The fence whose outcome gave the candidate its effect, if it was a fence. */
function strongest({ fences, effect }: Candidate, policy: Policy): { readonly outcome: Outcome | null; readonly fence: Fence | undefined } {
  const found = fences.find((fence) => fence.effect === effect && effect !== 'allow')
  return { outcome: found?.outcome ?? null, fence: policy.fences.find(({ name }) => name === found?.fence) }
}

/** "both sources place in China (CN)": the relative clause about one location. */
function sayPlace(location: Location, { fences }: Pick<Candidate, 'fences'>): string {
  if (location.scope !== 'global') return `is local (${location.scope})`
  if (!location.located) return 'could not be placed, since no location data is loaded'
  // A witness that disagrees is shown elsewhere; no fence counts it, so no sentence rests on it.
  const voices = location.answers.flatMap(({ source, country, disowned }) =>
    country !== null && disowned !== true && location.possible.includes(country) ? [{ source, country }] : [],
  )
  const [first] = voices
  if (location.anycast) {
    const bySources = fences.some(({ outcome, effect }) => effect !== 'allow' && (outcome === 'violated' || outcome === 'disputed'))
    const also = bySources && first !== undefined ? ` and which ${sayPlace({ ...location, anycast: false }, { fences })}` : ''
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

/** What the fence, or `local_network`, does about it. */
function whyClause(candidate: Candidate, policy: Policy): string {
  const { outcome, fence } = strongest(candidate, policy)
  if (outcome !== null && fence !== undefined) return fenceClause(fence, outcome, candidate.effect)
  const excepted = candidate.fences.find((each) => each.outcome === 'excepted')
  if (candidate.effect === 'allow') return excepted === undefined ? '' : `fence "${excepted.fence}" makes an exception for it`
  return candidate.effect === 'block' ? 'local_network does not permit it' : 'local_network logs it'
}

function fenceClause(fence: Fence, outcome: Outcome, effect: Candidate['effect']): string {
  const who = `fence "${fence.name}"`
  if (outcome === 'disputed' || outcome === 'unknown' || outcome === 'anycast') {
    const doubt = { disputed: 'is disputed', unknown: 'is unknown', anycast: 'is anycast' }[outcome]
    return effect === 'block' ? `${who} blocks where the place ${doubt}` : `${who} logs where the place ${doubt}`
  }
  if (outcome === 'unlocated') return `${who} needs its country, and ${effect === 'block' ? 'blocks' : 'logs'} what has none`
  if (effect === 'log') return `${who} logs it`
  if (fence.territory.kind === 'only') return `${who} permits only ${list([...fence.territory.countries].sort().map(placeName))}`
  return fence.territory.kind === 'never' ? `${who} lets nothing reach it` : `${who} lets nothing through`
}

const anywhereClause = (verdict: Verdict, name: string): string => {
  const fence = verdict.reasons.find((reason) => reason.kind === 'fence')
  return fence === undefined ? name : `fence "${fence.fence}" lets nothing through to ${name}`
}

function leftOutClause(outside: readonly Candidate[]): string {
  const [first] = outside
  if (first === undefined) return ''
  const by = first.fences.find(({ effect }) => effect === 'block')
  const why = first.refusal !== null ? leftOutAs[first.refusal] : by === undefined ? 'by local_network' : `by fence "${by.fence}"`
  const where = first.locations[0].best === null ? '' : ` in ${placeName(first.locations[0].best)}`
  const more = outside.length > 1 ? ` and ${count(outside.length - 1, 'other', 'others')}` : ''
  return `${first.ip}${where}${more} left out ${why}`
}

const leftOutAs: Readonly<Record<RefusalCode, string>> = {
  'refuse.local-answer': 'as a local answer to a public name',
  'refuse.cloud-metadata': 'as a cloud metadata service',
  'refuse.own-door': "as Ringfence's own door",
  'refuse.unspecified': 'as the address of no destination',
  'refuse.denied-port': 'as its port is denied',
}

function refusalClause(code: RefusalCode, asked: Endpoint<Host>, ip: string | null): string {
  const name = hostText(asked.host)
  switch (code) {
    case 'refuse.local-answer':
      return `the public name ${name} was answered with the local address ${ip}; names that may have local answers stand under "local_names"`
    case 'refuse.cloud-metadata':
      return `${ip ?? name} is a cloud metadata service, which is never reached through the proxy`
    case 'refuse.own-door':
      return `${formatEndpoint({ host: ip ?? name, port: asked.port })} is Ringfence's own door`
    case 'refuse.unspecified':
      return `${ip ?? name} is not the address of any destination`
    case 'refuse.denied-port':
      return `port ${asked.port} is denied; see "denied_ports"`
    default:
      return code satisfies never
  }
}

const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`

const list = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`

const placeName = (code: CountryCode): string => `${article(code)}${countryLabel(code)}`
