/**
 * Policy × facts × addresses → a decision. Pure, and the only place that makes a `PinnedEndpoint`: what is not decided
 * here cannot be dialled.
 */
import type { Endpoint, Ip } from '../model/address.ts'
import type { KnownApp } from '../model/app.ts'
import { isNonEmpty, type NonEmpty } from '../model/brand.ts'
import type { Flow } from '../model/flow.ts'
import {
  type Candidate,
  type Decision,
  type Effect,
  type FenceOutcome,
  type JudgedHop,
  type PinnedEndpoint,
  type Reason,
  type RefusalCode,
  severest,
  type Verdict,
  type Would,
} from '../model/verdict.ts'
import { effectSpan, evaluate } from '../policy/evaluate.ts'
import type { Policy } from '../policy/policy.ts'
import { factsOfHop, hopText, judgeHop, type LocatedHop, refusalOfHop, spanOfHop } from './hops.ts'
import { factsAbout, type Known, whenNamesEnd } from './identify.ts'
import type { Located } from './locate.ts'
import { type RefusalSettings, refusalOf } from './refusals.ts'

/** What is certain before any look-up: `null` unless the flow is blocked whatever its addresses are. Costs no DNS query. */
export function decideEarly(policy: Policy, known: Known): Decision | null {
  if (policy.mode === 'observe' || overAllPlaces(policy).length === 0) return null
  const { low, fences } = evaluate({ ...policy, fences: overAllPlaces(policy) }, factsAbout(known, undefined))
  if (low !== 'block') return null
  return {
    kind: 'refuse',
    verdict: { kind: 'block', mode: policy.mode, would: 'block', reasons: fenceReasons(fences, null) },
    candidates: [],
  }
}

/** The others say nothing for certain before an address is known. */
function overAllPlaces({ fences }: Policy): Policy['fences'] {
  const known = anywhere.get(fences) ?? fences.filter(({ territory }) => territory.kind === 'anywhere')
  anywhere.set(fences, known)
  return known
}

const anywhere = new WeakMap<Policy['fences'], Policy['fences']>()

/** A refusal that holds in every mode and needs no address. */
export const decideRefused = (policy: Policy, code: RefusalCode): Decision => ({
  kind: 'refuse',
  verdict: { kind: 'block', mode: policy.mode, would: 'block', reasons: [{ kind: 'refusal', code, ip: null }] },
  candidates: [],
})

/**
 * Whether a name that may still come could turn a permitted address into a blocked one, or the reverse: then, and only
 * then, the first bytes are held (DESIGN.md §2, rule 3).
 */
export const isOpen = (
  policy: Policy,
  known: Known,
  located: readonly Located[],
  flow: Flow,
  refusals: RefusalSettings,
  hops: readonly LocatedHop[] = [],
): boolean =>
  located.some((place) => {
    if (refusalOfPlace(place, flow, refusals) !== null) return false
    const judged = place.locations.map((location) => effectSpan(policy, factsAbout(known, location)))
    if (judged.some(({ low }) => low === 'block')) return false
    return judged.some(({ high }) => high === 'block') || hops.some((hop) => isOpenHop(policy, known, place, hop))
  })

function isOpenHop(policy: Policy, known: Known, { locations }: Located, hop: LocatedHop): boolean {
  const { low, high } = spanOfHop(policy, factsOfHop(known, locations, hop))
  return high === 'block' && low !== 'block'
}

/**
 * The decision on all that is known now. Names that could still come are taken not to: ask `isOpen` first. Where there
 * are upstream proxies, one of them must be permitted, too.
 */
