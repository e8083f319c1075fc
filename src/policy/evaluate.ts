/** The judge: a policy and what is known about one address → an effect, or the span in which it will lie. Pure and total. */
import type { Facts } from '../model/facts.ts'
import { type Effect, type FenceOutcome, severest } from '../model/verdict.ts'
import { effectsOf, judgeFence, type Span } from './fence.ts'
import { createFenceIndex, type FenceIndex } from './fence-index.ts'
import type { Fence, Policy } from './policy.ts'

export interface Judgement {
  /** Certain already: no later fact makes it milder. */
  readonly low: Effect
  /** No later fact makes it severer. Equal to `low` when all that matters is known. */
  readonly high: Effect
  /** Of the fences that apply, in the order of the policy. */
  readonly fences: readonly FenceOutcome[]
  /** What `local_network` says of a local address; `null` for others, and while no address is known. */
  readonly localNetwork: Effect | null
}

export function evaluate(policy: Policy, facts: Facts): Judgement {
  let { low, high } = localNetworkSpan(policy, facts)
  const localNetwork = facts.location !== undefined && facts.location.scope !== 'global' ? low : null
  const fences: FenceOutcome[] = []
  for (const fence of candidatesOf(policy, facts)) {
    const span = judgeFence(fence, facts)
    if (span.outcome === 'not-applied') continue
    low = severest(low, span.low)
    high = severest(high, span.high)
    fences.push(outcomeOf(fence, span))
  }
  return { low, high, fences, localNetwork }
}

/** The span alone, at a fraction of the cost. */
export function effectSpan(policy: Policy, facts: Facts): Pick<Judgement, 'low' | 'high'> {
  let { low, high } = localNetworkSpan(policy, facts)
  for (const fence of candidatesOf(policy, facts)) {
    const effects = effectsOf(fence, facts)
    low = severest(low, effects.low)
    high = severest(high, effects.high)
  }
  return { low, high }
}

/** So many are asked one by one sooner than an index is. */
const FEW = 20

/** By the array and not by the policy, which is often another object with the same fences. */
const indexes = new WeakMap<Policy['fences'], FenceIndex>()

function candidatesOf({ fences }: Policy, facts: Facts): readonly Fence[] {
  if (fences.length <= FEW) return fences
  const index = indexes.get(fences) ?? createFenceIndex(fences)
  indexes.set(fences, index)
  return index.mayApply(facts)
}

function localNetworkSpan({ localNetwork }: Policy, { location }: Facts): { low: Effect; high: Effect } {
  if (location === undefined) return { low: 'allow', high: localNetwork.worst }
  if (location.scope === 'global') return { low: 'allow', high: 'allow' }
  const effect = localNetwork.effect(location.ip)
  return { low: effect, high: effect }
}

/** Most fences read the server alone, so that only the others say what they read. */
const outcomeOf = ({ name }: Fence, { outcome, axis, low }: Span): FenceOutcome =>
  axis === null || axis === 'server' ? { fence: name, outcome, effect: low } : { fence: name, outcome, axis, effect: low }
