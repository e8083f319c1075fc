/** What a policy by itself does to a flow, out of a decision: refusals that hold under every policy are told apart from its own work. */
import type { Candidate, Decision, Effect } from '../../../model/verdict.ts'

/** As `Would`, and `refused` for a flow that no policy would let through. */
export type Fate = 'allow' | 'log' | 'steer' | 'block' | 'refused'

/** What stands for `local_network` among the names of fences, of which none has an underscore. */
export const LOCAL_NETWORK = 'local_network'

export interface Fated {
  readonly fate: Fate
  /** The addresses that make it so: blocked, left out or flagged ones; of an allowed flow all that are not refused. */
  readonly because: readonly Candidate[]
  /** What blocks or flags them: names of fences, or LOCAL_NETWORK. */
  readonly by: readonly string[]
  /** Those of `by` without which a blocked flow would have passed. */
  readonly alone: readonly string[]
}

export function fateOf({ candidates, verdict }: Pick<Decision, 'candidates' | 'verdict'>): Fated {
  const early = verdict.reasons.flatMap((reason) => (reason.kind === 'fence' && reason.effect === 'block' ? [reason.fence] : []))
  // Blocked before an address was looked up.
  if (candidates.length === 0 && early.length > 0) return { fate: 'block', because: [], by: early, alone: early.length === 1 ? early : [] }
  const judged = candidates.filter(({ refusal }) => refusal === null)
  if (judged.length === 0) return { fate: 'refused', because: candidates, by: [], alone: [] }
  const blocked = judged.filter(({ effect }) => effect === 'block')
  if (blocked.length > 0) {
    const fate = blocked.length === judged.length ? 'block' : 'steer'
    return { fate, because: blocked, by: doersOf(blocked, 'block'), alone: fate === 'block' ? aloneOf(blocked) : [] }
  }
  const flagged = judged.filter(({ effect }) => effect === 'log')
  if (flagged.length > 0) return { fate: 'log', because: flagged, by: doersOf(flagged, 'log'), alone: [] }
  return { fate: 'allow', because: judged, by: [], alone: [] }
}

const doersOf = (candidates: readonly Candidate[], does: Effect): readonly string[] => [
  ...new Set(candidates.flatMap((candidate) => doers(candidate, does))),
]

function doers({ fences, localNetwork }: Candidate, does: Effect): readonly string[] {
  const names = fences.filter(({ effect }) => effect === does).map(({ fence }) => fence)
  return localNetwork === does ? [...names, LOCAL_NETWORK] : names
}

/** One permitted address is enough for a flow to pass, so whatever blocks one of them by itself keeps it from passing. */
const aloneOf = (blocked: readonly Candidate[]): readonly string[] => [
  ...new Set(
    blocked.flatMap((candidate) => {
      const names = doers(candidate, 'block')
      return names.length === 1 ? names : []
    }),
  ),
]
