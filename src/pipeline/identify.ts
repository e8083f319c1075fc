/** Who asks, and for what: the facts of a flow that do not depend on an address. */
import type { Ip } from '../model/address.ts'
import type { Facts } from '../model/facts.ts'
import type { Flow, KnownName, Millis } from '../model/flow.ts'
import type { Location } from '../model/location.ts'

/** Facts about the flow as a whole; an address and its place make them `Facts`. */
export type Known = Omit<Facts, 'address' | 'location'>

export function identify(flow: Flow, at: Millis): Known {
  const { host, port } = flow.asked
  // Ringfence itself resolves the asked name and dials what it finds: that proves it.
  const asked: readonly KnownName[] = host.kind === 'name' ? [{ name: host.name, origin: 'asked', provedAt: 'everywhere' }] : []
  return {
    network: flow.network,
    port,
    inbound: flow.inbound,
    client: flow.client.host,
    at,
    names: asked,
    namesFinal: false,
    anyName: false,
  }
}

export const factsAbout = (known: Known, location: Location | undefined): Facts => ({ ...known, address: location?.ip, location })

/** The same facts when no further name can come. */
export const whenNamesEnd = (known: Known): Known => ({ ...known, namesFinal: true })

/** What a look-up of a claimed name found: the addresses where the claim is proved. */
export const proveAt = (name: KnownName, addresses: Iterable<Ip>): KnownName => ({ ...name, provedAt: new Set(addresses) })
