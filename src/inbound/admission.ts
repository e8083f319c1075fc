/**
 * Who may come in now: so many connections in all, so many of each client, and nobody while memory is short. It counts
 * those of every door together, and judges nothing but numbers.
 */
import type { Ip } from '../model/address.ts'
import { householdOf } from '../model/household.ts'
import { scopeOf } from '../model/scope.ts'
import type { TurnedAway } from './turned-away.ts'

export interface AdmissionLimits {
  readonly connections: number
  readonly perClient: number
  /** Of a client on loopback: everybody on this machine has one address. */
  readonly perLoopbackClient: number
}

/** What one connection takes, from when it was accepted until it is closed. */
export interface Place {
  /** Who it is for, which a balancer tells only after a while; once. `false`: that client has too many. */
  seat(client: Ip): boolean
  /** Given back; again is nothing. */
  leave(): void
}

export class Admission {
  readonly #limits: AdmissionLimits
  readonly #memory: { reached(open: number): boolean }
  readonly #away: Pick<TurnedAway, 'add'>
  /** By household. */
  readonly #clients = new Map<string, number>()
  #open = 0

  constructor(limits: AdmissionLimits, memory: { reached(open: number): boolean }, away: Pick<TurnedAway, 'add'>) {
    this.#limits = limits
    this.#memory = memory
    this.#away = away
  }

  /** Connections that are in. */
  get open(): number {
    return this.#open
  }

  /** `null`: there is no room. */
  enter(): Place | null {
    if (this.#open >= this.#limits.connections) return this.#turnAway('connections')
    if (this.#memory.reached(this.#open)) return this.#turnAway('memory')
    this.#open++
    let household: string | null = null
    let left = false
    return {
      seat: (client) => {
        household = this.#seat(client)
        return household !== null
      },
      leave: () => {
        if (left) return
        left = true
        this.#open--
        if (household !== null) this.#unseat(household)
      },
    }
  }

  /** Whether there is memory for one more request on a connection that is in. */
  hasRoom(): boolean {
    if (!this.#memory.reached(this.#open)) return true
    this.#away.add('memory')
    return false
  }

  /** A connection that the machine had no descriptor for. */
  outOfDescriptors(): void {
    this.#away.add('descriptors')
  }

  #turnAway(why: 'connections' | 'client' | 'memory'): null {
    this.#away.add(why)
    return null
  }

  #seat(client: Ip): string | null {
    const household = householdOf(client)
    const theirs = this.#clients.get(household) ?? 0
    const most = scopeOf(client) === 'loopback' ? this.#limits.perLoopbackClient : this.#limits.perClient
    if (theirs >= most) return this.#turnAway('client')
    this.#clients.set(household, theirs + 1)
    return household
  }

  #unseat(household: string): void {
    const others = (this.#clients.get(household) ?? 1) - 1
    if (others === 0) this.#clients.delete(household)
    else this.#clients.set(household, others)
  }
}
