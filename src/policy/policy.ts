/** A policy as the judge reads it: compiled, every value checked. Nobody changes one; whoever wants another makes another. */
import type { Ip } from '../model/address.ts'
import type { CountryCode } from '../model/country.ts'
import type { Millis } from '../model/flow.ts'
import type { Effect, Mode } from '../model/verdict.ts'
import type { LocalNetworkDocument, PolicyDocument } from './document.ts'
import { type MatcherName, matchers } from './matchers/index.ts'
import type { Matcher } from './matchers/matcher.ts'

/** Which part of the traffic: all matchers must match. Empty: all of it. */
export type Selection = readonly { readonly name: MatcherName; readonly matcher: Matcher }[]

export type Territory =
  | { readonly kind: 'never'; readonly countries: ReadonlySet<CountryCode> }
  | { readonly kind: 'only'; readonly countries: ReadonlySet<CountryCode> }
  | { readonly kind: 'anywhere' }

/** What a fence does when it can't be sure where an address is. */
export interface Uncertain {
  readonly disputed: Effect
  readonly unknown: Effect
  readonly anycast: Effect
}

export interface Exception {
  readonly traffic: Selection
  /** Lifts the fence only where a fence `only: <to>` would be satisfied; `null`: lifts every outcome. */
  readonly to: ReadonlySet<CountryCode> | null
  /** The first moment at which it no longer holds, or `null`. */
  readonly endsAt: Millis | null
  readonly reason: string
}

export interface Fence {
  readonly name: string
  readonly traffic: Selection
  readonly territory: Territory
  readonly exceptions: readonly Exception[]
  readonly action: 'block' | 'log'
  readonly uncertain: Uncertain
}

export interface LocalNetwork {
  /** What happens to a connection to this local address. */
  effect(ip: Ip): Effect
  /** The severest effect that any address can have. */
  readonly worst: Effect
  /** In canonical form: compiling it again gives the same. */
  readonly document: LocalNetworkDocument
}

export interface Policy {
  /** The pack's name or the file's path, as it was asked for. */
  readonly name: string
  readonly mode: Mode
  readonly fences: readonly Fence[]
  readonly localNetwork: LocalNetwork
  /** Whether the document itself says `local_network`: required where a door is not on loopback. */
  readonly saysLocalNetwork: boolean
  /** Canonical form (`canonical.ts`): compiling it again gives a policy that judges alike and has the same hash. */
  readonly document: PolicyDocument
  /** SHA-256 of the canonical form, hex. */
  readonly hash: string
}

/** Whether it waits for names that may still be learnt. */
export const readsNames = (selection: Selection): boolean => selection.some(({ name }) => matchers[name].reads === 'names')

/** Whether it says whose traffic or which destination is meant, and not only of what kind the traffic is. */
export const identifies = (selection: Selection): boolean => selection.some(({ name }) => matchers[name].identifies)

/** Exceptions that have ended by `at`, each as a sentence: nobody should search for hours why one no longer holds. */
export const endedExceptions = (policy: Policy, at: Millis): readonly string[] =>
  policy.fences.flatMap(({ name, exceptions }) =>
    exceptions.flatMap(({ endsAt, reason }) =>
      endsAt !== null && endsAt <= at
        ? [`an exception of fence "${name}" ("${reason}") ended on ${new Date(endsAt - 1).toISOString().slice(0, 10)}`]
        : [],
    ),
  )

/** Names of doors that fences read, for a check against the settings. */
export const inboundsRead = (policy: Policy): readonly string[] =>
  policy.fences.flatMap(({ traffic, exceptions }) =>
    [traffic, ...exceptions.map((e) => e.traffic)].flatMap((selection) =>
      selection.filter(({ name }) => name === 'inbound').flatMap(({ matcher }) => matcher.document.map(String)),
    ),
  )
