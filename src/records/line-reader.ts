/**
 * The lines of a file that may still be growing. What stands behind the last line feed is left for the next call:
 * it is not whole yet, or never will be, or its writer is about to cut it off again.
 */
import type { FileHandle } from 'node:fs/promises'

const CHUNK_BYTES = 262_144

export class LineReader {
  readonly #handle: FileHandle
  /** Where the first line that was not returned yet begins. */
  #position = 0

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** The lines from where the last call stopped to the file's present end, without their line feeds. Each is valid until the next is asked for. */
  async *lines(): AsyncGenerator<Uint8Array> {
    let rest: Buffer = Buffer.alloc(0)
    for (;;) {
      // Reading as much again as is held keeps a very long line from being copied once per chunk.
      const buffer = Buffer.allocUnsafe(rest.length + Math.max(CHUNK_BYTES, rest.length))
      rest.copy(buffer)
      const { bytesRead } = await this.#handle.read(buffer, rest.length, buffer.length - rest.length, this.#position + rest.length)
      if (bytesRead === 0) return
      const bytes = buffer.subarray(0, rest.length + bytesRead)
      let start = 0
      for (let end = bytes.indexOf(0x0a, rest.length); end >= 0; end = bytes.indexOf(0x0a, start)) {
        this.#position += end + 1 - start
        yield bytes.subarray(start, end)
        start = end + 1
      }
      rest = bytes.subarray(start)
    }
  }
}
