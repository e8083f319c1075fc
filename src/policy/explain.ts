/**
 * A verdict as one plain sentence: the same words in log, command line, record and block page. Subject first, never
 * an accusation: sources *place* an address, and what is not known is said.
 */
import { type Endpoint, formatEndpoint } from '../model/address.ts'
import { isCountryCode } from '../model/country.ts'
import { type Host, hostText } from '../model/hostname.ts'
import type { Location } from '../model/location.ts'
import type { Axis, Candidate, Decision, Outcome, RefusalCode, Verdict, Way, Would } from '../model/verdict.ts'
import { type Pronoun, placeClause, placeName } from './explain-place.ts'
import type { Fence, Policy } from './policy.ts'
import { placeOutcome } from './territory.ts'

/** `Blocked: zoom.us is at 52.81.151.250, which both sources place in China (CN); fence "no-cn" lets nothing reach it.` */
export function explain(decision: Decision, asked: Endpoint<Host>, policy: Policy): string {
  return decision.way === undefined ? explainStraight(decision, asked, policy) : explainWay(decision, decision.way, asked, policy)
}

/** The sentence of the destination, or of the upstream proxies where these are what made the verdict. */
function explainWay(decision: Decision, { hops, verdict, destination }: Way, asked: Endpoint<Host>, policy: Policy): string {
  const weight = ({ would }: Verdict) => (['allow', 'log', 'steer', 'block'] satisfies Would[]).indexOf(would)
  const ofDestination = explainStraight({ ...decision, verdict: destination }, asked, policy)
  if (weight(verdict) <= weight(destination)) return ofDestination
  const outside = hops.filter(({ refusal, effect }) => refusal !== null || effect === 'block')
  if (verdict.would === 'steer') {
    const only = verdict.mode === 'observe' && outside.some(({ refusal }) => refusal === null) ? 'Enforcing, upstream' : 'Upstream'
    return `${ofDestination} ${only} proxies: ${leftOutClause(outside)}.`
  }
  const telling = verdict.would === 'block' ? outside : hops.filter(({ effect }) => effect === 'log')
  const lead = telling.find(({ refusal }) => refusal === null) ?? telling[0] ?? hops[0]
  const at = { host: { kind: 'ip', ip: lead.ip }, port: lead.port } as const
  const told = explainStraight({ kind: 'refuse', verdict, candidates: hops }, at, policy)
  return told.replace(': ', `: on the way to ${hostText(asked.host)}, the upstream proxy `)
}

