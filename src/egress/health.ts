/**
 * Whether a server is there at all: a name server, an upstream proxy. One name is no evidence: a server that fails for it
 * may be waiting for somebody else's, and whoever owns a name could otherwise choose which server hears of the others. So
 * it counts as failing only where nothing of use came from it since the question was put, for a while, or until anything
 * comes.
 */

const FAILING_MS = 10_000

export class Health {
  readonly #monotonic: () => number
  readonly #failingMs: number
  #heardAt = Number.NEGATIVE_INFINITY
  #failedAt = Number.NEGATIVE_INFINITY

  constructor(monotonic: () => number, failingMs = FAILING_MS) {
    this.#monotonic = monotonic
    this.#failingMs = failingMs
  }

  get failing(): boolean {
    return this.#failedAt > this.#heardAt && this.#monotonic() - this.#failedAt < this.#failingMs
  }

  /** Any response, also one that says that it failed. */
  heard(): void {
    this.#heardAt = this.#monotonic()
  }

  /** A question that was put at `since` had no response. */
  unanswered(since: number): void {
    if (this.#heardAt < since) this.#failedAt = this.#monotonic()
  }
}
