/** Verdicts and the reasons that they always carry. Values: a refusal by policy is never thrown. */
import type { Endpoint, Ip } from './address.ts'
import type { KnownApp } from './app.ts'
import type { Brand, NonEmpty } from './brand.ts'
import type { Location } from './location.ts'

/** What a fence does to a flow, mildest first. `log` is shown as *flagged*. */
export type Effect = 'allow' | 'log' | 'block'

export type Mode = 'observe' | 'enforce'

const severity: Readonly<Record<Effect, number>> = { allow: 0, log: 1, block: 2 }

export const severest = (a: Effect, b: Effect): Effect => (severity[a] >= severity[b] ? a : b)
export const mildest = (a: Effect, b: Effect): Effect => (severity[a] <= severity[b] ? a : b)

/**
 * How a fence stands to one address. `not-applied`: its traffic does not match, and no judgement tells of it; `excepted`:
 * an exception lifts it; `open`: what would decide it is not known yet.
 */
export type Outcome = 'not-applied' | 'excepted' | 'open' | 'satisfied' | 'violated' | 'disputed' | 'unknown' | 'anycast' | 'unlocated'

/** Which of an address' countries a fence speaks of (DESIGN.md §1). */
export type Axis = 'server' | 'registry' | 'network' | 'company'

export interface FenceOutcome {
  readonly fence: string
  readonly outcome: Outcome
  /** The axis of `country_of` that gave it, where that is another than `server`. */
  readonly axis?: Exclude<Axis, 'server'>
  readonly effect: Effect
}

/** Refusals that hold in every mode: they protect the machine, not a territory. Codes of `errors.ts`. */
export type RefusalCode = 'refuse.local-answer' | 'refuse.cloud-metadata' | 'refuse.own-door' | 'refuse.unspecified' | 'refuse.denied-port'

/** An address that may be dialled. Made by `decide` alone, eaten by `dial`: no other code can name a destination. */
export type PinnedEndpoint = Brand<Endpoint<Ip>, 'Pinned'>

/** One address of a destination, judged. */
export interface Candidate {
  /** The address as it would be dialled. */
  readonly ip: Ip
  /** The addresses that stand for it in judgement (`judgedAddresses`), located. */
  readonly locations: NonEmpty<Location>
  /** Apps that the flow's names or this address belong to. */
  readonly apps: readonly KnownApp[]
  readonly fences: readonly FenceOutcome[]
  /** What `local_network` says of it; `null` where no address that stands for it is local. */
  readonly localNetwork: Effect | null
  readonly effect: Effect
  /** Refused whatever the policy says, or `null`. */
  readonly refusal: RefusalCode | null
  readonly permitted: boolean
}

/** What enforcing does, or would do while observing. `steer`: some addresses are left out, others reached. */
export type Would = 'allow' | 'log' | 'steer' | 'block'

/** Why a flow was judged as it was, told apart by `kind`. `hop`: of this upstream proxy, and not of the destination. */
export type Reason =
  | {
      readonly kind: 'fence'
      readonly fence: string
      readonly outcome: Outcome
      readonly effect: Effect
      readonly ip: Ip | null
      readonly hop?: string
    }
  | { readonly kind: 'refusal'; readonly code: RefusalCode; readonly ip: Ip | null; readonly hop?: string }
  | { readonly kind: 'local-network'; readonly effect: Effect; readonly ip: Ip; readonly hop?: string }
  | { readonly kind: 'error'; readonly code: string; readonly message: string }

export interface Verdict {
  readonly kind: Effect
  readonly mode: Mode
  readonly would: Would
  readonly reasons: readonly Reason[]
}

/** An upstream proxy, judged as the destinations are that lie behind it. */
export interface JudgedHop extends Candidate {
  readonly port: number
}

/** The upstream proxies of a flow whose destination was permitted by itself. */
export interface Way {
  readonly hops: NonEmpty<JudgedHop>
  /** On the hops alone; the decision's is the severer of both. */
  readonly verdict: Verdict
  /** On the destination alone. */
  readonly destination: Verdict
}

/** The outcome of `decide`: what to dial, in order, or nothing. */
export type Decision =
  | {
      readonly kind: 'dial'
      readonly verdict: Verdict
      readonly pinned: NonEmpty<PinnedEndpoint>
      readonly candidates: readonly Candidate[]
      /** The hops to go through, in the order of the settings; `null`: no upstream is set. */
      readonly via: NonEmpty<PinnedEndpoint> | null
      readonly way?: Way
    }
  | { readonly kind: 'refuse'; readonly verdict: Verdict; readonly candidates: readonly Candidate[]; readonly way?: Way }
