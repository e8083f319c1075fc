/** `inbound`: the door through which the flow came, by its name in the settings. */
import { z } from 'zod'
import { certain, type MatcherKind } from './matcher.ts'

export const inbound: MatcherKind<string> = {
  item: z.string().min(1),
  says: 'the name of a door',
  identifies: false,
  reads: 'flow',
  compile: (items) => certain(items, (facts) => items.includes(facts.inbound)),
}
