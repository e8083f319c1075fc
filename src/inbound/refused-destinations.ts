/**
 * What was refused to each client a short while ago: its next datagrams there are dropped without a further verdict, so
 * that a flood neither fills the disk nor asks the name servers (DESIGN.md §7: one line per client, destination, minute).
 */
import type { Ip } from '../model/address.ts'
import { type ErrorCode, errorKind } from '../model/errors.ts'
import { householdOf } from '../model/household.ts'

/** How long a word of the policy stands. */
const REFUSED_MS = 60_000
/** What failed may work again in a moment; as long as a name server's "no" is kept. */
const FAILED_MS = 5_000
/** Of one household. More that is new is dropped without a verdict until some of it has its time behind it. */
const MOST = 1_024

export class RefusedDestinations {
  readonly #now: () => number
  /** Household → what was refused → until when. */
  readonly #until = new Map<string, Map<string, number>>()

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** `destination`: whatever tells it apart from others, and who asked. */
  add(client: Ip, destination: string, code: ErrorCode): void {
    const household = householdOf(client)
    const theirs = this.#until.get(household) ?? new Map<string, number>()
    theirs.set(destination, this.#now() + (errorKind(code).blame === 'policy' ? REFUSED_MS : FAILED_MS))
    this.#until.set(household, theirs)
  }

  has(client: Ip, destination: string): boolean {
    return (this.#until.get(householdOf(client))?.get(destination) ?? 0) > this.#now()
  }

  /** Whether so much was refused to this client that nothing new is to be judged for it. */
  isFull(client: Ip): boolean {
    const household = householdOf(client)
    const theirs = this.#until.get(household)
    if (theirs === undefined || theirs.size < MOST) return false
    this.#forget(household, theirs)
    return theirs.size >= MOST
  }

  /** Called when a client leaves: what is over is not kept for nobody. */
  tidy(): void {
    for (const [household, theirs] of this.#until) this.#forget(household, theirs)
  }

  #forget(household: string, theirs: Map<string, number>): void {
    const now = this.#now()
    for (const [destination, until] of theirs) if (until <= now) theirs.delete(destination)
    if (theirs.size === 0) this.#until.delete(household)
  }
}
