/** `group`: groups of the user who logged in, and of the client's network. */
import { z } from 'zod'
import { certain, type MatcherKind } from './matcher.ts'

export const group: MatcherKind<string> = {
  item: z.string().min(1),
  says: 'the name of a group of users',
  identifies: true,
  reads: 'flow',
  compile: (items) => certain(items, ({ who }) => items.some((item) => who.groups.includes(item))),
}
