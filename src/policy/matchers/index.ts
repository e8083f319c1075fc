/** The table of matchers: what may stand under `traffic:` and `except:`. A matcher exists because a line here lists it. */
import { cidr } from './cidr.ts'
import { client } from './client.ts'
import { host } from './host.ts'
import { inbound } from './inbound.ts'
import type { MatcherKind } from './matcher.ts'
import { network } from './network.ts'
import { port } from './port.ts'

export const matchers = {
  host,
  cidr,
  port,
  network,
  client,
  inbound,
} as const satisfies Record<string, MatcherKind<string | number>>

export type MatcherName = keyof typeof matchers

export const matcherNames = Object.keys(matchers) as readonly MatcherName[]
