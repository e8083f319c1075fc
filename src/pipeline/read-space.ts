/** Where the bytes of one connection are read into, and when that is given back. */
import { type Borrower, ReadBuffers } from './read-buffers.ts'
import type { OnRead } from './wire.ts'

/**
 * All read into this until one fills it, and copy out of it what they read: most connections never carry more at a time,
 * and a buffer for each would be most of what an idle tunnel holds.
 */
const SHARED = Buffer.allocUnsafeSlow(64 * 1024)
/**
 * For those that fill it, as long as they do; beyond so many, the rest do with the shared one. With 512 KiB, bytes cost a
 * fifteenth more CPU here, with 256 KiB 1.4 times as much, with 64 KiB twice (eight downloads on loopback, Node 20); more
 * would be more than a megabyte for one slow client.
 */
const LARGE = new ReadBuffers(768 * 1024, 64, 5_000)

export interface Taker {
  /** Gets a chunk that is valid during the call; `false` pauses. */
  take(chunk: Uint8Array): boolean
  /** Whether what it gets goes on to somebody who, having paused, needs it until he resumes. */
  readonly passesOn: boolean
  /** `buffer()` is another one now, though nothing was read: when this returns, nothing can arrive in the one before. */
  moved(): void
}

export class ReadSpace implements OnRead, Borrower {
  readonly #taker: Taker
  #space: Buffer = SHARED
  /** Whether somebody still needs what the last read left there. */
  #needed = false
  #closed = false
  /** Since it was last asked whether it rests. */
  #hasRead = false

  constructor(taker: Taker) {
    this.#taker = taker
  }

  buffer(): Uint8Array {
    return this.#space
  }

  /** The buffer of the next read is asked for when this returns: until then none can arrive in one that is given back here. */
  callback(bytes: number, buffer: Uint8Array): boolean {
    const chunk = buffer.subarray(0, bytes)
    if (buffer === SHARED) {
      if (bytes === SHARED.length) this.#borrow()
      return this.#taker.take(Buffer.from(chunk))
    }
    this.#hasRead = true
    const goOn = this.#taker.take(chunk)
    this.#needed = !goOn && this.#taker.passesOn
    // Where there are many, the end of a burst is taken for the end of the haste.
    if (!this.#needed && bytes < (LARGE.scarce ? buffer : SHARED).length) this.#giveBack()
    return goOn
  }

  /** What was read is not needed any more. */
  resumed(): void {
    this.#needed = false
    if (this.#closed) this.#giveBack()
  }

  /** Nothing more will be read. */
  closed(): void {
    this.#closed = true
    if (this.#needed) LARGE.giveUp(this.#space)
    else this.#giveBack()
  }

  /** Somebody else reads from now on. */
  handedOver(): void {
    if (!this.#needed) this.#moveBack()
  }

  giveBackIfResting(): void {
    if (!this.#hasRead && !this.#needed) this.#moveBack()
    this.#hasRead = false
  }

  #borrow(): void {
    this.#space = LARGE.lend(this) ?? SHARED
    this.#hasRead = true
  }

  /** Between two reads: the handle would read on into what another is lent, were it not told first. */
  #moveBack(): void {
    if (this.#space === SHARED) return
    const lent = this.#space
    this.#space = SHARED
    this.#taker.moved()
    LARGE.giveBack(lent)
  }

  #giveBack(): void {
    if (this.#space === SHARED) return
    LARGE.giveBack(this.#space)
    this.#space = SHARED
  }
}
