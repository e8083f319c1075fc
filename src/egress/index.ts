/** The kinds of resolver, each by its name in `resolver.servers`. */
import type { NameServer } from './answer.ts'
import type { ResolverServer } from './resolver-server.ts'
import { createSystem, type SystemSettings } from './system.ts'
import { createUdp } from './udp.ts'

export type ResolverSettings = SystemSettings

type ResolverKinds = {
  readonly [Kind in ResolverServer['kind']]: (server: Extract<ResolverServer, { kind: Kind }>, settings: ResolverSettings) => NameServer
}

export const resolverKinds = { system: createSystem, udp: createUdp } satisfies ResolverKinds
