/**
 * The events of a journal in their order, from any process and without a lock. The folder is listed rather than
 * globbed, a segment that retention removed meanwhile is passed over, an unfinished last line is left alone, and
 * every other line that can't be read is reported as damage.
 */
import type { EventHead, JournalEvent } from '../model/event.ts'
import type { Millis } from '../model/flow.ts'
import { FolderWatch } from './folder-watch.ts'
import { parseLine } from './line.ts'
import { LineReader } from './line-reader.ts'
import { listSegments, openIfThere, readHead, type Segment } from './segment.ts'

/** A line that is not what the journal wrote there, or the first one behind lines that are missing. */
export interface Damage {
  readonly file: string
  /** Counts from 1. */
  readonly line: number
  readonly why: string
}

export interface ReadOptions {
  /** Flows decided at this moment or later. */
  readonly since?: Millis | undefined
  /** Flows whose `decided` has a greater number. */
  readonly afterSeq?: number | undefined
  /** Exactly these, as `segmentsFor` lists them; else all that the options ask for. */
  readonly segments?: readonly Segment[] | undefined
  /** Goes on with what is written from now on, until the signal fires. */
  readonly follow?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly onDamage?: ((damage: Damage) => void) | undefined
}

/** Events of at least all flows that the options ask for; some that are older may come first. */
export async function* readEvents(folder: string, options: ReadOptions): AsyncGenerator<JournalEvent> {
  const watch = options.follow === true ? new FolderWatch(folder) : null
  try {
    const sequence = new Sequence(options)
    let segments = options.segments ?? (await segmentsFor(folder, options))
    let read = 0
    for (;;) {
      for (const segment of segments) {
        yield* readSegment(segment, sequence, watch === null ? null : { folder, watch }, options.signal)
        if (options.signal?.aborted) return
        read = segment.number
      }
      if (watch === null) return
      if (segments.length === 0) await watch.next(options.signal)
      if (options.signal?.aborted) return
      segments = (await listSegments(folder)).filter(({ number }) => number > read)
    }
  } finally {
    watch?.stop()
  }
}

interface Following {
  readonly folder: string
  readonly watch: FolderWatch
}

/** To its present end; where followed, until there is a newer one and this one can't grow any more. */
async function* readSegment(
  segment: Segment,
  sequence: Sequence,
  following: Following | null,
  signal: AbortSignal | undefined,
): AsyncGenerator<JournalEvent> {
  const handle = await openIfThere(segment)
  if (handle === null) return sequence.interrupt()
  try {
    const reader = new LineReader(handle)
    let line = 0
    for (;;) {
      // Asked before reading: all that was written here before there was a newer segment is then read below.
      const mayGrow = following !== null && (await listSegments(following.folder)).every(({ number }) => number <= segment.number)
      for await (const bytes of reader.lines()) {
        const event = sequence.check(bytes, segment.path, ++line)
        if (event !== null) yield event
        if (signal?.aborted) return
      }
      if (!mayGrow) return
      await following.watch.next(signal)
      if (signal?.aborted) return
    }
  } finally {
    await handle.close()
  }
}

/** Holds each line against the one before it: numbers have no gaps, so a line that was removed shows. */
class Sequence {
  readonly #onDamage: (damage: Damage) => void
  #last: number | null = null

  constructor({ onDamage }: ReadOptions) {
    this.#onDamage = onDamage ?? (() => {})
  }

  check(bytes: Uint8Array, file: string, line: number): JournalEvent | null {
    const parsed = parseLine(bytes)
    if (parsed.kind === 'bad') {
      this.#onDamage({ file, line, why: parsed.why })
      this.interrupt()
      return null
    }
    const { seq } = parsed.kind === 'event' ? parsed.event : parsed.head
    if (this.#last !== null && seq !== this.#last + 1) this.#onDamage({ file, line, why: `event ${seq} follows event ${this.#last}` })
    this.#last = seq
    return parsed.kind === 'event' ? parsed.event : null
  }

  /** The next line may have any number. */
  interrupt(): void {
    this.#last = null
  }
}

/** The segments from the newest one that begins before what is wanted: everything older can't hold any of it. */
export async function segmentsFor(folder: string, options: Pick<ReadOptions, 'since' | 'afterSeq'>): Promise<readonly Segment[]> {
  const all = await listSegments(folder)
  if (options.since === undefined && options.afterSeq === undefined) return all
  for (let i = all.length - 1; i > 0; i--) {
    const head = await readHead(all[i] as Segment)
    if (head !== null && isBefore(head, options)) return all.slice(i)
  }
  return all
}

const isBefore = (head: EventHead, { since, afterSeq }: Pick<ReadOptions, 'since' | 'afterSeq'>): boolean =>
  (since !== undefined && Date.parse(head.time) < since) || (afterSeq !== undefined && head.seq <= afterSeq)
