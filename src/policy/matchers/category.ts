/** `category`: every application of a kind, as the catalogue sorts them. */
import { z } from 'zod'
import { printable } from '../../model/hostname.ts'
import { didYouMean } from '../../model/suggest.ts'
import { appMatcher } from './app-matcher.ts'
import type { MatcherKind } from './matcher.ts'

export const category: MatcherKind<string> = {
  item: z.string(),
  says: 'a category of apps such as messaging',
  identifies: true,
  reads: 'names',
  compile(items, report, { apps }) {
    const known = new Set([...apps.values()].flatMap(({ categories }) => categories))
    for (const [i, item] of items.entries()) {
      if (known.has(item)) continue
      report(i, `"${printable(item)}" is no category of the catalogue${didYouMean(item, known) || ` (${[...known].sort().join(', ')})`}`)
    }
    return appMatcher(items, ({ categories }) => items.some((item) => categories.includes(item)))
  },
}
