/**
 * One fence and one address. While facts are missing the answer is a span of effects: `low` is certain already, `high`
 * the worst that may still come. Every later fact narrows the span, so an early verdict is the final one.
 */
import type { Facts } from '../model/facts.ts'
import { type Effect, mildest, type Outcome } from '../model/verdict.ts'
import type { Match } from './matchers/matcher.ts'
import type { Exception, Fence, Selection } from './policy.ts'
import { placeOutcome } from './territory.ts'

export interface Span {
  readonly outcome: Outcome
  readonly low: Effect
  readonly high: Effect
}

const settled = (outcome: Outcome, effect: Effect): Span => ({ outcome, low: effect, high: effect })

const NOT_APPLIED = settled('not-applied', 'allow')

export function judgeFence(fence: Fence, facts: Facts): Span {
  const applies = matchAll(fence.traffic, (matcher) => matcher.applies(facts))
  if (applies === 'no') return NOT_APPLIED
  const place = judgePlace(fence, facts)
  if (place.high === 'allow') return place
  const lifted = anyOf(fence.exceptions, (exception) => lifts(exception, facts))
  if (lifted === 'yes') return settled('excepted', 'allow')
  if (applies === 'open' || lifted === 'open') return { outcome: 'open', low: 'allow', high: place.high }
  return place
}

/** The effect of the territory alone. */
function judgePlace(fence: Fence, { location }: Facts): Span {
  if (fence.territory.kind === 'anywhere') return settled('violated', fence.action)
  if (location === undefined) return { outcome: 'open', low: 'allow', high: fence.action }
  // Local destinations are `local_network`'s business; only `never: anywhere` reaches them.
  if (location.scope !== 'global') return NOT_APPLIED
  // Not "unknown", which a policy may allow: nobody could be asked.
  if (!location.located) return settled('unlocated', fence.action)
  const outcome = placeOutcome(fence.territory, location)
  if (outcome === 'satisfied') return settled(outcome, 'allow')
  return settled(outcome, outcome === 'violated' ? fence.action : mildest(fence.action, fence.uncertain[outcome]))
}

function lifts(exception: Exception, facts: Facts): Match {
  if (exception.endsAt !== null && facts.at !== undefined && facts.at >= exception.endsAt) return 'no'
  const proved = matchAll(exception.traffic, (matcher) => matcher.proved(facts))
  if (proved === 'no' || exception.to === null) return proved
  if (facts.location === undefined) return 'open'
  // A local address lies in no country, so no `to:` names it.
  if (facts.location.scope !== 'global' || !facts.location.located) return 'no'
  return placeOutcome({ kind: 'only', countries: exception.to }, facts.location) === 'satisfied' ? proved : 'no'
}

/** Keys are AND: one `no` settles it. */
function matchAll(selection: Selection, ask: (matcher: Selection[number]['matcher']) => Match): Match {
  let answer: Match = 'yes'
  for (const { matcher } of selection) {
    const match = ask(matcher)
    if (match === 'no') return 'no'
    if (match === 'open') answer = 'open'
  }
  return answer
}

/** Exceptions are OR: one `yes` settles it. */
function anyOf<T>(items: readonly T[], ask: (item: T) => Match): Match {
  let answer: Match = 'no'
  for (const item of items) {
    const match = ask(item)
    if (match === 'yes') return 'yes'
    if (match === 'open') answer = 'open'
  }
  return answer
}
