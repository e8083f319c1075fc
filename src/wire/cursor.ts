/**
 * Reads big-endian numbers and slices from the front of a byte string. Past the end it answers zeros and sets `short`,
 * which stays set, so that a parser asks once per step whether it had enough instead of at every read.
 */
export class Cursor {
  readonly #bytes: Uint8Array
  #offset = 0
  #short = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Whether any read so far wanted more than there was. */
  get short(): boolean {
    return this.#short
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#bytes.length - this.#offset
  }

  u8(): number {
    return this.take(1)[0] ?? 0
  }

  u16(): number {
    return (this.u8() << 8) | this.u8()
  }

  /** The next `length` bytes, not copied; empty when there are fewer. */
  take(length: number): Uint8Array {
    if (length > this.left) {
      this.#short = true
      return this.#bytes.subarray(0, 0)
    }
    this.#offset += length
    return this.#bytes.subarray(this.#offset - length, this.#offset)
  }

  /** The bytes before the next zero byte, which is skipped; `short` when there is none. */
  takeToNul(): Uint8Array {
    const end = this.#bytes.indexOf(0, this.#offset)
    const text = this.take(end < 0 ? this.left + 1 : end - this.#offset)
    this.take(1)
    return text
  }
}