export function decide(
  policy: Policy,
  known: Known,
  located: readonly Located[],
  flow: Flow,
  refusals: RefusalSettings,
  hops: readonly LocatedHop[] = [],
): Decision {
  const final = whenNamesEnd(known)
  const candidates = located.map((place) => judgeCandidate(policy, final, place, refusalOfPlace(place, flow, refusals)))
  const verdict = verdictOn(policy, candidates)
  const pinned = order(
    policy,
    candidates.filter(({ permitted }) => permitted),
  ).map(({ ip }) => pin({ host: ip, port: flow.asked.port }))
  if (!isNonEmpty(pinned)) return { kind: 'refuse', verdict, candidates }
  const straight = { kind: 'dial', verdict, pinned, candidates, via: null } as const
  const judged = judgeHops(policy, final, candidates, hops, flow, refusals)
  return isNonEmpty(judged) ? through(straight, judged, policy) : straight
}

/** By the destinations that would be reached: what is left out passes no hop. */
function judgeHops(
  policy: Policy,
  known: Known,
  candidates: readonly Candidate[],
  hops: readonly LocatedHop[],
  flow: Flow,
  refusals: RefusalSettings,
): readonly JudgedHop[] {
  const permitted = candidates.filter((candidate) => candidate.permitted)
  const inside = permitted.filter(({ effect }) => effect !== 'block')
  const places = (inside.length > 0 ? inside : permitted).flatMap(({ locations }) => locations)
  return hops.map((hop) => judgeHop(policy, known, places, hop, refusalOfHop(hop, flow, refusals)))
}

/** The same decision where the way there leads through one of these hops. */
function through(straight: Extract<Decision, { kind: 'dial' }>, hops: NonEmpty<JudgedHop>, policy: Policy): Decision {
  const { verdict: destination, pinned, candidates } = straight
  const onHops = verdictOn(policy, hops)
  const reasons = hops.flatMap((hop) => reasonsOf(hop).map((reason) => ({ ...reason, hop: hopText(hop) })))
  const verdict: Verdict = {
    kind: severest(destination.kind, onHops.kind),
    mode: policy.mode,
    would: worse(destination.would, onHops.would),
    reasons: [...destination.reasons, ...reasons],
  }
  const way = { hops, verdict: onHops, destination }
  const via = hops.filter(({ permitted }) => permitted).map(({ ip, port }) => pin({ host: ip, port }))
  return isNonEmpty(via) ? { kind: 'dial', verdict, pinned, candidates, via, way } : { kind: 'refuse', verdict, candidates, way }
}

const woulds: readonly Would[] = ['allow', 'log', 'steer', 'block']

const worse = (a: Would, b: Would): Would => (woulds.indexOf(a) >= woulds.indexOf(b) ? a : b)

/** What each of these policies would do if it enforced: for packs counted in the shadow. All are asked about the same facts. */
export function decideWould(
  policies: readonly Policy[],
  known: Known,
  located: readonly Located[],
  flow: Flow,
  refusals: RefusalSettings,
  hops: readonly LocatedHop[] = [],
): readonly Would[] {
  const final = whenNamesEnd(known)
  const places = located.map((place) =>
    refusalOfPlace(place, flow, refusals) === null ? place.locations.map((location) => factsAbout(final, location)) : null,
  )
  const all = located.flatMap(({ locations }) => locations)
  const ways = hops.map((hop) => (refusalOfHop(hop, flow, refusals) === null ? factsOfHop(final, all, hop) : null))
  return policies.map((policy) => {
    const would = wouldBe(places.map((facts) => facts?.map((each) => effectSpan(policy, each).low).reduce(severest, 'allow') ?? null))
    return ways.length === 0 ? would : worse(would, wouldBe(ways.map((facts) => facts && spanOfHop(policy, facts).low)))
  })
}

/** Refused if any address that it stands for is. */
const refusalOfPlace = ({ ip, locations }: Located, flow: Flow, refusals: RefusalSettings): RefusalCode | null =>
  [ip, ...locations.map((location) => location.ip)].map((address) => refusalOf(address, flow, refusals)).find((code) => code !== null) ??
  null

const pin = (endpoint: Endpoint<Ip>): PinnedEndpoint => endpoint as PinnedEndpoint

