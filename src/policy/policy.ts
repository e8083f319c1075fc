/** A policy as the judge reads it: compiled, every value checked. Nobody changes one; whoever wants another makes another. */
import type { Ip } from '../model/address.ts'
import type { CountryCode } from '../model/country.ts'
import type { Problem } from '../model/errors.ts'
import type { Millis } from '../model/flow.ts'
import type { Axis, Effect, Mode } from '../model/verdict.ts'
import type { LocalNetworkDocument, PolicyDocument } from './document.ts'
import type { MatcherName } from './matchers/index.ts'
import { leavesOf, type Selection } from './selection.ts'
import type { PolicyTest } from './suite.ts'

/** `words`: as it was written, groups and all, for people; the countries are what is judged by. */
export type Territory =
  | { readonly kind: 'never'; readonly countries: ReadonlySet<CountryCode>; readonly words: readonly string[] }
  | { readonly kind: 'only'; readonly countries: ReadonlySet<CountryCode>; readonly words: readonly string[] }
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

/** Where a fence was written. */
export interface FenceOrigin {
  /** The pack's or file's name, as it was asked for. */
  readonly policy: string
  readonly file: string
  readonly line: number
}

export interface Fence {
  readonly name: string
  readonly traffic: Selection
  readonly territory: Territory
  /** Of which of an address' countries it speaks. */
  readonly axes: readonly Axis[]
  readonly exceptions: readonly Exception[]
  readonly action: 'block' | 'log'
  readonly uncertain: Uncertain
  /** Carried into its sentences, or `null`. */
  readonly note: string | null
  /** A fence that is off is kept and shown, and judges nothing. */
  readonly enabled: boolean
  /** A parameter left empty what it is over: it is over nothing, and can't be turned on. */
  readonly empty: boolean
  /** No overlay may turn it on or off. */
  readonly locked: boolean
  readonly origin: FenceOrigin
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
  /** Those that judge. */
  readonly fences: readonly Fence[]
  /** Those that are turned off. */
  readonly off: readonly Fence[]
  readonly localNetwork: LocalNetwork
  /** Whether the document itself says `local_network`: required where a door is not on loopback. */
  readonly saysLocalNetwork: boolean
  /** From the document itself; those of the policies that it extends are theirs. */
  readonly tests: readonly PolicyTest[]
  /** What compiles and is most likely not meant, each with its place. */
  readonly warnings: readonly Problem[]
  /** Every file that it was read from, itself first. */
  readonly files: readonly string[]
  /** Canonical form (`canonical.ts`): compiling it again gives a policy that judges alike and has the same hash. */
  readonly document: PolicyDocument
  /** SHA-256 of the canonical form, hex. */
  readonly hash: string
}

/** Everything that selects traffic in a fence: its own selection and those of its exceptions. */
export const selectionsOf = ({ traffic, exceptions }: Fence): readonly Selection[] => [traffic, ...exceptions.map((each) => each.traffic)]

/** The values of one key anywhere in a policy, as text, for a check against the settings. */
export const valuesRead = ({ fences, off }: Policy, name: MatcherName): readonly string[] =>
  [...fences, ...off].flatMap((fence) =>
    selectionsOf(fence).flatMap((selection) =>
      leavesOf(selection)
        .filter((term) => term.name === name)
        .flatMap(({ matcher }) => matcher.document.map(String)),
    ),
  )
