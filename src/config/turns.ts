/**
 * Whose turn it is: a few at once, the others wait, and those who wait come in rotation by where they are from. Somebody
 * who asks a thousand times waits for a thousand turns, and keeps nobody else waiting for more than one of them.
 */

/** Gives the turn back. */
type Done = () => void

interface Waiting {
  readonly start: () => void
}

export class Turns {
  readonly #atOnce: number
  #taken = 0
  /** Those who wait, by where they are from; the first entry is the next to be served. */
  readonly #waiting = new Map<string, Set<Waiting>>()

  constructor(atOnce: number) {
    this.#atOnce = atOnce
  }

  /** Resolves when it is this one's turn. Throws the signal's reason where that fires before. */
  async take(from: string, signal: AbortSignal): Promise<Done> {
    signal.throwIfAborted()
    if (this.#taken < this.#atOnce) this.#taken++
    else await this.#wait(from, signal)
    let done = false
    return () => {
      if (done) return
      done = true
      this.#next()
    }
  }

  #wait(from: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#forget(from, waiting)
        reject(signal.reason)
      }
      const waiting: Waiting = {
        start: () => {
          signal.removeEventListener('abort', onAbort)
          resolve()
        },
      }
      signal.addEventListener('abort', onAbort, { once: true })
      const queue = this.#waiting.get(from)
      if (queue === undefined) this.#waiting.set(from, new Set([waiting]))
      else queue.add(waiting)
    })
  }

  #forget(from: string, waiting: Waiting): void {
    // A household's other guests keep their place among the households.
    const queue = this.#waiting.get(from)
    queue?.delete(waiting)
    if (queue?.size === 0) this.#waiting.delete(from)
  }

  #next(): void {
    const [from, queue] = this.#waiting.entries().next().value ?? []
    const first = queue?.values().next().value
    if (from === undefined || queue === undefined || first === undefined) {
      this.#taken--
      return
    }
    queue.delete(first)
    this.#waiting.delete(from)
    if (queue.size > 0) this.#waiting.set(from, queue)
    first.start()
  }
}
