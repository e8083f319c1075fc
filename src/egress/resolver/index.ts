/** The kinds of resolver, each by its name in `resolver.servers`. */

import type { ResolverServer } from '../resolver-server.ts'
import type { NameServer, NameServers } from './answer.ts'
import { createHttps } from './https.ts'
import type { StubSettings } from './stub.ts'
import { createSystem } from './system.ts'
import { createTcp } from './tcp.ts'
import { createTls } from './tls.ts'
import { createUdp } from './udp.ts'

export interface ResolverSettings extends StubSettings {
  readonly hostsPath: string
  /** The servers of this machine now, in the form of `dns.getServers`. */
  readonly systemServers: () => readonly string[]
  readonly retryMs: number
  /** PEM certificates to trust instead of Node's roots, or `null`. */
  readonly ca: readonly string[] | null
}

type ResolverKinds = {
  readonly [Kind in ResolverServer['kind']]: (
    server: Extract<ResolverServer, { kind: Kind }>,
    settings: ResolverSettings,
  ) => Kind extends 'system' ? NameServers : NameServer
}

export const resolverKinds = {
  system: createSystem,
  udp: createUdp,
  tcp: createTcp,
  tls: createTls,
  https: createHttps,
} satisfies ResolverKinds
