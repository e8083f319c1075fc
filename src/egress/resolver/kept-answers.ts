/**
 * Answers that still hold, each by server, name and family: never past the TTL that came with them, nor longer than a
 * day, an absence five seconds. Bounded: the one that was not used for longest makes room.
 */
import type { AddressType } from '../../wire/dns.ts'
import type { FamilyAnswer } from './family-look-up.ts'

const MAX_ENTRIES = 10_000
const POSITIVE_MS = 24 * 3_600_000
const NEGATIVE_MS = 5_000

interface Entry {
  readonly answer: FamilyAnswer
  /** By the monotonic clock: a clock that is set back must not lengthen any TTL. */
  readonly until: number
}

export class KeptAnswers {
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>()
  readonly #monotonic: () => number
  readonly #max: number

  constructor(monotonic: () => number, max = MAX_ENTRIES) {
    this.#monotonic = monotonic
    this.#max = max
  }

  get size(): number {
    return this.#entries.size
  }

  get(server: string, name: string, type: AddressType): FamilyAnswer | null {
    const key = keyOf(server, name, type)
    const entry = this.#entries.get(key)
    if (entry === undefined) return null
    this.#entries.delete(key)
    if (this.#monotonic() >= entry.until) return null
    this.#entries.set(key, entry)
    return entry.answer
  }

  /** `at`: when the answer's TTL began to run. */
  put(server: string, name: string, type: AddressType, answer: FamilyAnswer, at: number): void {
    const longest = answer.kind === 'addresses' ? POSITIVE_MS : NEGATIVE_MS
    const until = at + Math.min(answer.ttl * 1_000, longest)
    if (until <= this.#monotonic()) return
    const key = keyOf(server, name, type)
    this.#entries.delete(key)
    this.#entries.set(key, { answer, until })
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#max) break
      this.#entries.delete(oldest)
    }
  }
}

const keyOf = (server: string, name: string, type: AddressType): string => `${type} ${name} ${server}`
