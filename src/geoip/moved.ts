/** What a new table changes against the one in force, counted over the whole address space. Pure. */
import type { CountryCode } from '../model/country.ts'
import type { Evidence } from '../model/location.ts'
import { overlay, spaceByValue } from './ranges.ts'
import type { Table } from './table.ts'

/** The part of a table that is compared. */
export type Comparable = Pick<Table, 'v4' | 'v6' | 'answer'>

/** Space by what happened to it: IPv4 addresses, and IPv6 networks of 48 bits. */
export interface Space {
  readonly v4: number
  readonly v6: number
}

/** Of one country, by the best guess of the old table; `null`: of none. */
export interface Moved {
  readonly country: CountryCode | null
  /** Outside the territory only under the new table. */
  readonly out: Space
  /** Inside under the old table. */
  readonly of: Space
}

/** How much space leaves a territory, country by country; `inside` tells whether an address of which this is known may be in it. */
export function movedOut(before: Comparable, after: Comparable, inside: (evidence: Evidence) => boolean): readonly Moved[] {
  const insideBefore = memo((number) => inside(before.answer(number)))
  const insideAfter = memo((number) => inside(after.answer(number)))
  const countries: (CountryCode | null)[] = []
  const numberOf = memo((old) => {
    const { best } = before.answer(old)
    const known = countries.indexOf(best)
    return known >= 0 ? known : countries.push(best) - 1
  })
  // 0: was outside. For country n, 2n + 1: stays; 2n + 2: leaves.
  const fates = (family: 'v4' | 'v6') =>
    overlay(before[family], after[family], (old, fresh) => (insideBefore(old) ? numberOf(old) * 2 + (insideAfter(fresh) ? 1 : 2) : 0))
  const v4 = spaceByValue(fates('v4'))
  const v6 = spaceByValue(fates('v6'))
  const space = (value: number): Space => ({ v4: v4.get(value) ?? 0, v6: v6.get(value) ?? 0 })
  return countries.map((country, n) => {
    const [stays, out] = [space(2 * n + 1), space(2 * n + 2)]
    return { country, out, of: { v4: out.v4 + stays.v4, v6: out.v6 + stays.v6 } }
  })
}

function memo<T>(ask: (number: number) => T): (number: number) => T {
  const known: (T | undefined)[] = []
  return (number) => {
    const before = known[number]
    if (before !== undefined) return before
    const answer = ask(number)
    known[number] = answer
    return answer
  }
}
