/**
 * The large buffers that busy streams read into: a bounded number, each lent to one stream at a time. When every stream
 * that was ever busy had one of its own, slow readers and idle tunnels held most of the memory, and the allocator kept
 * much of it after they had left. It knows nothing of streams.
 */

export interface Borrower {
  /**
   * Asked now and then while buffers are scarce: gives its own back, unless it has read since it was asked last or
   * somebody needs what it read.
   */
  giveBackIfResting(): void
}

export class ReadBuffers {
  readonly #bytes: number
  readonly #most: number
  readonly #restMs: number
  readonly #spare: Buffer[] = []
  readonly #lent = new Map<Buffer, Borrower>()
  #timer: NodeJS.Timeout | null = null

  /** At most so many are lent, and as many are ever kept. Who reads nothing for `restMs` rests, and for twice that at most keeps its own. */
  constructor(bytes: number, most: number, restMs: number) {
    this.#bytes = bytes
    this.#most = most
    this.#restMs = restMs
  }

  get lent(): number {
    return this.#lent.size
  }

  /** Whether borrowers should be quick to give theirs back. */
  get scarce(): boolean {
    return this.#lent.size > this.#most / 2
  }

  /** The one given back last, which is the one most likely to be in the processor's cache; `null`: all are lent. */
  lend(borrower: Borrower): Buffer | null {
    if (this.#lent.size >= this.#most) return null
    const buffer = this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#bytes)
    this.#lent.set(buffer, borrower)
    this.#askLater()
    return buffer
  }

  /** Once nobody reads into it, and nobody will look at what was read. Also of one that was given up. */
  giveBack(buffer: Buffer): void {
    this.#lent.delete(buffer)
    if (this.#spare.length + this.#lent.size < this.#most) this.#spare.push(buffer)
  }

  /** Its borrower is gone, but what was read into it may still be on its way: it is not lent again, and another may be. */
  giveUp(buffer: Buffer): void {
    this.#lent.delete(buffer)
  }

  #askLater(): void {
    if (this.#timer !== null || !this.scarce) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      for (const borrower of [...this.#lent.values()]) borrower.giveBackIfResting()
      this.#askLater()
    }, this.#restMs).unref()
  }
}
