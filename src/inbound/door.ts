/** What every door is given: how to offer a flow to the road, and the limits of its patience. */

import type { Endpoint, Ip } from '../model/address.ts'
import type { Flow, FlowId, Network } from '../model/flow.ts'
import type { Host } from '../model/hostname.ts'
import type { Identity } from '../model/identity.ts'
import type { Stop } from '../model/stop.ts'
import type { ByteStream } from '../pipeline/byte-stream.ts'
import type { Deadline } from '../pipeline/deadline.ts'
import type { Clock, DatagramUpstream, Offer } from '../pipeline/ports.ts'
import type { RelayLimits } from '../pipeline/relay.ts'
import type { Lost } from './association.ts'
import type { Associations } from './associations.ts'
import type { MistakeKind } from './mistakes.ts'

export interface DoorLimits {
  /** Largest request or response head, bytes. */
  readonly headBytes: number
  /** Time for a whole handshake or request head, milliseconds: total, not between bytes (slowloris). */
  readonly headMs: number
  readonly relay: RelayLimits
}

/** Nothing was checked: too many logins of this client, or by this name, have failed of late. */
export interface TooManyFailures {
  readonly retryAfterMs: number
}

/** Those who may use a door by name and password. */
export interface Login {
  /**
   * `null`: there is no such user, or this is not the password. Throws the signal's reason where it fires first: checks
   * are costly, and wait for each other, those of each client (`from`) in turn.
   */
  authenticate(name: string, password: string, from: Ip, signal: AbortSignal): Promise<Identity | TooManyFailures | null>
  has(name: string): boolean
}

export interface Door {
  /** `name:` in the settings, or the type. */
  readonly name: string
  readonly limits: DoorLimits
  readonly clock: Clock
  /** What Via calls this process (RFC 9110 §7.6.3), so that it knows what comes round again. */
  readonly via: string
  /** Fires when the door stops: connections that rest are closed at once, the others have their grace. */
  readonly stopping: Stop
  /** What the licences of the location sources want shown where results are. */
  readonly attributions: readonly string[]
  /** Whoever uses the door must log in; `null`: nobody is asked to. */
  readonly login: Login | null
  /** What a client belongs to by its network. */
  groupsOf(client: Ip): readonly string[]
  /** Whether there is memory for one more request on a connection that is in; one that is told no has been counted. */
  hasRoom(): boolean
  nextId(): FlowId
  /** Takes the flow over until its ending; never rejects. */
  carry(offer: Offer): Promise<void>
  /** The same for a flow of datagrams. */
  carryDatagrams(offer: Offer<DatagramUpstream>): Promise<void>
  /** What the associations of its clients share. */
  readonly associations: Associations
  /** Datagrams of one association that were not passed on, told when it is over: counted and logged. */
  datagramsLost(client: Endpoint<Ip>, lost: Lost): void
  /** A client that sent nonsense: counted and logged, never a flow. */
  malformed(client: Endpoint<Ip>, why: string, kind?: MistakeKind): void
  /** A login that failed: logged, never a flow. `user`: the name, where it is that of a user. */
  loginFailed(client: Endpoint<Ip>, user: string | null): void
}

/** One accepted connection and who is at its other end. */
export interface Visitor {
  readonly stream: ByteStream
  readonly client: Endpoint<Ip>
  /** Who it is by the certificate that it showed; `null`: it showed none. */
  readonly shown: Identity | null
  /** For all that comes before its first request is understood, from when it was accepted; whoever has understood it clears it. */
  readonly inTime: Deadline
}

/** A visitor of whom the door knows all that it will. */
export interface Guest extends Pick<Visitor, 'stream' | 'client'> {
  readonly who: Identity
}

export const newFlow = (
  door: Pick<Door, 'name' | 'clock' | 'nextId'>,
  { client, who }: Pick<Guest, 'client' | 'who'>,
  asked: Endpoint<Host>,
  network: Network = 'tcp',
): Flow => ({
  id: door.nextId(),
  openedAt: door.clock.now(),
  inbound: door.name,
  network,
  client,
  who,
  asked,
})
