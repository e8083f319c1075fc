/**
 * The record of a flow: what its events say together. A fold that takes the events in any order, since a reader may
 * begin in the middle; it knows nothing of files.
 */
import type { CountryCode } from '../model/country.ts'
import type { Ending, JournalEvent, RecordedApp, RecordedCandidate, RecordedHop, RecordedName } from '../model/event.ts'
import type { Network } from '../model/flow.ts'
import { ANONYMOUS } from '../model/identity.ts'
import { type Certainty, certaintyOf } from '../model/location.ts'
import type { RuledOut } from '../model/reach.ts'
import type { Effect, Mode, Reason, Would } from '../model/verdict.ts'

/**
 * Whether the end of a flow that was let through says that no connection came to be. What was cut on the way there, or
 * has no ending, is another matter.
 */
export const cameToNothing = ({ ending, dialled }: Pick<FlowRecord, 'ending' | 'dialled'>): boolean =>
  dialled === null && ending !== 'open' && ending !== 'interrupted' && ending !== 'blocked' && ending !== 'cut'

/** The events that are about one flow. */
export type FlowEvent = Extract<JournalEvent, { readonly id: string }>

/** What happened to one flow, in one value: a row of every table and export. */
export interface FlowRecord {
  readonly id: string
  /** The number of its `decided` event. */
  readonly seq: number
  /** When it was decided, ISO 8601 UTC. */
  readonly time: string
  readonly node: string
  readonly inbound: string
  readonly network: Network
  readonly client: string
  /** Who logged in, or `anonymous`. */
  readonly user: string
  readonly groups: readonly string[]
  readonly asked: string
  readonly port: number
  readonly names: readonly RecordedName[]
  /** Its first bytes look as if they named their destination, but the name could not be read: it may be any. */
  readonly name_hidden: boolean
  readonly apps: readonly RecordedApp[]
  readonly candidates: readonly RecordedCandidate[]
  /** The upstream proxies that were judged; none where none is set, or no destination was permitted. */
  readonly hops: readonly RecordedHop[]
  readonly mode: Mode
  readonly verdict: Effect
  readonly would: Would
  readonly reasons: readonly Reason[]
  readonly sentence: string
  readonly policy: string
  readonly table: string
  readonly shadow: Readonly<Record<string, Would>>
  /**
   * `blocked` where the verdict was its ending, `open` where none is known yet, `interrupted` where the process that
   * carried the flow died before it could write one.
   */
  readonly ending: Ending | 'blocked' | 'open' | 'interrupted'
  /** A code of `errors.ts`, or `null` for a flow that is open or completed. */
  readonly code: string | null
  readonly message: string | null
  readonly dialled: string | null
  /** The upstream proxy that it was reached through. */
  readonly via: string | null
  readonly connect_ms: number | null
  /** Countries that a source names and that the time of the handshake rules out; `null`: nothing can be said. */
  readonly ruled_out: readonly RuledOut[] | null
  /** The address that the next three speak of: the dialled one, else the first permitted candidate, else the first. */
  readonly address: string | null
  /** Its best guess, for display; never what a fence judged by. */
  readonly country: CountryCode | null
  readonly possible: readonly CountryCode[]
  /** `null` where no address was looked up. */
  readonly certainty: Certainty | null
  /** `null` while it is open. */
  readonly up: number | null
  readonly down: number | null
  /** How many datagrams these bytes were; `null` also of a flow that is a stream. */
  readonly datagrams: { readonly up: number; readonly down: number } | null
  /** Of a flow of datagrams that was refused or failed: how many more came soon after and were dropped; `null`: none is told of. */
  readonly dropped: number | null
  readonly duration_ms: number | null
}

/** The events of one flow that its record is made of: the first `decided`, the last `rejudged`, the first `ended`. */
export interface FlowParts {
  readonly decided?: EventOf<'decided'>
  readonly rejudged?: EventOf<'rejudged'>
  readonly ended?: EventOf<'ended'>
  /** What was dropped after its end. */
  readonly dropped?: number
  /** Another process has begun to write since. */
  readonly interrupted?: true
}

type EventOf<Type extends JournalEvent['type']> = Extract<JournalEvent, { readonly type: Type }>

