/**
 * Who uses a kept connection: while a question waits it keeps the process alive, afterwards it does not, and after some
 * seconds without any it is closed. One that says nothing for long gets no further questions: it may have died unseen.
 */
import type { Socket } from 'node:net'

/** Shorter than what servers grant (RFC 7766 §6.2.3), so that few questions meet a connection that is being closed. */
const IDLE_MS = 5_000
const STALLED_MS = 1_000

export class ConnectionUse {
  readonly #socket: Socket
  readonly #close: () => void
  readonly #monotonic: () => number
  #users = 0
  #heardAt = Number.NEGATIVE_INFINITY
  #retired = false
  #idle: NodeJS.Timeout | undefined

  /** `close` ends the connection, without a word to anybody. */
  constructor(socket: Socket, close: () => void, monotonic: () => number) {
    this.#socket = socket
    this.#close = close
    this.#monotonic = monotonic
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
    this.#socket.ref()
    return (unanswered) => {
      this.#users--
      const stalled = unanswered && this.#heardAt < since && this.#monotonic() - since >= STALLED_MS
      if (stalled || this.#retired) this.retire()
      else if (this.#users === 0) {
        this.#socket.unref()
        this.#idle = setTimeout(() => this.retire(), IDLE_MS).unref()
      }
    }
  }
}
