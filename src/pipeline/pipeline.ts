/**
 * The road of a connection, on one screen: identify → resolve → locate → decide → (peek → decide again) → dial → relay
 * → record. Every throw before the client is granted is a refusal, every one after it a reset.
 */

import { asRingfenceError, type ErrorCode, errorKind, RingfenceError } from '../model/errors.ts'
import type { Decision, Would } from '../model/verdict.ts'
import type { Policy } from '../policy/policy.ts'
import { timeState } from '../policy/turning.ts'
import { decide, decideEarly, decideRefused, decideWould, isOpen } from './decide.ts'
import { dial } from './dial.ts'
import { type LocatedHop, locateHops } from './hops.ts'
import { identify, type Known, whenNamesEnd } from './identify.ts'
import { LiveFlow, sentenceOf } from './live-flows.ts'
import { type Located, locateAll } from './locate.ts'
import { peek, watch, withClaims, withProofs } from './peek.ts'
import type { Locator, Offer, Reached, Refusal, Road, Upstream } from './ports.ts'
import { Entry } from './record.ts'
import { refusalOfPort } from './refusals.ts'
import { resolve } from './resolve.ts'

export interface Judged {
  readonly decision: Decision
  readonly known: Known
  readonly located: readonly Located[]
  /** The upstream proxies on the way. */
  readonly hops: readonly LocatedHop[]
}

/** The part of an offer that is judged, and the part of the world that judging needs. */
export type Asking = Pick<Offer, 'flow' | 'firstBytes' | 'gone'> & { grant(): void }
export type JudgingRoad = Pick<Road, 'refusals' | 'resolver' | 'clock' | 'apps' | 'answers' | 'hops'>

/** One flow on its way. */
interface Passage<U extends Reached> {
  readonly offer: Offer<U>
  readonly policy: Policy
  readonly road: Road<U>
  readonly entry: Entry
}

/** Carries one flow from its offer to its ending. Never rejects. */
export async function carry<U extends Reached = Upstream>(offer: Offer<U>, road: Road<U>): Promise<void> {
  const policy = road.policies.current
  const locator = road.tables.current
  const entry = new Entry(offer.flow, locator, road)
  const passage: Passage<U> = { offer, policy, road, entry }
  try {
    if (offer.flow.network === 'udp' && road.hops.length > 0)
      throw new RingfenceError('upstream.no-udp', 'UDP does not go through upstream proxies, and nothing goes round them')
    const judged = await judge(offer, policy, locator, road)
    const told = tell(judged, passage)
    await entry.decided(told, shadow(judged, passage))
    if (judged.decision.kind === 'refuse') return offer.refuse(refusalBy(judged.decision, told.sentence))
    await pass(judged, judged.decision, passage)
  } catch (thrown) {
    const error = asRingfenceError(thrown)
    if (error.code === 'bug.unexpected') road.report(error)
    // The record comes before the answer; if even that could not be written, the answer is still no.
    await entry.failed(error, policy)
    offer.refuse({ code: error.code, sentence: sayToClient(error) })
  }
}

/** Connects and moves bytes, for as long as the policy in force permits it. */
async function pass<U extends Reached>(
  judged: Judged,
  { pinned, via }: Extract<Decision, { readonly kind: 'dial' }>,
  { offer, policy, road, entry }: Passage<U>,
): Promise<void> {
  const live = new LiveFlow(offer.flow, judged, policy, entry, road.refusals)
  road.live.add(live)
  try {
    // While it was looked up or its record was written, another policy may have come into force, or a schedule turned.
    const { current } = road.policies
    const now = road.clock.now()
    const at = judged.known.at ?? now
    if (current !== policy || timeState(current, at) !== timeState(current, now)) await live.rejudge(current, now)
    const upstream = await dial(pinned, road.dialer, road.dialMs, [offer.gone, live.cut], via)
    entry.dialled(upstream)
    live.reached(upstream)
    offer.grant(upstream)
    const learning = learnInPassing(offer, live, road)
    const ended = await offer.relay(upstream, entry.meter, live.cut)
    await learning()
    await live.settled()
    await entry.ended(ended)
  } finally {
    road.live.delete(live)
    await live.settled()
  }
}

