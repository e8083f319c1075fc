/** What of a policy depends on the time, at a moment: when it differs from a moment ago, live flows must be judged again. */
import type { Millis } from '../model/flow.ts'
import { type Fence, type Policy, selectionsOf } from './policy.ts'
import { leavesOf } from './selection.ts'

/** Equal texts: no schedule and no exception has turned between. */
export const timeState = ({ fences }: Pick<Policy, 'fences'>, at: Millis): string => fences.flatMap((fence) => stateOf(fence, at)).join(' ')

function stateOf(fence: Fence, at: Millis): readonly string[] {
  const exceptions = fence.exceptions.flatMap(({ endsAt }) => (endsAt === null ? [] : [String(at < endsAt)]))
  const schedules = selectionsOf(fence)
    .flatMap(leavesOf)
    .flatMap(({ matcher }) => matcher.holdsAt?.(at) ?? [])
    .map(String)
  return [...exceptions, ...schedules]
}