function judgeCandidate(policy: Policy, known: Known, { ip, locations }: Located, refusal: RefusalCode | null): Candidate {
  let effect: Effect = 'allow'
  let localNetwork: Effect | null = null
  let fences: readonly FenceOutcome[] = []
  let apps: readonly KnownApp[] = []
  for (const location of locations) {
    const facts = factsAbout(known, location)
    const judgement = evaluate(policy, facts)
    if (facts.apps.length > apps.length) apps = facts.apps
    effect = severest(effect, judgement.low)
    if (judgement.localNetwork !== null) localNetwork = severest(localNetwork ?? 'allow', judgement.localNetwork)
    fences = locations.length === 1 ? judgement.fences : joined(policy, fences, judgement.fences)
  }
  const permitted = refusal === null && (policy.mode === 'observe' || effect !== 'block')
  return { ip, locations, apps, fences, localNetwork, effect, refusal, permitted }
}

/** Of one fence's outcomes for the addresses that a candidate stands for, the one that weighs, in the order of the policy. */
function joined({ fences }: Policy, some: readonly FenceOutcome[], more: readonly FenceOutcome[]): readonly FenceOutcome[] {
  const weighing = new Map(some.map((outcome) => [outcome.fence, outcome]))
  for (const outcome of more) {
    const other = weighing.get(outcome.fence)
    if (other === undefined || severest(other.effect, outcome.effect) !== other.effect) weighing.set(outcome.fence, outcome)
  }
  return fences.flatMap(({ name }) => weighing.get(name) ?? [])
}

function verdictOn(policy: Policy, candidates: readonly Candidate[]): Verdict {
  const would = wouldBe(candidates.map(({ refusal, effect }) => (refusal === null ? effect : null)))
  const flagged = candidates.some(({ refusal, effect }) => refusal === null && effect === 'log')
  const reachable = candidates.some(({ permitted }) => permitted)
  return { kind: reachable ? (flagged ? 'log' : 'allow') : 'block', mode: policy.mode, would, reasons: candidates.flatMap(reasonsOf) }
}

/** Of the effects on each address; `null`: refused whatever the policy says. */
function wouldBe(effects: readonly (Effect | null)[]): Would {
  const inside = effects.filter((effect) => effect !== null && effect !== 'block')
  if (inside.length === 0) return 'block'
  if (inside.length < effects.length) return 'steer'
  return inside.includes('log') ? 'log' : 'allow'
}

function reasonsOf({ ip, fences, localNetwork, refusal }: Candidate): readonly Reason[] {
  if (refusal !== null) return [{ kind: 'refusal', code: refusal, ip }]
  const byFences = fenceReasons(fences, ip)
  return localNetwork === null || localNetwork === 'allow' ? byFences : [...byFences, { kind: 'local-network', effect: localNetwork, ip }]
}

const fenceReasons = (fences: readonly FenceOutcome[], ip: Ip | null): readonly Reason[] =>
  fences.filter(({ effect }) => effect !== 'allow').map(({ fence, outcome, effect }) => ({ kind: 'fence', fence, outcome, effect, ip }))

/**
 * While enforcing, addresses about which a blocking fence is uncertain go last; otherwise the resolver's order (RFC
 * 8305 §4) stands. `action: log` and observing change nothing.
 */
function order(policy: Policy, permitted: readonly Candidate[]): readonly Candidate[] {
  if (policy.mode === 'observe' || permitted.length < 2) return permitted
  const isBlocking = (name: string) => policy.fences.some((fence) => fence.name === name && fence.action === 'block')
  const isDoubtful = ({ fences }: Candidate) => fences.some(({ fence, outcome }) => doubtful.has(outcome) && isBlocking(fence))
  return [...permitted.filter((candidate) => !isDoubtful(candidate)), ...permitted.filter(isDoubtful)]
}

const doubtful: ReadonlySet<FenceOutcome['outcome']> = new Set(['disputed', 'unknown', 'anycast'])