/** Everything up to the verdict: what `ringfence check` shows is decided by these same steps. */
export async function judge(offer: Asking, policy: Policy, locator: Locator, road: JudgingRoad): Promise<Judged> {
  const { flow, firstBytes, gone } = offer
  const asked = remembered(identify(flow, road.clock.now(), road.apps), flow, road)
  const known = firstBytes === null ? whenNamesEnd(asked) : asked
  const denied = refusalOfPort(flow, road.refusals)
  const early = denied === null ? decideEarly(policy, known) : decideRefused(policy, denied)
  if (early !== null) return { decision: early, known, located: [], hops: [] }

  const addresses = await resolve(flow.asked.host, road.resolver, gone)
  if (flow.asked.host.kind === 'name') road.answers.remember(flow.client.host, flow.asked.host.name, addresses, known.at ?? flow.openedAt)
  const located = locateAll(addresses, locator)
  const hops = locateHops(road.hops, locator)
  if (firstBytes === null || policy.mode === 'observe' || !isOpen(policy, known, located, flow, road.refusals, hops)) {
    return { decision: decide(policy, known, located, flow, road.refusals, hops), known, located, hops }
  }
  // A client of CONNECT or SOCKS says more only after the grant, so a refusal from here on is a reset.
  offer.grant()
  const more = await peek(firstBytes, known, policy, road.resolver, gone)
  return { decision: decide(policy, more, located, flow, road.refusals, hops), known: more, located, hops }
}

/** Of a flow that asks for an address: the name that led this client there a moment ago. */
function remembered(known: Known, { asked: { host }, client, openedAt }: Offer['flow'], { answers }: JudgingRoad): Known {
  const name = host.kind === 'ip' ? answers.nameOf(client.host, host.ip, known.at ?? openedAt) : null
  return name === null ? known : { ...known, recalled: [{ name, origin: 'dns', provedAt: null }] }
}

/**
 * Names that show up while the bytes already move: recorded, and while enforcing the flow is cut if they turn the
 * verdict. The returned function resolves when nothing of this is under way any more, so that the ending comes last.
 */
function learnInPassing({ firstBytes }: Pick<Offer, 'firstBytes'>, live: LiveFlow, road: JudgingRoad): () => Promise<void> {
  if (firstBytes === null || live.known.namesFinal) return async () => undefined
  let rejudging = Promise.resolve()
  watch(firstBytes, live.known, (claims) => {
    const rejudge = async () => {
      const claimed = whenNamesEnd(withClaims(live.known, claims))
      // While enforcing, nobody waits for a proof while bytes move: whoever chose the name chose how slow its name server
      // is. So a name that comes after the hold is not proved any more.
      await live.learnt(live.policy.mode === 'enforce' ? claimed : await withProofs(claimed, live.policy, road.resolver))
    }
    // Fail closed: a flow that can't be judged again, or whose judgement can't be recorded, does not go on.
    rejudging = rejudge().catch((error) => live.end(error))
  })
  return () => rejudging
}

const tell = <U extends Reached>({ decision, known }: Judged, { offer, policy }: Passage<U>) => ({
  verdict: decision.verdict,
  candidates: decision.candidates,
  hops: decision.way?.hops ?? [],
  known,
  sentence: sentenceOf(decision, offer.flow.asked, policy, known),
  policy,
})

function shadow<U extends Reached>({ known, located, hops }: Judged, { offer, policy, road }: Passage<U>): Readonly<Record<string, Would>> {
  if (located.length === 0) return {}
  const others = road.shadows.filter(({ hash }) => hash !== policy.hash)
  const would = decideWould(others, known, located, offer.flow, road.refusals, hops)
  return Object.fromEntries(others.map(({ name }, i) => [name, would[i] ?? 'block']))
}

/** What a client is told of an accident: of its own and the network's the whole, of ours nothing that shows our insides. */
function sayToClient({ code, message }: RingfenceError): string {
  const { blame, says } = errorKind(code)
  return blame === 'operator' || blame === 'bug' ? `${says}.` : `${message}.`
}

function refusalBy(decision: Decision, sentence: string): Refusal {
  const { verdict } = decision
  const byRule = verdict.reasons.find((reason) => reason.kind === 'refusal')
  const byFence = verdict.reasons.some((reason) => reason.kind !== 'refusal' && 'effect' in reason && reason.effect === 'block')
  const code: ErrorCode = byRule !== undefined && !byFence ? byRule.code : 'policy.blocked'
  return { code, sentence }
}
