/** Who asks, and for what: the facts of a flow that do not depend on an address. */
import type { Ip } from '../model/address.ts'
import { type AppCatalogue, appsAt, appsNamed, type KnownApp } from '../model/app.ts'
import type { Facts } from '../model/facts.ts'
import type { Flow, KnownName, Millis } from '../model/flow.ts'
import type { Location } from '../model/location.ts'

/** Facts about the flow as a whole; an address and its place make them `Facts`. */
export interface Known extends Omit<Facts, 'address' | 'location' | 'apps' | 'given'> {
  readonly catalogue: AppCatalogue
  /** Apps that the names belong to. */
  readonly namedApps: readonly KnownApp[]
  /** A name that led this client there a moment ago: recorded, and nothing goes by it, for the client did not say it. */
  readonly recalled: readonly KnownName[]
}

export function identify(flow: Flow, at: Millis, catalogue: AppCatalogue): Known {
  const { host, port } = flow.asked
  // Ringfence itself resolves the asked name and dials what it finds: that proves it.
  const asked: readonly KnownName[] = host.kind === 'name' ? [{ name: host.name, origin: 'asked', provedAt: 'everywhere' }] : []
  return {
    network: flow.network,
    port,
    inbound: flow.inbound,
    client: flow.client.host,
    who: flow.who,
    at,
    names: asked,
    namedApps: appsNamed(asked, catalogue),
    recalled: [],
    catalogue,
    namesFinal: false,
    anyName: false,
  }
}

/** Written out: made several times for each flow, and a spread of so many costs ten times as much. */
export function factsAbout(known: Known, location: Location | undefined): Facts {
  const { namedApps, catalogue } = known
  const published = location === undefined ? [] : appsAt(location.ip, catalogue)
  return {
    network: known.network,
    port: known.port,
    inbound: known.inbound,
    client: known.client,
    who: known.who,
    at: known.at,
    names: known.names,
    namesFinal: known.namesFinal,
    anyName: known.anyName,
    apps: published.length === 0 ? namedApps : [...namedApps, ...published],
    address: location?.ip,
    location,
  }
}

/** The same flow with other names. */
export const withNames = (known: Known, names: readonly KnownName[]): Known => ({
  ...known,
  names,
  namedApps: appsNamed(names, known.catalogue),
})

/** The same facts when no further name can come. */
export const whenNamesEnd = (known: Known): Known => (known.namesFinal ? known : { ...known, namesFinal: true })

/** What a look-up of a claimed name found: the addresses where the claim is proved. */
export const proveAt = (name: KnownName, addresses: Iterable<Ip>): KnownName => ({ ...name, provedAt: new Set(addresses) })
