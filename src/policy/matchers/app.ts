/** `app`: an application of the catalogue, told by the flow's names and by its vendor's published ranges. */
import { z } from 'zod'
import { printable } from '../../model/hostname.ts'
import { didYouMean } from '../../model/suggest.ts'
import { appMatcher } from './app-matcher.ts'
import type { MatcherKind } from './matcher.ts'

export const app: MatcherKind<string> = {
  item: z.string(),
  says: 'an app such as zoom',
  identifies: true,
  reads: 'names',
  compile(items, report, { apps }) {
    for (const [i, item] of items.entries()) {
      if (apps.has(item)) continue
      report(i, `"${printable(item)}" is no app of the catalogue${didYouMean(item, apps.keys())} ("ringfence apps" lists them)`)
    }
    return appMatcher(items, ({ id }) => items.includes(id))
  },
}
