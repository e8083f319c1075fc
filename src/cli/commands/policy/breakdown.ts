/** How many flows of each app, country or user a policy would block, steer or flag. */
import type { Fate } from './fate.ts'

export interface Counts {
  readonly flows: number
  readonly blocked: number
  readonly steered: number
  readonly flagged: number
}

export type Row = Counts & { readonly key: string }

/** More different ones than this are counted together, so that no records fill the memory. */
const MOST_KEYS = 20_000

/** What those are counted under. */
export const OTHERS = 'others'

export class Breakdown {
  readonly #most: number
  readonly #counts = new Map<string, { flows: number; blocked: number; steered: number; flagged: number }>()

  constructor(most = MOST_KEYS) {
    this.#most = most
  }

  add(wanted: string, fate: Fate): void {
    const key = this.#counts.has(wanted) || this.#counts.size < this.#most ? wanted : OTHERS
    let counts = this.#counts.get(key)
    if (counts === undefined) {
      counts = { flows: 0, blocked: 0, steered: 0, flagged: 0 }
      this.#counts.set(key, counts)
    }
    counts.flows++
    if (fate === 'block') counts.blocked++
    else if (fate === 'steer') counts.steered++
    else if (fate === 'log') counts.flagged++
  }

  /** Those that something would happen to, most blocked first. */
  touched(): readonly Row[] {
    return [...this.#counts]
      .map(([key, counts]) => ({ key, ...counts }))
      .filter(({ blocked, steered, flagged }) => blocked + steered + flagged > 0)
      .sort((a, b) => b.blocked - a.blocked || b.steered - a.steered || b.flagged - a.flagged || (a.key < b.key ? -1 : 1))
  }
}
