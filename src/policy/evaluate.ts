/** The judge: a policy and what is known about one address → an effect, or the span in which it will lie. Pure and total. */
import type { Facts } from '../model/facts.ts'
import { type Effect, type FenceOutcome, severest } from '../model/verdict.ts'
import { judgeFence } from './fence.ts'
import type { Policy } from './policy.ts'

export interface Judgement {
  /** Certain already: no later fact makes it milder. */
  readonly low: Effect
  /** No later fact makes it severer. Equal to `low` when all that matters is known. */
  readonly high: Effect
  readonly fences: readonly FenceOutcome[]
  /** What `local_network` says of a local address; `null` for others, and while no address is known. */
  readonly localNetwork: Effect | null
}

export function evaluate(policy: Policy, facts: Facts): Judgement {
  let { low, high } = localNetworkSpan(policy, facts)
  const localNetwork = facts.location !== undefined && facts.location.scope !== 'global' ? low : null
  const fences: FenceOutcome[] = []
  for (const fence of policy.fences) {
    const span = judgeFence(fence, facts)
    low = severest(low, span.low)
    high = severest(high, span.high)
    fences.push({ fence: fence.name, outcome: span.outcome, effect: span.low })
  }
  return { low, high, fences, localNetwork }
}

function localNetworkSpan({ localNetwork }: Policy, { location }: Facts): { low: Effect; high: Effect } {
  if (location === undefined) return { low: 'allow', high: localNetwork.worst }
  if (location.scope === 'global') return { low: 'allow', high: 'allow' }
  const effect = localNetwork.effect(location.ip)
  return { low: effect, high: effect }
}
