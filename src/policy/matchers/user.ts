/** `user`: the name that was logged in with at the door; `anonymous` where nobody logged in, which proves nothing of anybody. */
import { z } from 'zod'
import { printable } from '../../model/hostname.ts'
import { ANONYMOUS } from '../../model/identity.ts'
import { certain, type MatcherKind } from './matcher.ts'

export const user: MatcherKind<string> = {
  item: z.string().min(1),
  says: 'the name of a user',
  identifies: true,
  reads: 'flow',
  compile(items, report) {
    for (const [i, item] of items.entries()) {
      // As `ringfence users add` takes them: another is never anybody's.
      if (!/^[a-z0-9][a-z0-9._@-]{0,63}$/.test(item))
        report(i, `"${printable(item)}" is nobody's name: users have small letters, digits, ".", "_", "@" and "-"`)
    }
    return {
      ...certain(items, ({ who }) => items.includes(who.name)),
      proved: ({ who }) => (who.name !== ANONYMOUS && items.includes(who.name) ? 'yes' : 'no'),
    }
  },
}
