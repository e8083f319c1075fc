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
/** Whoever is full is looked through again only after so long: a flood asks with every datagram. */
const SWEEP_MS = 500

interface Remembered {
  /** What was refused → until when. */
  readonly until: Map<string, number>
  sweptAt: number
}

export class RefusedDestinations {
  readonly #now: () => number
  readonly #households = new Map<string, Remembered>()

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** `destination`: whatever tells it apart from others, and who asked. */
  add(client: Ip, destination: string, code: ErrorCode): void {
    const household = householdOf(client)
    const theirs = this.#households.get(household) ?? { until: new Map(), sweptAt: this.#now() }
    theirs.until.set(keyOf(client, destination), this.#now() + (errorKind(code).blame === 'policy' ? REFUSED_MS : FAILED_MS))
    this.#households.set(household, theirs)
  }

  has(client: Ip, destination: string): boolean {
    return (this.#households.get(householdOf(client))?.until.get(keyOf(client, destination)) ?? 0) > this.#now()
  }

  /** Whether so much was refused to this client that nothing new is to be judged for it. */
  isFull(client: Ip): boolean {
    const household = householdOf(client)
    const theirs = this.#households.get(household)
    if (theirs === undefined || theirs.until.size < MOST) return false
    if (this.#now() - theirs.sweptAt >= SWEEP_MS) this.#sweep(household, theirs)
    return theirs.until.size >= MOST
  }

  /** Called when a client leaves: what is over is not kept for nobody. */
  tidy(): void {
    for (const [household, theirs] of this.#households) this.#sweep(household, theirs)
  }

  #sweep(household: string, theirs: Remembered): void {
    const now = this.#now()
    theirs.sweptAt = now
    for (const [destination, until] of theirs.until) if (until <= now) theirs.until.delete(destination)
    if (theirs.until.size === 0) this.#households.delete(household)
  }
}

/** A household shares a limit, not what was said to one of it. */
const keyOf = (client: Ip, destination: string): string => `${client} ${destination}`
