/** A flow: one TCP connection, UDP session, or HTTP request on a kept-alive proxy connection. What is true from its first moment. */
import type { Endpoint, Ip } from './address.ts'
import type { Brand } from './brand.ts'
import type { Host, Hostname } from './hostname.ts'
import type { Identity } from './identity.ts'

/** Time since 1970-01-01T00:00Z in milliseconds. */
export type Millis = number

export type FlowId = Brand<string, 'FlowId'>

export type Network = 'tcp' | 'udp' | 'other'

export interface Flow {
  readonly id: FlowId
  readonly openedAt: Millis
  /** The name of the door: what stands under `name:` (or, without one, `type:`) in the settings. */
  readonly inbound: string
  readonly network: Network
  readonly client: Endpoint<Ip>
  readonly who: Identity
  /** What the client asked for, canonical, before any look-up. */
  readonly asked: Endpoint<Host>
}

/**
 * Where a name was learnt. `asked`: from the request itself; `sni` and `http-host`: claimed in what the client sent
 * afterwards; `dns`: the same client asked for it before and was led to this address, which is recorded, and no
 * fence goes by it.
 */
export type NameOrigin = 'asked' | 'sni' | 'http-host' | 'dns'

/**
 * A name of the flow's destination. A claimed name can make a fence apply (suspicion convicts); it opens an exception
 * only for addresses where it is proved (proof acquits): `everywhere` when Ringfence itself resolved it to dial it,
 * else the addresses that Ringfence's own look-up of the name contains; `null` where it was not looked up, or in vain.
 */
export interface KnownName {
  readonly name: Hostname
  readonly origin: NameOrigin
  readonly provedAt: 'everywhere' | ReadonlySet<Ip> | null
}
