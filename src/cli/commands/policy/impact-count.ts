/** What enforcing a policy would have done, counted while the records go by: figures and a few examples, never the records themselves. */
import type { AppCatalogue } from '../../../model/app.ts'
import type { CountryCode } from '../../../model/country.ts'
import { ANONYMOUS } from '../../../model/identity.ts'
import { certaintyOf, type Location } from '../../../model/location.ts'
import type { Decision } from '../../../model/verdict.ts'
import type { FlowRecord } from '../../../records/record.ts'
import { Breakdown } from './breakdown.ts'
import { type Fate, type Fated, fateOf } from './fate.ts'
import { NewestFew } from './newest-few.ts'

/** A flow that enforcing would not have left alone. */
export interface Example {
  readonly record: FlowRecord
  readonly decision: Decision
  readonly fated: Fated
}

/** What a policy does that a user would notice, in the order in which it is told. */
export const noticed = ['block', 'steer', 'log'] as const satisfies readonly Fate[]

export type Noticed = (typeof noticed)[number]

export interface FenceCount {
  readonly blocked: number
  /** Of those, how many would have passed without this fence. */
  readonly alone: number
  readonly steered: number
  readonly flagged: number
}

export class ImpactCount {
  readonly fates: Record<Fate, number> = { allow: 0, log: 0, steer: 0, block: 0, refused: 0 }
  /** Of the blocked ones, how many the policy of their time blocked too. */
  blockedThen = 0
  readonly byApp = new Breakdown()
  readonly byCountry = new Breakdown()
  readonly byUser = new Breakdown()
  readonly byFence = new Map<string, FenceCount>()
  readonly examples: Readonly<Record<Noticed, NewestFew<Example>>>

  constructor(examples: number) {
    this.examples = { block: new NewestFew(examples), steer: new NewestFew(examples), log: new NewestFew(examples) }
  }

  add(record: FlowRecord, decision: Decision): void {
    const fated = fateOf(decision)
    const { fate } = fated
    this.fates[fate]++
    if (fate === 'block' && record.verdict === 'block') this.blockedThen++
    for (const app of appsOf(record, decision)) this.byApp.add(app, fate)
    this.byUser.add(whoOf(record), fate)
    // All that a flow might have reached is counted; what it is blocked, left out or flagged for is where that is.
    const everywhere = placesOf(decision.candidates)
    const there = new Set(placesOf(fated.because))
    for (const place of everywhere) this.byCountry.add(place, there.has(place) ? fate : 'allow')
    for (const fence of fated.by) this.#countFence(fence, fated)
    if (fate === 'block' || fate === 'steer' || fate === 'log') this.examples[fate].add(record.seq, { record, decision, fated })
  }

  #countFence(fence: string, { fate, alone }: Fated): void {
    const before = this.byFence.get(fence) ?? { blocked: 0, alone: 0, steered: 0, flagged: 0 }
    this.byFence.set(fence, {
      blocked: before.blocked + Number(fate === 'block'),
      alone: before.alone + Number(alone.includes(fence)),
      steered: before.steered + Number(fate === 'steer'),
      flagged: before.flagged + Number(fate === 'log'),
    })
  }
}

/** For a flow that belongs to no app that is known. */
export const NO_APP = '-'

/** As recorded; of a record that has none, those that its names and addresses are known by now. */
function appsOf({ apps }: FlowRecord, { candidates }: Decision): readonly string[] {
  const ids = apps.length > 0 ? apps.map(({ app }) => app) : candidates.flatMap((candidate) => candidate.apps.map(({ app }) => app.id))
  return ids.length === 0 ? [NO_APP] : [...new Set(ids)]
}

/** The user, or the address of a client who did not log in. */
export const whoOf = ({ user, client }: Pick<FlowRecord, 'user' | 'client'>): string =>
  user === ANONYMOUS ? client.replace(/:[0-9]+$/, '') : user

export const placesOf = (candidates: Decision['candidates']): readonly string[] => [
  ...new Set(candidates.flatMap(({ locations }) => locations.map(placeOf))),
]

/** A code, codes with a question mark where the sources differ, or the word for what is no one place. */
export function placeOf(location: Location): string {
  const certainty = certaintyOf(location)
  if (certainty === 'agreed') return location.possible.join()
  return certainty === 'disputed' ? `${bestFirst(location).join('/')}?` : certainty
}

const bestFirst = ({ best, possible }: Location): readonly CountryCode[] =>
  best === null ? possible : [best, ...possible.filter((code) => code !== best)]

/** As an app is shown to people; a record may name one that this catalogue does not have. */
export const appName = (id: string, { apps }: AppCatalogue): string => apps.get(id)?.name ?? id