function explainStraight(decision: Decision, asked: Endpoint<Host>, policy: Policy): string {
  const { verdict, candidates } = decision
  const name = hostText(asked.host)
  const refusal = verdict.reasons.find((reason) => reason.kind === 'refusal')
  const refused = candidates.filter((candidate) => candidate.refusal !== null)
  if (verdict.kind === 'block' && refusal !== undefined && refused.length === candidates.length) {
    return `Blocked: ${refusalClause(refusal.code, asked, refusal.ip)}.`
  }
  if (candidates.length === 0)
    return `${verdict.would === 'block' ? headWord(verdict, []) : 'Allowed'}: ${anywhereClause(verdict, name, policy)}`

  const outside = candidates.filter((candidate) => candidate.refusal !== null || candidate.effect === 'block')
  if (verdict.would === 'steer') {
    const chosen = firstDialled(
      decision,
      candidates.filter((candidate) => !outside.includes(candidate)),
    )
    if (chosen !== undefined)
      return `${headWord(verdict, outside)}: ${whereClause(name, chosen, policy, 'goes to')}; ${leftOutClause(outside)}.${noteOf(leavingOut(outside, policy))}`
  }
  const lead =
    verdict.would === 'block'
      ? outside.find(({ refusal }) => refusal === null)
      : candidates.find(({ effect }) => verdict.would === 'allow' || effect === 'log')
  if (lead === undefined) return `${headWord(verdict, outside)}: ${name}.`
  const why = whyClause(lead, policy)
  const more =
    verdict.would === 'block' && outside.length > 1 ? ` (and ${count(outside.length - 1, 'more address', 'more addresses')})` : ''
  return `${headWord(verdict, outside)}: ${whereClause(name, lead, policy, 'is at')}${more}${why === '' ? '' : `; ${why}`}.${noteOf(strongest(lead, policy).fence)}`
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
function whereClause(name: string, candidate: Candidate, policy: Policy, verb: string): string {
  const location = weighing(candidate, policy)
  const { axis, outcome } = strongest(candidate, policy)
  const said = (pronoun: Pronoun) => placeClause(axis, location, candidate.apps, outcome, pronoun)
  const shown = location.ip === candidate.ip ? candidate.ip : `${candidate.ip} (it stands for ${location.ip})`
  return name === candidate.ip ? `${shown} is an address ${said('that')}` : `${name} ${verb} ${shown}, ${said('which')}`
}

/** Of the addresses that a candidate stands for, the one that made the verdict what it is. */
function weighing(candidate: Candidate, policy: Policy): Location {
  const { outcome, axis, fence } = strongest(candidate, policy)
  const by = candidate.locations.find((place) =>
    fence === undefined ? place.scope !== 'global' : place.scope === 'global' && weighs(place, fence, axis, outcome),
  )
  return (
    (candidate.effect === 'allow' ? undefined : by) ??
    candidate.locations.find(({ possible }) => possible.length > 0) ??
    candidate.locations[0]
  )
}

function weighs(place: Location, { territory }: Fence, axis: Axis, outcome: Outcome | null): boolean {
  if (territory.kind === 'anywhere' || axis === 'company') return true
  const own = axis === 'network' ? (place.network?.company?.home ?? null) : place.registry
  const possible = axis === 'server' ? place.possible : own === null ? [] : [own]
  const anycast = axis === 'server' && place.anycast
  return (place.located ? placeOutcome(territory, { possible, anycast }) : 'unlocated') === outcome
}

interface Strongest {
  readonly outcome: Outcome | null
  readonly axis: Axis
  readonly fence: Fence | undefined
}

/** The fence whose outcome gave the candidate its effect, if it was a fence. */
function strongest({ fences, effect }: Candidate, policy: Policy): Strongest {
  const found = fences.find((fence) => fence.effect === effect && effect !== 'allow')
  return {
    outcome: found?.outcome ?? null,
    axis: found?.axis ?? 'server',
    fence: found && policy.fences.find(({ name }) => name === found.fence),
  }
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
  if (fence.territory.kind === 'only') return `${who} permits only ${territoryName(fence.territory)}`
  return fence.territory.kind === 'never' ? `${who} lets nothing reach it` : `${who} lets nothing through`
}

/** Few countries by name; many in the words of the policy. */
const NAMED_COUNTRIES = 6

function territoryName({ countries, words }: Extract<Fence['territory'], { readonly words: unknown }>): string {
  if (countries.size <= NAMED_COUNTRIES) return list([...countries].sort().map(placeName))
  return `${list(words.map((word) => (isCountryCode(word) ? placeName(word) : `"${word}"`)))} (${countries.size} countries)`
}

/** Its own sentence behind the verdict's. */
function noteOf(fence: Fence | undefined): string {
  const note = fence?.note?.trim() ?? ''
  return note === '' ? '' : ` ${note}${/[.!?]$/.test(note) ? '' : '.'}`
}

const leavingOut = ([first]: readonly Candidate[], policy: Policy): Fence | undefined =>
  first === undefined || first.refusal !== null ? undefined : strongest(first, policy).fence

const anywhereClause = (verdict: Verdict, name: string, policy: Policy): string => {
  const reason = verdict.reasons.find((each) => each.kind === 'fence')
  if (reason === undefined) return `${name}.`
  return `fence "${reason.fence}" lets nothing through to ${name}.${noteOf(policy.fences.find((fence) => fence.name === reason.fence))}`
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
