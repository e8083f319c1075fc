/**
 * The segment that is being written. A write is all or nothing: what a full disk let through of it is cut off again,
 * so that the file always ends behind a whole line.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Segment } from './segment.ts'

export class SegmentFile {
  readonly segment: Segment
  readonly #handle: FileHandle
  #length: number
  /** Whether bytes of a failed write may stand behind `#length`. */
  #overhang = false
  #gone = false

  private constructor(segment: Segment, handle: FileHandle, length: number) {
    this.segment = segment
    this.#handle = handle
    this.#length = length
  }

  static async create(segment: Segment): Promise<SegmentFile> {
    const handle = await open(segment.path, 'wx', 0o600)
    await syncFolder(dirname(segment.path))
    return new SegmentFile(segment, handle, 0)
  }

  static async goOnBehind(segment: Segment, length: number): Promise<SegmentFile> {
    return new SegmentFile(segment, await open(segment.path, 'r+'), length)
  }

  /** Bytes that were written and not cut off. */
  get length(): number {
    return this.#length
  }

  /** Whether somebody deleted the file: what is written to it now would be lost. Found out by `sync`. */
  get gone(): boolean {
    return this.#gone
  }

  /** Resolves when the kernel has all bytes; rejects when it has none of them. Must not be called while another write is under way. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#overhang) await this.#cutBack()
    try {
      for (let done = 0; done < bytes.length; ) {
        // A disk that fills up first writes less than asked, and fails at the next attempt.
        const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, this.#length + done)
        if (bytesWritten === 0) throw new Error('nothing was written')
        done += bytesWritten
      }
    } catch (cause) {
      this.#overhang = true
      await this.#cutBack().catch(() => {}) // The next write tries again, and fails if that fails.
      throw cause
    }
    this.#length += bytes.length
  }

  async sync(): Promise<void> {
    await this.#handle.datasync()
    this.#gone = (await this.#handle.stat()).nlink === 0
  }

  async close(): Promise<void> {
    try {
      if (this.#overhang) await this.#cutBack()
      await this.#handle.datasync()
    } finally {
      await this.#handle.close()
    }
  }

  async #cutBack(): Promise<void> {
    await this.#handle.truncate(this.#length)
    this.#overhang = false
  }
}

/** The name of a new file survives a power cut only when its folder was synced too (fsync(2)). Windows has no such call. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
