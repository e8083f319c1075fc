/** `user`: the name that was logged in with at the door; `anonymous` where nobody logged in, which proves nothing of anybody. */
import { z } from 'zod'
import { ANONYMOUS } from '../../model/identity.ts'
import { certain, type MatcherKind } from './matcher.ts'

export const user: MatcherKind<string> = {
  item: z.string().min(1),
  says: 'the name of a user',
  identifies: true,
  reads: 'flow',
  compile: (items) => ({
    ...certain(items, ({ who }) => items.includes(who.name)),
    proved: ({ who }) => (who.name !== ANONYMOUS && items.includes(who.name) ? 'yes' : 'no'),
  }),
}
