/** The segments of a journal: numbered files that are read in the order of their numbers, and of which only the last one grows. */
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../model/errors.ts'
import type { EventHead } from '../model/event.ts'
import { parseLine } from './line.ts'
import { LineReader } from './line-reader.ts'

export interface Segment {
  readonly number: number
  readonly path: string
}

/** How a segment ends. */
export interface Tail {
  /** The number of its last sound event, or `null` where it has none. */
  readonly seq: number | null
  /** Whether nothing follows that event, so that more can be written behind it. */
  readonly whole: boolean
  /** Bytes in the file. */
  readonly length: number
}

const TAIL_BYTES = 65_536

export const segmentAt = (folder: string, number: number): Segment => ({
  number,
  path: join(folder, `${String(number).padStart(6, '0')}.ndjson`),
})

/** All segments of a folder, oldest first. Throws OperatorError where there is no such folder or it can't be read. */
export async function listSegments(folder: string): Promise<readonly Segment[]> {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    throw new OperatorError(
      cause.code === 'ENOENT'
        ? `there is no records folder ${folder}: nothing has been recorded there yet`
        : `the records folder ${folder} can't be read: ${cause.message}`,
      { cause },
    )
  })
  return names
    .map((name) => /^([0-9]{6,})\.ndjson$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map((digits) => segmentAt(folder, Number(digits)))
    .sort((a, b) => a.number - b.number)
}

/** The head of a segment's first sound event, or `null` where it has none or is gone. */
export async function readHead(segment: Segment): Promise<EventHead | null> {
  const handle = await openIfThere(segment)
  if (handle === null) return null
  try {
    for await (const bytes of new LineReader(handle).lines()) {
      const line = parseLine(bytes)
      if (line.kind !== 'bad') return line.kind === 'event' ? line.event : line.head
    }
    return null
  } finally {
    await handle.close()
  }
}

/** Looks for the last sound event from the end of the file. */
export async function readTail(segment: Segment): Promise<Tail> {
  const handle = await open(segment.path, 'r')
  try {
    const { size } = await handle.stat()
    let bytes: Buffer = Buffer.alloc(0)
    for (let from = size; from > 0; ) {
      const step = Math.min(from, Math.max(TAIL_BYTES, bytes.length))
      from -= step
      const block = Buffer.alloc(step)
      await handle.read(block, 0, step, from)
      bytes = Buffer.concat([block, bytes])
      const last = lastEvent(bytes, from === 0)
      if (last !== null) return { seq: last.seq, whole: from + last.end === size, length: size }
    }
    return { seq: null, whole: size === 0, length: size }
  } finally {
    await handle.close()
  }
}

/** `null` where the file is gone: retention removed it since the folder was listed. */
export const openIfThere = (segment: Segment) =>
  open(segment.path, 'r').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null
    throw new OperatorError(`the records in ${segment.path} can't be read: ${cause.message}`, { cause })
  })

/** A line counts only with its line feed: without, it was never acknowledged, even if it happens to be sound JSON. */
function lastEvent(bytes: Buffer, fromStart: boolean): { readonly seq: number; readonly end: number } | null {
  let end = bytes.lastIndexOf(0x0a)
  while (end >= 0) {
    const start = end === 0 ? -1 : bytes.lastIndexOf(0x0a, end - 1)
    if (start < 0 && !fromStart) return null
    const line = parseLine(bytes.subarray(start + 1, end))
    if (line.kind !== 'bad') return { seq: line.kind === 'event' ? line.event.seq : line.head.seq, end: end + 1 }
    end = start
  }
  return null
}
