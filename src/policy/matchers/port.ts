/** `port`: destination ports, single (`443`) or as ranges (`"8801-8810"`). */
import { z } from 'zod'
import { parsePort } from '../../model/address.ts'
import { certain, type MatcherKind } from './matcher.ts'

export const port: MatcherKind<string | number> = {
  item: z.union([z.number(), z.string()], { error: 'must be a port or a range such as "8801-8810"' }),
  says: 'a port or a range such as "8801-8810"',
  identifies: false,
  reads: 'flow',
  compile(items, report) {
    const ranges: { readonly from: number; readonly to: number }[] = []
    for (const [i, item] of items.entries()) {
      const [first = '', last = first, ...more] = String(item).split('-')
      const [from, to] = [parsePort(first.trim()), parsePort(last.trim())]
      if (from === null || to === null || more.length > 0) report(i, `"${item}" is not a port (1–65535) or a range such as "8801-8810"`)
      else if (from > to) report(i, `"${item}" ends before it starts`)
      else ranges.push({ from, to })
    }
    const document = ranges.map(({ from, to }) => (from === to ? from : `${from}-${to}`))
    return certain(document, (facts) => ranges.some(({ from, to }) => facts.port >= from && facts.port <= to))
  },
}
