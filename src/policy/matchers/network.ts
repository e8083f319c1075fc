/** `network`: the transport, `tcp`, `udp` or `other`. */
import { z } from 'zod'
import type { Network } from '../../model/flow.ts'
import { certain, type MatcherKind } from './matcher.ts'

export const network: MatcherKind<Network> = {
  item: z.enum(['tcp', 'udp', 'other']),
  says: 'tcp, udp or other',
  identifies: false,
  reads: 'flow',
  compile: (items) => certain(items, (facts) => items.includes(facts.network)),
}
