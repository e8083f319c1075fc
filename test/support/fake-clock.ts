/** A clock that stands still until it is told to go on. Under vitest's fake timers, the timers that come due fire as well. */
import { vi } from 'vitest'
import type { Clock } from '../../src/pipeline/ports.ts'

export class FakeClock implements Clock {
  #now: number
  #elapsed = 0

  constructor(now = Date.parse('2026-08-01T12:00:00Z')) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#elapsed
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds
    this.#elapsed += milliseconds
    if (vi.isFakeTimers()) vi.advanceTimersByTime(milliseconds)
  }
}

/** For tests that wait for real time to pass. */
export const realClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() }
