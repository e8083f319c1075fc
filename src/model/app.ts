/** Applications of the catalogue, and how one is told from a flow. */
import type { Ip } from './address.ts'
import type { KnownName, NameOrigin, Network } from './flow.ts'
import type { Hostname } from './hostname.ts'
import type { Company } from './location.ts'

export interface App {
  /** The word in policies and records: `zoom`. */
  readonly id: string
  /** As shown to people: "Zoom". */
  readonly name: string
  readonly categories: readonly string[]
  /** The group behind it, and that group's home; `null` where the curated list does not say. */
  readonly company: Company | null
}

/**
 * By what an app was told: a name of the flow (by where that was learnt), the vendor's published `range` that holds the
 * address, or the `port` that its manual names, which alone never decides anything.
 */
export type AppOrigin = NameOrigin | 'range' | 'port'

/** `provedAt` as of a name (`KnownName`): suspicion convicts, proof acquits. */
export interface KnownApp {
  readonly app: App
  readonly origin: AppOrigin
  /** The name that it was told by, or `null`. */
  readonly name: Hostname | null
  readonly provedAt: 'everywhere' | ReadonlySet<Ip> | null
}

/** What is known about applications. Each look-up is pure, total, and fast enough for every flow. */
export interface AppCatalogue {
  /** By id, in the order of the file. */
  readonly apps: ReadonlyMap<string, App>
  /** Those that a name belongs to. Several share some names. */
  named(name: Hostname): readonly App[]
  /** Those whose vendor publishes a range that holds the address. */
  at(ip: Ip): readonly App[]
  /** Those whose manual names the port; of ports that everybody uses (80, 443), none. */
  onPort(network: Network, port: number): readonly App[]
}

/** The apps that these names stand for, proved as far as the names are. */
export const appsNamed = (names: readonly KnownName[], catalogue: AppCatalogue): readonly KnownApp[] =>
  names.flatMap(({ name, origin, provedAt }) => catalogue.named(name).map((app) => ({ app, origin, name, provedAt })))

/** The apps whose vendor lists the address: that proves them, for this address. */
export const appsAt = (ip: Ip, catalogue: AppCatalogue): readonly KnownApp[] =>
  catalogue.at(ip).map((app) => ({ app, origin: 'range', name: null, provedAt: 'everywhere' }))

/** For whoever has none: it knows no app. */
export const noApps: AppCatalogue = { apps: new Map(), named: () => [], at: () => [], onPort: () => [] }
