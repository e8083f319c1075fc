/** What the UDP associations of one door share: how many a client may have, what was refused to it, where they listen. */
import type { Endpoint, Ip } from '../model/address.ts'
import { householdOf } from '../model/household.ts'
import type { Place } from './admission.ts'
import type { BoundDoors } from './own-doors.ts'
import { RefusedDestinations, type TellDropped } from './refused-destinations.ts'

export interface AssociationSettings {
  /** At a time. */
  readonly perClient: number
  /** Nothing moved to or from a destination for this long: that flow is over. */
  readonly idleMs: number
}

export interface AssociationSurroundings {
  readonly settings: AssociationSettings
  /** Is told of datagrams that were dropped for what had just been refused. */
  readonly dropped: TellDropped
  /** Each destination takes the place of a connection: it has a socket of its own. */
  readonly admission: { enter(): Place | null }
  readonly ownDoors: Pick<BoundDoors, 'add' | 'delete'>
}

export class Associations {
  readonly idleMs: number
  readonly refused: RefusedDestinations
  readonly #perClient: number
  readonly #admission: AssociationSurroundings['admission']
  readonly #ownDoors: AssociationSurroundings['ownDoors']
  /** By household. */
  readonly #open = new Map<string, number>()

  constructor({ settings, dropped, admission, ownDoors }: AssociationSurroundings) {
    this.idleMs = settings.idleMs
    this.refused = new RefusedDestinations(dropped)
    this.#perClient = settings.perClient
    this.#admission = admission
    this.#ownDoors = ownDoors
  }

  /** How to give it back; `null`: this client has as many as it may. */
  enter(client: Ip): (() => void) | null {
    const household = householdOf(client)
    const theirs = this.#open.get(household) ?? 0
    if (theirs >= this.#perClient) return null
    this.#open.set(household, theirs + 1)
    return () => {
      const others = (this.#open.get(household) ?? 1) - 1
      if (others > 0) this.#open.set(household, others)
      else this.#open.delete(household)
    }
  }

  /** The same for one destination. */
  enterDestination(client: Ip): (() => void) | null {
    const place = this.#admission.enter()
    if (place === null) return null
    if (place.seat(client)) return () => place.leave()
    place.leave()
    return null
  }

  /** The address is one of Ringfence's own until what this returns is called. */
  listensAt(bound: Endpoint<Ip>): () => void {
    this.#ownDoors.add(bound, 'udp')
    return () => this.#ownDoors.delete(bound, 'udp')
  }
}
