/** The flows whose ending has not been read yet: all that a reader of the journal has to remember. */
import type { JournalEvent } from '../model/event.ts'
import { type FlowParts, type FlowRecord, recordOf, withEvent } from './record.ts'

/** What an event meant for its flow. `judged`: it was decided, or judged differently since; more will follow. */
export interface Step {
  readonly kind: 'judged' | 'ended'
  readonly record: FlowRecord
}

export class OpenFlows {
  readonly #flows = new Map<string, FlowParts>()

  /** Takes the journal's next event; `null` where a reader of flows learns nothing by it. */
  take(event: JournalEvent): Step | null {
    if (!('id' in event)) return null
    const before = this.#flows.get(event.id)
    // A journal has `decided` first: what comes without belongs to a flow from before the place where reading began.
    if (before === undefined && event.type !== 'decided') return null
    const parts = withEvent(before ?? {}, event)
    const record = recordOf(parts)
    if (record === null) return null
    if (record.ending !== 'open') {
      this.#flows.delete(event.id)
      return { kind: 'ended', record }
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

  /** The flows that are still open, each once, oldest first. */
  *rest(): Generator<FlowRecord> {
    for (const parts of this.#flows.values()) {
      const record = recordOf(parts)
      if (record !== null) yield record
    }
  }
}

const differs = (before: FlowRecord | null, after: FlowRecord): boolean => before?.verdict !== after.verdict || before.would !== after.would
