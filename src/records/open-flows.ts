/**
 * The flows whose ending has not been read yet, or of which more may be told after it: all that a reader of the journal
 * has to remember.
 */
import type { JournalEvent } from '../model/event.ts'
import type { Millis } from '../model/flow.ts'
import { type FlowParts, type FlowRecord, recordOf, withEvent } from './record.ts'

/** After a minute a door tells what it dropped for a destination that it had refused. */
const TOLD_WITHIN_MS = 90_000

/**
 * What an event meant for its flow. `judged`: it was decided, or judged differently since; more will follow. `refused`: it
 * ended, and what is dropped next may still be counted. `dropped`: that is so now.
 */
export interface Step {
  readonly kind: 'judged' | 'refused' | 'ended' | 'dropped'
  readonly record: FlowRecord
}

export class OpenFlows {
  readonly #flows = new Map<string, FlowParts>()
  /** Ended, oldest first, with when. */
  readonly #refused = new Map<string, { readonly parts: FlowParts; readonly at: Millis }>()

  /** Takes the journal's next event; `null` where a reader of flows learns nothing by it. */
  take(event: JournalEvent): Step | null {
    if (event.type === 'dropped') return this.#dropped(event)
    if (!('id' in event)) return null
    const before = this.#flows.get(event.id)
    // A journal has `decided` first: what comes without belongs to a flow from before the place where reading began.
    if (before === undefined && event.type !== 'decided') return null
    const parts = withEvent(before ?? {}, event)
    const record = recordOf(parts)
    if (record === null) return null
    if (record.ending !== 'open') {
      this.#flows.delete(event.id)
      if (!mayBeDroppedFor(record)) return { kind: 'ended', record }
      this.#refused.set(event.id, { parts, at: Date.parse(event.time) })
      return { kind: 'refused', record }
    }
    this.#flows.set(event.id, parts)
    return before === undefined || differs(recordOf(before), record) ? { kind: 'judged', record } : null
  }

  /** A new process writes: what is open was interrupted, and is handed out as that, each once, oldest first. */
  *interrupt(): Generator<FlowRecord> {
    for (const parts of this.#flows.values()) {
      const record = recordOf({ ...parts, interrupted: true })
      if (record !== null) yield record
    }
    this.#flows.clear()
  }

  /** The refused flows of which nothing more can be told at this time, each once, oldest first. */
  *overdue(time: string): Generator<FlowRecord> {
    if (this.#refused.size === 0) return
    const now = Date.parse(time)
    for (const [id, { parts, at }] of this.#refused) {
      if (at + TOLD_WITHIN_MS > now) return
      this.#refused.delete(id)
      const record = recordOf(parts)
      if (record !== null) yield record
    }
  }

  /** The refused flows that were not overdue yet, then those that are still open, each once, oldest first. */
  *rest(): Generator<FlowRecord> {
    for (const parts of [...[...this.#refused.values()].map(({ parts }) => parts), ...this.#flows.values()]) {
      const record = recordOf(parts)
      if (record !== null) yield record
    }
  }

  #dropped({ flow, datagrams }: Extract<JournalEvent, { readonly type: 'dropped' }>): Step | null {
    const refused = this.#refused.get(flow)
    this.#refused.delete(flow)
    const record = refused === undefined ? null : recordOf({ ...refused.parts, dropped: datagrams })
    return record === null ? null : { kind: 'dropped', record }
  }
}

const mayBeDroppedFor = ({ network, ending }: FlowRecord): boolean => network === 'udp' && (ending === 'blocked' || ending === 'failed')

const differs = (before: FlowRecord | null, after: FlowRecord): boolean => before?.verdict !== after.verdict || before.would !== after.would
