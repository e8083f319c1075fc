/** What the journal of a folder says, as records of flows: one store for the command line, the API, the page and reports. */
import { type Damage, type ReadOptions, readEvents, segmentsFor } from './event-reader.ts'
import { OpenFlows } from './open-flows.ts'
import type { FlowRecord } from './record.ts'

export type { Damage, ReadOptions } from './event-reader.ts'

/**
 * Records of a folder. Without `follow`, one for each flow at its latest state, in the order in which they ended, then
 * those still open. With `follow`, one as soon as a flow is decided, one each time it is judged differently, one when
 * it ended; a blocked flow comes once, and once more where datagrams that were dropped after it are told of. Holds only the
 * flows that are open, or were refused a moment before, at the place it has read to.
 */
export async function* readRecords(folder: string, options: ReadOptions = {}): AsyncGenerator<FlowRecord> {
  const flows = new OpenFlows()
  const { since = Number.NEGATIVE_INFINITY, afterSeq = 0 } = options
  const wanted = (record: FlowRecord) => record.seq > afterSeq && Date.parse(record.time) >= since
  for await (const event of readEvents(folder, options)) {
    if (event.type === 'started') for (const record of flows.interrupt()) if (wanted(record)) yield record
    const { follow = false } = options
    // Whoever follows has seen them.
    for (const record of flows.overdue(event.time)) if (!follow && wanted(record)) yield record
    const step = flows.take(event)
    const isLast = step?.kind === 'ended' || step?.kind === 'dropped'
    if (step !== null && (isLast || follow) && wanted(step.record)) yield step.record
  }
  if (options.follow === true) return
  for (const record of flows.rest()) if (wanted(record)) yield record
}

export interface Newest {
  /** Oldest first. */
  readonly records: readonly FlowRecord[]
  /** The greatest number of a `decided` that was read, matching or not: where following would go on. 0: there was no flow. */
  readonly lastSeq: number
}

/**
 * The newest `limit` flows that match. Reads the newest segment, then the newest two, four, … until they hold enough:
 * a flow never ends in an older segment than it began in.
 */
export async function newestRecords(
  folder: string,
  limit: number,
  matches: (record: FlowRecord) => boolean,
  options: Pick<ReadOptions, 'since' | 'onDamage'> = {},
): Promise<Newest> {
  const all = await segmentsFor(folder, options)
  for (let count = 1; ; count *= 2) {
    const damage: Damage[] = []
    const newest = new NewestOf(limit)
    let lastSeq = 0
    for await (const record of readRecords(folder, { segments: all.slice(-count), onDamage: (one) => damage.push(one) })) {
      lastSeq = Math.max(lastSeq, record.seq)
      if (Date.parse(record.time) >= (options.since ?? Number.NEGATIVE_INFINITY) && matches(record)) newest.add(record)
    }
    const records = newest.list()
    if (records.length < limit && count < all.length) continue
    for (const one of damage) options.onDamage?.(one)
    return { records, lastSeq }
  }
}

/** Keeps the newest records of a stream in which they come in the order of their ends. */
class NewestOf {
  readonly #limit: number
  #records: FlowRecord[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  add(record: FlowRecord): void {
    this.#records.push(record)
    if (this.#records.length >= 2 * this.#limit + 64) this.#records = this.list()
  }

  list(): FlowRecord[] {
    return this.#records.sort((a, b) => a.seq - b.seq).slice(-this.#limit)
  }
}
