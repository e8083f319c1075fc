/**
 * What was refused to each client a short while ago: its next datagrams there are dropped and counted without a further
 * verdict, so that a flood neither fills the disk nor asks the name servers (DESIGN.md §7).
 */
import type { Ip } from '../model/address.ts'
import { type ErrorCode, errorKind } from '../model/errors.ts'
import type { FlowId } from '../model/flow.ts'
import { householdOf } from '../model/household.ts'

/** How long a word of the policy stands. */
const REFUSED_MS = 60_000
/** What failed may work again in a moment; as long as a name server's "no" is kept. */
const FAILED_MS = 5_000
/** Of one household. More that is new is dropped without a verdict until some of it has its time behind it. */
const MOST = 1_024

interface Remembered {
  readonly flow: FlowId
  readonly timer: NodeJS.Timeout
  dropped: number
}

/** Is told, when its time is over, how many datagrams came for what was refused by this flow. */
export type TellDropped = (flow: FlowId, datagrams: number) => void

export class RefusedDestinations {
  readonly #tell: TellDropped
  /** Household → client and destination → what came of it. */
  readonly #households = new Map<string, Map<string, Remembered>>()

  constructor(tell: TellDropped) {
    this.#tell = tell
  }

  /** `destination`: whatever tells it apart from others, and who asked. */
  add(client: Ip, destination: string, { code, flow }: { readonly code: ErrorCode; readonly flow: FlowId }): void {
    const [household, key] = [householdOf(client), keyOf(client, destination)]
    const theirs = this.#households.get(household) ?? new Map<string, Remembered>()
    if (theirs.has(key)) this.#forget(household, theirs, key)
    const wait = errorKind(code).blame === 'policy' ? REFUSED_MS : FAILED_MS
    theirs.set(key, { flow, dropped: 0, timer: setTimeout(() => this.#forget(household, theirs, key), wait).unref() })
    this.#households.set(household, theirs)
  }

  /** Whether it was refused a short while ago: then one more datagram for it is counted. */
  drops(client: Ip, destination: string): boolean {
    const refused = this.#households.get(householdOf(client))?.get(keyOf(client, destination))
    if (refused === undefined) return false
    refused.dropped++
    return true
  }

  /** Whether so much was refused to this client that nothing new is to be judged for it. */
  isFull(client: Ip): boolean {
    return (this.#households.get(householdOf(client))?.size ?? 0) >= MOST
  }

  /** Tells of all, before their time. */
  close(): void {
    for (const [household, theirs] of this.#households) for (const key of theirs.keys()) this.#forget(household, theirs, key)
  }

  #forget(household: string, theirs: Map<string, Remembered>, key: string): void {
    const refused = theirs.get(key)
    if (refused === undefined) return
    clearTimeout(refused.timer)
    theirs.delete(key)
    if (theirs.size === 0) this.#households.delete(household)
    if (refused.dropped > 0) this.#tell(refused.flow, refused.dropped)
  }
}

/** A household shares a limit, not what was said to one of it. */
const keyOf = (client: Ip, destination: string): string => `${client} ${destination}`
