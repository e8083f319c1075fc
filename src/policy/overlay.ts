/** Fences turned on or off for a time, beside what the policy says (DESIGN.md §8). Part of the policy's hash while they hold. */
import type { Millis } from '../model/flow.ts'
import { seal } from './canonical.ts'
import type { Policy } from './policy.ts'

export interface Overlay {
  readonly fence: string
  readonly enabled: boolean
  /** The first moment at which it no longer holds. */
  readonly until: Millis
  readonly reason: string
}

/** Why an overlay cannot be laid over a policy, or `null`. */
export function overlayFault(policy: Pick<Policy, 'fences' | 'off' | 'name'>, { fence }: Pick<Overlay, 'fence'>): string | null {
  const found = [...policy.fences, ...policy.off].find(({ name }) => name === fence)
  if (found === undefined) return `policy ${policy.name} has no fence "${fence}"`
  if (found.empty) return `fence "${fence}" is over nothing, as a parameter of it is empty`
  return found.locked ? `fence "${fence}" is locked: only the policy itself can change it` : null
}

/** The policy as it judges at a moment. Overlays that are over, or that it does not permit, change nothing; of several for one fence the last counts. */
export function withOverlays(policy: Policy, overlays: readonly Overlay[], at: Millis): Policy {
  const holding = new Map(
    overlays
      .filter((overlay) => overlay.until > at && overlayFault(policy, overlay) === null)
      .map(({ fence, enabled }) => [fence, enabled]),
  )
  if (holding.size === 0) return policy
  const all = [...policy.fences, ...policy.off].map((fence) => ({ ...fence, enabled: holding.get(fence.name) ?? fence.enabled }))
  const laid = { ...policy, fences: all.filter(({ enabled }) => enabled), off: all.filter(({ enabled }) => !enabled) }
  return seal(laid, policy.document.uncertain)
}
