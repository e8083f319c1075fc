/**
 * The large buffers that busy streams read into: a bounded number, each lent to one stream at a time. When every stream
 * that was ever busy had one of its own, slow readers and idle tunnels held most of the memory, and the allocator kept
 * much of it after they had left. It knows nothing of streams.
 */

export class ReadBuffers {
  readonly #bytes: number
  readonly #most: number
  readonly #spare: Buffer[] = []
  readonly #lent = new Set<Buffer>()

  /** At most so many are lent, and as many are ever kept. */
  constructor(bytes: number, most: number) {
    this.#bytes = bytes
    this.#most = most
  }

  get lent(): number {
    return this.#lent.size
  }

  /** Whether borrowers should be quick to give theirs back. */
  get scarce(): boolean {
    return this.#lent.size > this.#most / 2
  }

  /** The one given back last, which is the one most likely to be in the processor's cache; `null`: all are lent. */
  lend(): Buffer | null {
    if (this.#lent.size >= this.#most) return null
    const buffer = this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#bytes)
    this.#lent.add(buffer)
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
}