/** Adds an event; the order in which they are added makes no difference. */
export function withEvent(parts: FlowParts, event: FlowEvent): FlowParts {
  switch (event.type) {
    case 'decided':
      return parts.decided !== undefined && parts.decided.seq <= event.seq ? parts : { ...parts, decided: event }
    case 'rejudged':
      return parts.rejudged !== undefined && parts.rejudged.seq >= event.seq ? parts : { ...parts, rejudged: event }
    case 'ended':
      return parts.ended !== undefined && parts.ended.seq <= event.seq ? parts : { ...parts, ended: event }
    default:
      return event satisfies never
  }
}

/** The record as far as the events go, or `null` without a `decided`. */
export function recordOf(parts: FlowParts): FlowRecord | null {
  const { decided } = parts
  if (decided === undefined) return null
  const judged = parts.rejudged ?? decided
  const end = endOf(parts)
  return {
    id: decided.id,
    seq: decided.seq,
    time: decided.time,
    node: decided.node,
    inbound: decided.inbound,
    network: decided.network,
    client: decided.personal.client,
    // Events of a version that did not know users and apps have none.
    user: decided.personal.user ?? ANONYMOUS,
    groups: decided.personal.groups ?? [],
    asked: decided.personal.asked,
    port: decided.port,
    names: allNames(decided.personal.names, parts.rejudged?.personal.names ?? []),
    name_hidden: judged.name_hidden,
    apps: judged.apps ?? [],
    candidates: decided.candidates,
    hops: decided.hops ?? [],
    mode: judged.mode,
    verdict: judged.verdict,
    would: judged.would,
    reasons: judged.reasons,
    sentence: judged.personal.sentence,
    policy: judged.policy,
    table: decided.table,
    shadow: decided.shadow,
    dropped: parts.dropped ?? null,
    ...end,
    ...placeOf(decided.candidates, end.dialled),
  }
}

type End = Pick<
  FlowRecord,
  'ending' | 'code' | 'message' | 'dialled' | 'via' | 'connect_ms' | 'ruled_out' | 'up' | 'down' | 'datagrams' | 'duration_ms'
>

function endOf({ decided, ended, interrupted }: FlowParts): End {
  const nothing = { message: null, dialled: null, via: null, connect_ms: null, ruled_out: null, datagrams: null, duration_ms: null }
  if (decided?.verdict === 'block') return { ...nothing, ending: 'blocked', code: codeOf(decided.reasons), up: 0, down: 0 }
  if (ended === undefined) return { ...nothing, ending: interrupted ? 'interrupted' : 'open', code: null, up: null, down: null }
  const { ending, code, message, dialled, connect_ms, up, down, duration_ms } = ended
  // Events of a version that did not know them have none.
  const { via = null, ruled_out = null, datagrams = null } = ended
  return { ending, code, message, dialled, via, connect_ms, ruled_out, up, down, datagrams, duration_ms }
}

/** A refusal or an accident has a code of its own; everything else that blocks is the policy. */
const codeOf = (reasons: readonly Reason[]): string =>
  reasons.find((reason) => reason.kind === 'refusal' || reason.kind === 'error')?.code ?? 'policy.blocked'

function placeOf(
  candidates: readonly RecordedCandidate[],
  dialled: string | null,
): Pick<FlowRecord, 'address' | 'country' | 'possible' | 'certainty'> {
  const address = dialled ?? (candidates.find(({ permitted }) => permitted) ?? candidates[0])?.ip ?? null
  // A dialled address that is no candidate keeps its country unknown: another's would be a false statement about it.
  const place = candidates.find(({ ip }) => ip === address)?.judged[0]
  if (place === undefined) return { address, country: null, possible: [], certainty: null }
  return { address, country: place.best, possible: place.possible, certainty: certaintyOf(place) }
}

/** What was learnt later about a name replaces what was known of it before. */
function allNames(first: readonly RecordedName[], later: readonly RecordedName[]): readonly RecordedName[] {
  const byKey = new Map([...first, ...later].map((known) => [`${known.origin} ${known.name}`, known]))
  return [...byKey.values()]
}
