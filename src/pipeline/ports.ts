/**
 * What the road asks of the world. Each interface belongs to the road, its reader; the rooms around implement it, and
 * `app.ts` hands the implementations in.
 */
import type { Endpoint, Ip } from '../model/address.ts'
import type { AppCatalogue } from '../model/app.ts'
import type { NonEmpty } from '../model/brand.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { Ending, EventBody } from '../model/event.ts'
import type { Flow, Millis } from '../model/flow.ts'
import type { Hostname } from '../model/hostname.ts'
import type { Location } from '../model/location.ts'
import type { RuledOut } from '../model/reach.ts'
import type { Stop } from '../model/stop.ts'
import type { PinnedEndpoint } from '../model/verdict.ts'
import type { Policy } from '../policy/policy.ts'
import type { ByteStream } from './byte-stream.ts'
import type { LiveFlow } from './live-flows.ts'
import type { RecentAnswers } from './recent-answers.ts'
import type { RefusalSettings } from './refusals.ts'
import type { DatagramPort } from './relay-datagrams.ts'

export interface Resolver {
  /**
   * All addresses of a name, each once, in the order in which RFC 8305 §4 would try them.
   * Throws RingfenceError `resolve.*`; never returns an empty list.
   */
  resolve(name: Hostname, signal: AbortSignal): Promise<NonEmpty<Ip>>
}

export interface Locator {
  /** Never throws; an address that no source knows has no possible countries. */
  locate(ip: Ip): Location
  /** SHA-256 of the table's inputs, hex; `none` where there is no table to ask. */
  readonly hash: string
}

/** An address that was judged, and that is now spoken with. */
export interface Reached {
  readonly remote: Endpoint<Ip>
  /** The upstream proxy that leads there, or `null`. */
  readonly via: Endpoint<Ip> | null
  /** Duration of the TCP handshake with `remote`, or with `via`, milliseconds; `null` where there was none. */
  readonly connectMs: number | null
}

/** A connection to an address that was judged. */
export interface Upstream extends Reached {
  readonly stream: ByteStream
}

/** A UDP session with an address that was judged, from which alone its datagrams come. */
export interface DatagramUpstream extends Reached {
  readonly datagrams: DatagramPort
}

/** `U`: how what was dialled is spoken with, a stream or datagrams. The road is the same for both. */
export interface Dialer<U extends Reached = Upstream> {
  /**
   * Races among the given endpoints only (RFC 8305 §5), through one of the given hops where there are any. Throws
   * RingfenceError `dial.*`, naming every address tried, or `upstream.*`.
   */
  dial(to: NonEmpty<PinnedEndpoint>, stop: Stop, via: NonEmpty<PinnedEndpoint> | null): Promise<U>
}

/** What round-trip times say of places. Recorded and shown, never a verdict: a blocked flow is never dialled, so none could acquit it. */
export interface Reach {
  /** Countries that the sources name for the address and where it cannot be, for it answered too soon; `null`: nothing can be said. */
  ruledOut(location: Location, connectMs: number): readonly RuledOut[] | null
}

export interface FlowWriter {
  /** Resolves when the event would survive the death of this process. Throws RingfenceError `record.failed`. */
  append(event: EventBody): Promise<void>
}

export interface Clock {
  now(): Millis
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonic(): number
}

/** Bytes that were passed on so far, counted by whoever moves them. */
export interface Meter {
  up: number
  down: number
  /** Of a flow of datagrams, how many these were. */
  readonly datagrams?: { up: number; down: number }
}

/** How the bytes of a flow stopped moving. */
export interface HowEnded {
  readonly ending: Ending
  readonly code: ErrorCode | null
  readonly message: string | null
}

/** Why a door must say no: by policy, or since something failed. */
export interface Refusal {
  readonly code: ErrorCode
  /** One plain sentence for the person at the other end. */
  readonly sentence: string
}

/** One flow, as its door offers it to the road. The door knows the protocol; the road knows the policy. */
export interface Offer<U extends Reached = Upstream> {
  readonly flow: Flow
  /** Fires when the client is gone: a pending look-up or dial is given up. */
  readonly gone: Stop
  /** The client's first bytes after the grant, or `null` where the request already says everything (an HTTP request). */
  readonly firstBytes: FirstBytes | null
  /** Tells the client to go on. Idempotent. `upstream`: what was reached, where the grant came after the dial. */
  grant(upstream?: U): void
  /** Says no in the door's own dialect; after the grant, a reset. Idempotent, never throws. */
  refuse(refusal: Refusal): void
  /** Moves bytes until the flow ends, counting them. On abort, both sides are reset and the flow is `cut`. Rejects only for a fault of our own. */
  relay(upstream: U, meter: Meter, cut: Stop): Promise<HowEnded>
}

export interface FirstBytes {
  /** Shows each piece to `see` as it comes, until that says enough, the time is over or the client ended; all stay unread. Resolves with which. */
  hold(see: (fresh: Uint8Array) => boolean, milliseconds: number): Promise<'enough' | 'time' | 'ended'>
  /** Shows each piece as it passes, from the first byte on, until `see` says enough; `ended` if the client ended before. A piece is valid only during the call. */
  watch(see: (fresh: Uint8Array) => boolean, ended: () => void): void
}

/** Those under way, for whoever must judge them again. */
export interface LiveSet {
  add(flow: LiveFlow): void
  delete(flow: LiveFlow): void
}

/** All that the road needs of the world, composed by `app.ts`. */
export interface Road<U extends Reached = Upstream> {
  /** What a flow is judged by when it comes; those that are live are judged again when another takes its place. */
  readonly policies: { readonly current: Policy }
  readonly live: LiveSet
  /** Other policies, counted in the shadow: recorded, never acted upon. */
  readonly shadows: readonly Policy[]
  readonly refusals: RefusalSettings
  readonly apps: AppCatalogue
  readonly answers: RecentAnswers
  readonly resolver: Resolver
  /** The upstream proxies, in the order in which they are tried. Empty: destinations are dialled themselves. */
  readonly hops: readonly Endpoint<Ip>[]
  /** Read once per flow: new data changes what later flows see. */
  readonly tables: { readonly current: Locator }
  readonly dialer: Dialer<U>
  readonly reach: Reach
  readonly writer: FlowWriter
  readonly clock: Clock
  readonly dialMs: number
  /** Is told of failures that are our own fault, with their stack. */
  report(bug: Error): void
}
