/** A deadline that moves with every sign of life. One timer, re-armed only when it fires, so that a touch costs a clock reading. */
import type { Clock } from './ports.ts'

export class IdleTimer {
  readonly #clock: Clock
  readonly #onIdle: (limitMs: number) => void
  #limitMs: number
  #last: number
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  /** `onIdle` is called once, when nothing was touched for the limit. */
  constructor(clock: Clock, limitMs: number, onIdle: (limitMs: number) => void) {
    this.#clock = clock
    this.#limitMs = limitMs
    this.#onIdle = onIdle
    this.#last = clock.monotonic()
    this.#arm()
  }

  /** Something moved; from now on, another limit may hold. */
  touch(limitMs?: number): void {
    this.#last = this.#clock.monotonic()
    if (limitMs === undefined || limitMs === this.#limitMs) return
    this.#limitMs = limitMs
    this.#arm()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #arm(): void {
    clearTimeout(this.#timer)
    if (this.#stopped) return
    const left = Math.max(0, this.#limitMs - (this.#clock.monotonic() - this.#last))
    this.#timer = setTimeout(() => this.#check(), left).unref()
  }

  #check(): void {
    if (this.#clock.monotonic() - this.#last < this.#limitMs) {
      this.#arm()
    } else {
      this.stop()
      this.#onIdle(this.#limitMs)
    }
  }
}
