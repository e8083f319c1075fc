/**
 * The lines of the journal (DESIGN.md §7), schema version 1. One event each; a flow's record is the fold of the
 * events that carry its id. What can identify a person (client, names, the sentence that repeats them) stands in
 * `personal` beside a random `salt`, so that it can be erased later without breaking a hash chain over the rest.
 */
import type { AppOrigin } from './app.ts'
import type { CountryCode } from './country.ts'
import type { NameOrigin, Network } from './flow.ts'
import type { SourceInfo } from './location.ts'
import type { RuledOut } from './reach.ts'
import type { Scope } from './scope.ts'
import type { Effect, FenceOutcome, Mode, Reason, RefusalCode, Would } from './verdict.ts'

export interface EventHead {
  readonly v: 1
  /** Counts every event of this journal from 1, without gaps. */
  readonly seq: number
  /** ISO 8601, UTC, milliseconds. */
  readonly time: string
  readonly node: string
}

export interface RecordedName {
  readonly name: string
  readonly origin: NameOrigin
  /** Whether Ringfence's own look-up of the name contains an address of the flow; `null`: not looked up, or in vain. */
  readonly proved: boolean | null
}

export interface RecordedApp {
  readonly app: string
  /** Home of the group behind it; `null`: not listed. */
  readonly home: CountryCode | null
  readonly origin: AppOrigin
  /** As of a name. A `port` proves nothing, and no fence goes by it. */
  readonly proved: boolean | null
}

export interface RecordedPlace {
  readonly ip: string
  readonly scope: Scope
  /** Source name → its own answer; `null` where it has none. */
  readonly answers: Readonly<Record<string, CountryCode | null>>
  /** Authorities among them that spoke outside their publisher's networks: not counted. */
  readonly disowned: readonly string[]
  readonly possible: readonly CountryCode[]
  readonly best: CountryCode | null
  /** Where the block is registered. */
  readonly registry: CountryCode | null
  readonly anycast: boolean
  /** Who announces the address, and the home of the firm behind it where the curated list knows it. */
  readonly network: { readonly asn: number; readonly name: string; readonly home: CountryCode | null } | null
}

export interface RecordedCandidate {
  readonly ip: string
  /** One for a plain address; for embedded forms each address that was judged. */
  readonly judged: readonly RecordedPlace[]
  readonly fences: readonly FenceOutcome[]
  readonly effect: Effect
  readonly refusal: RefusalCode | null
  readonly permitted: boolean
}

/** An upstream proxy, judged as a destination is. */
export interface RecordedHop extends RecordedCandidate {
  readonly port: number
}

/** What is judged of a flow, in `decided` and again in `rejudged`. */
interface Judged {
  readonly id: string
  readonly mode: Mode
  readonly verdict: Effect
  readonly would: Would
  readonly reasons: readonly Reason[]
  /** SHA-256 of the policy, hex. */
  readonly policy: string
  /** The client's first bytes looked as if they named their destination, but the name could not be read. */
  readonly name_hidden: boolean
  /** What the flow was told to belong to. */
  readonly apps: readonly RecordedApp[]
}

/** Written before the client is answered. One whose verdict is `block` is its own ending. */
export interface Decided extends Judged {
  readonly type: 'decided'
  readonly inbound: string
  readonly network: Network
  readonly port: number
  readonly candidates: readonly RecordedCandidate[]
  /** The upstream proxies; left out where none is set, or none was asked about since no destination was permitted. */
  readonly hops?: readonly RecordedHop[]
  /** SHA-256 of the location table's inputs, hex. */
  readonly table: string
  /** What every other shipped policy would have done, by its name. */
  readonly shadow: Readonly<Record<string, Would>>
  readonly personal: {
    readonly salt: string
    readonly client: string
    /** Who logged in, or `anonymous`; the groups are also those of the client's network. */
    readonly user: string
    readonly groups: readonly string[]
    readonly asked: string
    readonly names: readonly RecordedName[]
    readonly sentence: string
  }
}

/** The flow was judged again: a name was learnt in passing, or the policy changed, or a schedule or exception turned. */
export interface Rejudged extends Judged {
  readonly type: 'rejudged'
  readonly personal: { readonly salt: string; readonly names: readonly RecordedName[]; readonly sentence: string }
}

export type Ending = 'completed' | 'failed' | 'reset' | 'idle' | 'cut' | 'client-gone' | 'malformed' | 'shutdown'

export interface Ended {
  readonly type: 'ended'
  readonly id: string
  readonly ending: Ending
  /** A code of `errors.ts`, or `null` for a flow that completed. */
  readonly code: string | null
  readonly message: string | null
  /** The address that was connected to, or `null`. */
  readonly dialled: string | null
  /** The upstream proxy that it was reached through, with its port; `null`: none. */
  readonly via: string | null
  /** Duration of the TCP handshake with `dialled`, or with `via`, milliseconds. */
  readonly connect_ms: number | null
  /** Countries that a source names and where the server cannot be, for it answered too soon; `null`: not measured, or no vantage is set. */
  readonly ruled_out: readonly RuledOut[] | null
  /** Bytes taken from the client for the destination, and from the destination for the client. */
  readonly up: number
  readonly down: number
  /** How many datagrams these bytes were; left out of a flow that is a stream. */
  readonly datagrams?: { readonly up: number; readonly down: number }
  readonly duration_ms: number
}

/** What came for a destination in the minute after it was refused, dropped without a further verdict; written after the flow's ending. */
export interface Dropped {
  readonly type: 'dropped'
  /** The one that was refused. */
  readonly flow: string
  readonly datagrams: number
}

/** A process begins to write: flows of an earlier one that have no ending were interrupted. */
export interface Started {
  readonly type: 'started'
  /** Of the program. */
  readonly version: string
}

export interface PolicyLoaded {
  readonly type: 'policy'
  readonly name: string
  readonly hash: string
  readonly mode: Mode
}

/** A policy that was to take the place of the one in force, and did not. */
export interface PolicyRefused {
  readonly type: 'policy-refused'
  readonly name: string
  /** Why, in the words in which its operator was told. */
  readonly message: string
}

/** A fence was turned on or off for a time, beside what the policy says. */
export interface OverlaySet {
  readonly type: 'overlay'
  readonly fence: string
  /** `null`: what was set is over, and the policy's own word holds. */
  readonly enabled: boolean | null
  /** ISO 8601, UTC; `null` where it is over. */
  readonly until: string | null
  readonly reason: string
}

export interface TableLoaded {
  readonly type: 'table'
  readonly hash: string
  readonly sources: readonly SourceInfo[]
}

export type EventBody = Started | Decided | Rejudged | Ended | Dropped | PolicyLoaded | PolicyRefused | OverlaySet | TableLoaded

export type JournalEvent = EventHead & EventBody
