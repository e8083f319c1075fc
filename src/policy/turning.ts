/** What of a policy depends on the time, at a moment: when it differs from a moment ago, live flows must be judged again. */
import type { Millis } from '../model/flow.ts'
import { type Fence, type Policy, selectionsOf } from './policy.ts'
import { leavesOf } from './selection.ts'

/** Equal texts: no schedule and no exception has turned between. */
export function timeState({ fences }: Pick<Policy, 'fences'>, at: Millis): string {
  const turning = turningIn.get(fences) ?? fences.flatMap(turningOf)
  turningIn.set(fences, turning)
  return turning.map((holdsAt) => (holdsAt(at) ? '1' : '0')).join('')
}

type HoldsAt = (at: Millis) => boolean

/** Asked of each flow; most fences hold at all times. */
const turningIn = new WeakMap<Policy['fences'], readonly HoldsAt[]>()

function turningOf(fence: Fence): readonly HoldsAt[] {
  const exceptions = fence.exceptions.flatMap(({ endsAt }) => (endsAt === null ? [] : [(at: Millis) => at < endsAt]))
  const schedules = selectionsOf(fence)
    .flatMap(leavesOf)
    .flatMap(({ matcher: { holdsAt } }) => holdsAt ?? [])
  return [...exceptions, ...schedules]
}
