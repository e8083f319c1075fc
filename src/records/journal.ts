/**
 * The journal of a folder: events in, one JSON line each, in the order of the calls. An event is acknowledged when the
 * kernel has its line, which then survives the death of this process; a power cut can take the last 100 ms. It knows
 * nothing of what the events say; reading them back is `store.ts`' business.
 */
import { setImmediate as endOfTurn, setTimeout as sleep } from 'node:timers/promises'
import { OperatorError, RingfenceError } from '../model/errors.ts'
import type { EventBody } from '../model/event.ts'
import type { Clock, FlowWriter } from '../pipeline/ports.ts'
import { type FolderLock, holdFolder } from './folder-lock.ts'
import { encodeBody, formatLine } from './line.ts'
import { listSegments, readTail, segmentAt } from './segment.ts'
import { SegmentFile } from './segment-file.ts'

const SYNC_MS = 100
const SEGMENT_BYTES = 64 * 1024 * 1024

export interface JournalOptions {
  /** Made, for its owner alone, where it does not exist. */
  readonly folder: string
  readonly node: string
  readonly clock: Clock
  /** Is told of every failed write, and of the failures that no caller of `append` waits for. */
  readonly onTrouble: (error: RingfenceError) => void
  /** A segment is closed once it is at least this long. */
  readonly segmentBytes?: number
}

export interface Journal extends FlowWriter {
  /** Writes what is queued, syncs it to the disk and lets go of the folder. Idempotent. */
  close(): Promise<void>
}

/** Opens a folder's journal for writing. Throws OperatorError where another process holds the folder or it can't be written. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const lock = await holdFolder(options.folder)
  try {
    const { seq, file } = await openLast(options.folder)
    return new FolderJournal(options, lock, file, seq)
  } catch (cause) {
    await lock.release()
    if (cause instanceof OperatorError) throw cause
    throw new OperatorError(`the journal in ${options.folder} can't be opened: ${messageOf(cause)}`, { cause })
  }
}

interface Pending {
  readonly time: string
  readonly body: string
  readonly resolve: () => void
  readonly reject: (error: RingfenceError) => void
}

class FolderJournal implements Journal {
  readonly #options: JournalOptions
  #lock: FolderLock
  readonly #closing = new AbortController()
  #file: SegmentFile
  #seq: number
  #queue: Pending[] = []
  #draining: Promise<void> | null = null
  #syncing: Promise<void> | null = null
  #dirty = false
  #closed: Promise<void> | null = null

  constructor(options: JournalOptions, lock: FolderLock, file: SegmentFile, seq: number) {
    this.#options = options
    this.#lock = lock
    this.#file = file
    this.#seq = seq
  }

  append(event: EventBody): Promise<void> {
    if (this.#closed !== null)
      return Promise.reject(new RingfenceError('record.failed', `the journal in ${this.#options.folder} is closed`))
    return new Promise((resolve, reject) => {
      this.#queue.push({ time: new Date(this.#options.clock.now()).toISOString(), body: encodeBody(event), resolve, reject })
      this.#draining ??= this.#drain()
    })
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    await this.#draining
    await this.#syncing
    try {
      await this.#file.close()
    } catch (cause) {
      throw this.#failure(cause)
    } finally {
      await this.#lock.release()
    }
  }

  /**
   * Lines that come in the same turn of the event loop, or while a write is under way, go out together: a write costs
   * a visit to another thread, which is more than all else that a line costs.
   */
  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      await endOfTurn()
      const batch = this.#queue
      this.#queue = []
      try {
        await this.#write(batch)
        for (const { resolve } of batch) resolve()
      } catch (cause) {
        const failure = this.#failure(cause)
        for (const { reject } of batch) reject(failure)
        this.#options.onTrouble(failure)
      }
    }
    this.#draining = null
  }

  async #write(batch: readonly Pending[]): Promise<void> {
    if (this.#file.gone || this.#file.length >= (this.#options.segmentBytes ?? SEGMENT_BYTES)) await this.#startNext()
    // Numbers are given here rather than in `append`, so that those of a failed batch are used again.
    let seq = this.#seq
    const lines = batch.map(({ time, body }) => formatLine({ v: 1, seq: ++seq, time, node: this.#options.node }, body))
    await this.#file.write(Buffer.from(lines.join('')))
    this.#seq = seq
    this.#dirty = true
    this.#syncing ??= this.#syncWhileDirty()
  }

  async #startNext(): Promise<void> {
    const full = this.#file
    try {
      // Whoever deleted the segment may have deleted the folder, and with it the lock.
      if (full.gone && !(await this.#lock.stands())) this.#lock = await holdFolder(this.#options.folder)
      this.#file = await SegmentFile.create(segmentAt(this.#options.folder, full.segment.number + 1))
    } catch (cause) {
      if (full.gone) throw cause
      this.#options.onTrouble(this.#failure(cause)) // A segment that is too long beats a flow that is refused.
      return
    }
    await full.close().catch((cause: unknown) => this.#options.onTrouble(this.#failure(cause)))
  }

  /** One at a time: on a disk that takes seconds to sync, piled-up calls would take all of libuv's threads from the writes. */
  async #syncWhileDirty(): Promise<void> {
    while (this.#dirty && !this.#closing.signal.aborted) {
      await sleep(SYNC_MS, undefined, { ref: false, signal: this.#closing.signal }).catch(() => {})
      if (this.#closing.signal.aborted) break
      this.#dirty = false
      const file = this.#file
      await file.sync().catch((cause: unknown) => {
        // A segment that was full meanwhile was synced when it was closed.
        if (file === this.#file) this.#options.onTrouble(this.#failure(cause))
      })
    }
    this.#syncing = null
  }

  #failure(cause: unknown): RingfenceError {
    return new RingfenceError('record.failed', `${this.#file.segment.path}: ${messageOf(cause)}`, { cause })
  }
}

/** Where the last process stopped. A line that it left torn stays as it is, and a new segment begins. */
async function openLast(folder: string): Promise<{ readonly seq: number; readonly file: SegmentFile }> {
  const segments = await listSegments(folder)
  const last = segments.at(-1)
  if (last === undefined) return { seq: 0, file: await SegmentFile.create(segmentAt(folder, 1)) }
  const tail = await readTail(last)
  const file = tail.whole ? await SegmentFile.goOnBehind(last, tail.length) : await SegmentFile.create(segmentAt(folder, last.number + 1))
  let seq = tail.seq
  for (const segment of segments.slice(0, -1).reverse()) seq ??= (await readTail(segment)).seq
  return { seq: seq ?? 0, file }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
