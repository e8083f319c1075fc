/**
 * Flows that were let through and whose bytes may move: when the policy, a schedule or an exception turns, each is
 * judged again by what was known of it, and cut if it is now outside (DESIGN.md §2, rule 8).
 */
import { setImmediate as others } from 'node:timers/promises'
import { RingfenceError } from '../model/errors.ts'
import type { Flow, Millis } from '../model/flow.ts'
import { type Stop, StopSource } from '../model/stop.ts'
import type { Decision } from '../model/verdict.ts'
import { explain } from '../policy/explain.ts'
import type { Policy } from '../policy/policy.ts'
import { readsNames } from '../policy/selection.ts'
import { decide } from './decide.ts'
import type { LocatedHop } from './hops.ts'
import { type Known, whenNamesEnd } from './identify.ts'
import type { Located } from './locate.ts'
import type { Reached } from './ports.ts'
import type { Entry, Told } from './record.ts'
import type { RefusalSettings } from './refusals.ts'

/** What was known of a flow when it was judged. */
export interface WhatIsKnown {
  readonly known: Known
  readonly located: readonly Located[]
  readonly hops: readonly LocatedHop[]
}

export class LiveFlow {
  readonly flow: Flow
  readonly #entry: Entry
  readonly #refusals: RefusalSettings
  readonly #cut = new StopSource()
  #facts: WhatIsKnown
  /** By whose word it goes on. */
  #policy: Policy
  #reached: Pick<Reached, 'remote' | 'via'> | null = null
  #recording: Promise<void> = Promise.resolve()

  constructor(flow: Flow, facts: WhatIsKnown, policy: Policy, entry: Entry, refusals: RefusalSettings) {
    this.flow = flow
    this.#facts = facts
    this.#policy = policy
    this.#entry = entry
    this.#refusals = refusals
  }

  /** Fires when the flow may not go on, with the reason. */
  get cut(): Stop {
    return this.#cut
  }

  get policy(): Policy {
    return this.#policy
  }

  get known(): Known {
    return this.#facts.known
  }

  /** It is connected to one of the addresses that were permitted, through one of the hops that were. */
  reached(upstream: Pick<Reached, 'remote' | 'via'>): void {
    this.#reached = upstream
  }

  /** More is known of it: judged again, recorded, and cut if that puts it outside. Rejects where that can't be recorded. */
  async learnt(known: Known): Promise<void> {
    // What a client says as it is cut changes nothing any more.
    if (this.#cut.aborted) return
    this.#facts = { ...this.#facts, known }
    const { told, permitted } = this.#judge()
    // Cut first: no byte passes while the journal is slow.
    if (!permitted) this.end(new RingfenceError('policy.cut', told.sentence))
    const recording = this.#entry.rejudged(told)
    this.#recording = recording.catch(() => undefined)
    await recording
  }

  /** Resolves when what was judged again is recorded: the ending comes after it. */
  settled(): Promise<void> {
    return this.#recording
  }

  /** It may not go on. */
  end(reason: unknown): void {
    this.#cut.abort(reason)
  }

  /**
   * Judges it by another policy, or by the same at a later time. What stays inside is left as it is; what does not is
   * recorded and cut. Resolves with whether it was cut, and never rejects: fail closed.
   */
  async rejudge(policy: Policy, at: Millis): Promise<boolean> {
    if (this.#cut.aborted) return false
    try {
      this.#policy = policy
      this.#facts = { ...this.#facts, known: { ...this.#facts.known, at } }
      const { told, permitted } = this.#judge()
      if (permitted) return false
      // Cut first: what the record says is that it was.
      this.end(new RingfenceError('policy.cut', told.sentence))
      this.#recording = this.#entry.rejudged(told).catch(() => undefined)
      await this.#recording
    } catch (error) {
      this.end(error)
    }
    return true
  }

  #judge(): { readonly told: Told; readonly permitted: boolean } {
    const { located, hops } = this.#facts
    const known = whenNamesEnd(this.#facts.known)
    const decision = decide(this.#policy, known, located, this.flow, this.#refusals, hops)
    const { verdict, candidates, way } = decision
    const told = {
      verdict,
      candidates,
      hops: way?.hops ?? [],
      known,
      sentence: sentenceOf(decision, this.flow.asked, this.#policy, known),
      policy: this.#policy,
    }
    // Before it is connected any of its addresses may be the one.
    const { remote, via } = this.#reached ?? { remote: null, via: null }
    const own = candidates.filter(({ ip }) => remote === null || ip === remote.host)
    const passed = (way?.hops ?? []).filter(({ ip, port }) => via === null || (ip === via.host && port === via.port))
    const reachable = own.length > 0 && own.every(({ permitted }) => permitted)
    return { told, permitted: reachable && (hops.length === 0 || passed.length > 0) && passed.every(({ permitted }) => permitted) }
  }
}

/** A verdict's sentence; where it was made by names that nobody asked for, with these; and with what could not be read. */
export function sentenceOf(
  decision: Decision,
  asked: Flow['asked'],
  policy: Policy,
  { anyName, names }: Pick<Known, 'anyName' | 'names'>,
): string {
  const isByName = goesByName(decision, policy)
  const claimed = names.filter(({ origin }) => origin === 'sni' || origin === 'http-host').map(({ name }) => name)
  const told = [
    ...(isByName && claimed.length > 0 ? [`What the client sent names ${claimed.join(', ')}.`] : []),
    ...(anyName ? ['The name that it is for could not be read, so it may be any.'] : []),
  ]
  return [explain(decision, asked, policy), ...told].join(' ')
}

/** Whether a fence that made the verdict reads names, or apps, which are told by names. */
function goesByName({ verdict }: Decision, { fences }: Policy): boolean {
  const made = new Set(verdict.reasons.flatMap((reason) => (reason.kind === 'fence' ? [reason.fence] : [])))
  return fences.some(({ name, traffic, axes }) => made.has(name) && (readsNames(traffic) || axes.includes('company')))
}

/** How many are judged before others have their turn: some milliseconds. */
const BATCH = 256

/** Where no flow is ever judged again. */
export const noLiveFlows = { add: () => undefined, delete: () => undefined } satisfies Pick<LiveFlows, 'add' | 'delete'>

export class LiveFlows {
  readonly #flows = new Set<LiveFlow>()

  get size(): number {
    return this.#flows.size
  }

  add(flow: LiveFlow): void {
    this.#flows.add(flow)
  }

  delete(flow: LiveFlow): void {
    this.#flows.delete(flow)
  }

  /** Judges all of them; resolves with how many were cut when their records are written. */
  async rejudge(policy: Policy, at: Millis): Promise<number> {
    const cut: Promise<boolean>[] = []
    let count = 0
    for (const flow of [...this.#flows]) {
      if (++count % BATCH === 0) await others()
      cut.push(flow.rejudge(policy, at))
    }
    return (await Promise.all(cut)).filter((wasCut) => wasCut).length
  }
}
