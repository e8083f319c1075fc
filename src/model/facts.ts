/**
 * Everything that a fence may read about one address of one flow. `undefined` means not asked yet: the judge answers
 * with what is certain already, and a later fact may only narrow that answer, never turn it.
 */
import type { Ip } from './address.ts'
import type { KnownApp } from './app.ts'
import type { CountryCode } from './country.ts'
import type { KnownName, Millis, Network } from './flow.ts'
import type { Identity } from './identity.ts'
import type { Location } from './location.ts'

export interface Facts {
  readonly network: Network
  readonly port: number
  readonly inbound: string
  readonly client: Ip
  readonly who: Identity
  /** The moment of judgement: exceptions end by it, schedules turn. `undefined` only in tests of a policy that name none. */
  readonly at: Millis | undefined
  readonly names: readonly KnownName[]
  /** Whether no further name can come: the first bytes were read, or the request already said everything. */
  readonly namesFinal: boolean
  /** Whether the client's first bytes hide the name that they are for, so that it may be any (suspicion convicts). */
  readonly anyName: boolean
  /** Apps that the names so far and, once it is known, the address belong to. */
  readonly apps: readonly KnownApp[]
  /** The address as judged (embedded IPv4 taken out), and its place. `undefined` before resolution. */
  readonly address: Ip | undefined
  readonly location: Location | undefined
  /** Only in tests of a policy, which may dispute what data has one word for: in place of what the location says. */
  readonly given?: { readonly registry: readonly CountryCode[]; readonly network: readonly CountryCode[] }
}
