/** Which destinations change verdict between two policies, counted while the records go by. */
import type { Decision } from '../../../model/verdict.ts'
import type { FlowRecord } from '../../../records/record.ts'
import { type Fate, type Fated, fateOf } from './fate.ts'
import { placesOf, whoOf } from './impact-count.ts'

/** Flows of one user or client to one destination, that change in one way for the same fences. */
export interface VerdictChange {
  readonly asked: string
  readonly port: number
  /** Of several addresses, one that makes the severer verdict. */
  readonly address: string | null
  readonly places: readonly string[]
  readonly who: string
  readonly from: Fate
  readonly to: Fate
  /** What decides it: for a severer verdict the fences of B, for a milder one those of A. */
  readonly fences: readonly string[]
  readonly flows: number
}

export interface Transition {
  readonly from: Fate
  readonly to: Fate
  readonly flows: number
}

/** More different ones than this are counted in the totals only, so that no records fill the memory. */
const MOST_CHANGES = 20_000

export class VerdictChanges {
  readonly #most: number
  readonly #changes = new Map<string, VerdictChange & { flows: number }>()
  readonly #transitions = new Map<string, Transition & { flows: number }>()
  /** Flows that change and are in none of the listed changes. */
  unlisted = 0

  constructor(most = MOST_CHANGES) {
    this.#most = most
  }

  add(record: FlowRecord, a: Decision, b: Decision): void {
    const [from, to] = [fateOf(a), fateOf(b)]
    if (from.fate === to.fate) return
    addOne(this.#transitions, `${from.fate} ${to.fate}`, () => ({ from: from.fate, to: to.fate, flows: 0 }))
    const change = changeOf(record, from, to)
    const key = JSON.stringify(change)
    if (this.#changes.has(key) || this.#changes.size < this.#most) addOne(this.#changes, key, () => change)
    else this.unlisted++
  }

  /** Newly blocked ones first, then whatever else becomes severer, then what becomes milder; within each, most flows first. */
  list(): readonly VerdictChange[] {
    return [...this.#changes.values()].sort((a, b) => bySeverity(a, b) || b.flows - a.flows || (a.asked < b.asked ? -1 : 1))
  }

  /** In the same order. */
  totals(): readonly Transition[] {
    return [...this.#transitions.values()].sort(bySeverity)
  }
}

function addOne<T extends { flows: number }>(all: Map<string, T>, key: string, first: () => T): void {
  const one = all.get(key) ?? first()
  one.flows++
  all.set(key, one)
}

function changeOf({ asked, port, user, client }: FlowRecord, from: Fated, to: Fated) {
  const deciding = isTighter(from.fate, to.fate) ? to : from
  const [first] = deciding.because
  return {
    asked,
    port,
    address: first?.ip ?? null,
    places: first === undefined ? [] : placesOf([first]),
    who: whoOf({ user, client }),
    from: from.fate,
    to: to.fate,
    fences: deciding.by,
    flows: 0,
  }
}

const severity: Readonly<Record<Fate, number>> = { allow: 0, log: 1, steer: 2, block: 3, refused: 4 }

export const isTighter = (from: Fate, to: Fate): boolean => severity[to] > severity[from]

type Change = Pick<Transition, 'from' | 'to'>

function bySeverity(a: Change, b: Change): number {
  const [tighterA, tighterB] = [isTighter(a.from, a.to), isTighter(b.from, b.to)]
  if (tighterA !== tighterB) return tighterA ? -1 : 1
  // Among those that become severer the severest result first; among the rest what was severest.
  return tighterA
    ? severity[b.to] - severity[a.to] || severity[a.from] - severity[b.from]
    : severity[b.from] - severity[a.from] || severity[a.to] - severity[b.to]
}
