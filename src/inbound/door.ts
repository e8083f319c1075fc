/** What every door is given: how to offer a flow to the road, and the limits of its patience. */

import type { Endpoint, Ip } from '../model/address.ts'
import type { Flow, FlowId } from '../model/flow.ts'
import type { Host } from '../model/hostname.ts'
import { anonymous } from '../model/identity.ts'
import type { ByteStream } from '../pipeline/byte-stream.ts'
import type { Clock, Offer } from '../pipeline/ports.ts'
import type { RelayLimits } from '../pipeline/relay.ts'

export interface DoorLimits {
  /** Largest request or response head, bytes. */
  readonly headBytes: number
  /** Time for a whole handshake or request head, milliseconds: total, not between bytes (slowloris). */
  readonly headMs: number
  readonly relay: RelayLimits
}

export interface Door {
  /** `name:` in the settings, or the type. */
  readonly name: string
  readonly limits: DoorLimits
  readonly clock: Clock
  /** Fires when the door stops: connections that rest are closed at once, the others have their grace. */
  readonly stopping: AbortSignal
  /** What the licences of the location sources want shown where results are. */
  readonly attributions: readonly string[]
  nextId(): FlowId
  /** Takes the flow over until its ending; never rejects. */
  carry(offer: Offer): Promise<void>
  /** A client that sent nonsense: counted and logged, never a flow. */
  malformed(client: Endpoint<Ip>, why: string): void
}

/** One accepted connection and who is at its other end. */
export interface Visitor {
  readonly stream: ByteStream
  readonly client: Endpoint<Ip>
}

export const newFlow = (door: Door, client: Endpoint<Ip>, asked: Endpoint<Host>): Flow => ({
  id: door.nextId(),
  openedAt: door.clock.now(),
  inbound: door.name,
  network: 'tcp',
  client,
  who: anonymous,
  asked,
})
