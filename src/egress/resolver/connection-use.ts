/**
 * Who uses a kept connection: after some seconds without a question it is closed. It never keeps the process alive, since
 * whoever waits for an answer has a deadline that does. One that says nothing for long gets no further questions: it may have died unseen.
 */
import type { Socket } from 'node:net'

/** Shorter than what servers grant (RFC 7766 §6.2.3), so that few questions meet a connection that is being closed. */
const IDLE_MS = 5_000
const STALLED_MS = 1_000

export class ConnectionUse {
  readonly #close: () => void
  readonly #monotonic: () => number
  #users = 0
  #heardAt = Number.NEGATIVE_INFINITY
  #retired = false
  #idle: NodeJS.Timeout | undefined

  /** `close` ends the connection, without a word to anybody. */
  constructor(socket: Socket, close: () => void, monotonic: () => number) {
    this.#close = close
    this.#monotonic = monotonic
    socket.unref()
  }

  /** Whether no question is under way. */
  get idle(): boolean {
    return this.#users === 0
  }

  get retired(): boolean {
    return this.#retired
  }

  heard(): void {
    this.#heardAt = this.#monotonic()
  }

  /** Takes no more questions, and ends with the last one under way. */
  retire(): void {
    this.#retired = true
    clearTimeout(this.#idle)
    if (this.#users === 0) this.#close()
  }

  /** A question is put; the answer is called once when it is over, `unanswered` where nobody waits any more. */
  begin(): (unanswered: boolean) => void {
    const since = this.#monotonic()
    this.#users++
    clearTimeout(this.#idle)
    return (unanswered) => {
      this.#users--
      const stalled = unanswered && this.#heardAt < since && this.#monotonic() - since >= STALLED_MS
      if (stalled || this.#retired) this.retire()
      else if (this.#users === 0) {
        this.#idle = setTimeout(() => this.retire(), IDLE_MS).unref()
      }
    }
  }
}
