/**
 * One fence and one address. While facts are missing the answer is a span of effects: `low` is certain already, `high`
 * the worst that may still come. Every later fact narrows the span, so an early verdict is the final one.
 */
import type { Facts } from '../model/facts.ts'
import type { Location } from '../model/location.ts'
import { type Axis, type Effect, mildest, type Outcome, severest } from '../model/verdict.ts'
import { axisOutcomes, type CountryTerritory } from './axis.ts'
import type { Match } from './matchers/matcher.ts'
import type { Exception, Fence } from './policy.ts'
import { anyOf, applies, proved } from './selection.ts'
import { placeOutcome } from './territory.ts'

export interface Span {
  readonly outcome: Outcome
  /** Which of the fence's axes gave the outcome; `null` where none did. */
  readonly axis: Axis | null
  readonly low: Effect
  readonly high: Effect
}

const settled = (outcome: Outcome, effect: Effect, axis: Axis | null = null): Span => ({ outcome, axis, low: effect, high: effect })

const NOT_APPLIED = settled('not-applied', 'allow')
const EXCEPTED = settled('excepted', 'allow')

export function judgeFence(fence: Fence, facts: Facts): Span {
  const applied = applies(fence.traffic, facts)
  if (applied === 'no') return NOT_APPLIED
  const place = judgePlace(fence, facts)
  if (place.high === 'allow') return place
  const lifted = fence.exceptions.length === 0 ? 'no' : anyOf(fence.exceptions, (exception) => lifts(exception, facts))
  if (lifted === 'yes') return EXCEPTED
  if (applied === 'open' || lifted === 'open') return { outcome: 'open', axis: null, low: 'allow', high: place.high }
  return place
}

/** The same for whoever asks for effects alone: where the place matters to nobody, whether the fence applies need not be found out. */
export function effectsOf(fence: Fence, facts: Facts): Pick<Span, 'low' | 'high'> {
  const place = judgePlace(fence, facts)
  return place.high === 'allow' ? place : judgeFence(fence, facts)
}

/** The effect of the territory alone. */
function judgePlace(fence: Fence, facts: Facts): Span {
  const { territory, axes, action } = fence
  const { location } = facts
  if (territory.kind === 'anywhere') return settled('violated', action)
  if (location === undefined) return { outcome: 'open', axis: null, low: 'allow', high: action }
  // Local destinations are `local_network`'s business; only `never: anywhere` reaches them.
  if (location.scope !== 'global') return NOT_APPLIED
  const [first, ...others] = axes.map((axis) => judgeAxis(axis, territory, fence, facts, location))
  return others.reduce(graver, first ?? NOT_APPLIED)
}

function judgeAxis(axis: Axis, territory: CountryTerritory, fence: Fence, facts: Facts, location: Location): Span {
  const outcomes = axisOutcomes(axis, territory, facts, location)
  if (outcomes === null) return { outcome: 'open', axis, low: 'allow', high: fence.action }
  const [first, ...others] = outcomes.map((outcome) => settled(outcome, effectOf(outcome, fence), axis))
  return others.reduce(graver, first ?? NOT_APPLIED)
}

function effectOf(outcome: Outcome, { action, uncertain }: Fence): Effect {
  if (outcome === 'violated' || outcome === 'unlocated') return action
  return outcome === 'disputed' || outcome === 'unknown' || outcome === 'anycast' ? mildest(action, uncertain[outcome]) : 'allow'
}

/** Of two outcomes the severest effect wins; where both have the same, the outcome that says more. */
function graver(a: Span, b: Span): Span {
  const span = { low: severest(a.low, b.low), high: severest(a.high, b.high) }
  const leads = a.low !== b.low ? a.low === span.low : weight.indexOf(a.outcome) <= weight.indexOf(b.outcome)
  const { outcome, axis } = leads ? a : b
  return { outcome: span.low === span.high ? outcome : 'open', axis, ...span }
}

const weight: readonly Outcome[] = ['violated', 'unlocated', 'disputed', 'unknown', 'anycast', 'open', 'satisfied', 'not-applied']

function lifts(exception: Exception, facts: Facts): Match {
  const { endsAt, to } = exception
  if (endsAt !== null && facts.at !== undefined && facts.at >= endsAt) return 'no'
  const matched = proved(exception.traffic, facts)
  if (matched === 'no') return 'no'
  const { location } = facts
  const reaches = to === null ? 'yes' : location === undefined ? 'open' : liesIn(to, location) ? 'yes' : 'no'
  if (reaches === 'no') return 'no'
  // Without a time nobody knows whether it has ended.
  const holds = endsAt !== null && facts.at === undefined ? 'open' : 'yes'
  return matched === 'open' || reaches === 'open' || holds === 'open' ? 'open' : 'yes'
}

/** A local address lies in no country, so no `to:` names it. */
const liesIn = (to: NonNullable<Exception['to']>, location: Location): boolean =>
  location.scope === 'global' && location.located && placeOutcome({ kind: 'only', countries: to }, location) === 'satisfied'
