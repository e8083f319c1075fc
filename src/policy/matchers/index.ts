/** The table of matchers: what may stand under `traffic:` and `except:`. A matcher exists because a line here lists it. */
import { app } from './app.ts'
import { category } from './category.ts'
import { cidr } from './cidr.ts'
import { client } from './client.ts'
import { during } from './during.ts'
import { group } from './group.ts'
import { host } from './host.ts'
import { inbound } from './inbound.ts'
import type { MatcherKind } from './matcher.ts'
import { network } from './network.ts'
import { port } from './port.ts'
import { user } from './user.ts'

export const matchers = {
  app,
  category,
  host,
  cidr,
  port,
  network,
  user,
  group,
  client,
  inbound,
  during,
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a type of value of its own, which its schema checks
} as const satisfies Record<string, MatcherKind<any>>

export type MatcherName = keyof typeof matchers

export const matcherNames = Object.keys(matchers) as readonly MatcherName[]
