/** What a new table changes against the one in force, counted over the whole address space. Pure. */
import type { Evidence } from '../model/location.ts'
import { covered, overlay, type Ranges } from './ranges.ts'
import type { Table } from './table.ts'

/** The part of a table that is compared. */
export type Comparable = Pick<Table, 'v4' | 'v6' | 'answer'>

/** Space by what happened to it: IPv4 addresses, and IPv6 networks of 48 bits. */
export interface Space {
  readonly v4: number
  readonly v6: number
}

export interface Moved {
  /** Outside the territory only under the new table. */
  readonly out: Space
  /** Inside under the old table. */
  readonly of: Space
}

/** How much space leaves a territory; `inside` tells whether an address of which this is known may be in it. */
export function movedOut(before: Comparable, after: Comparable, inside: (evidence: Evidence) => boolean): Moved {
  const insideBefore = memo((number) => inside(before.answer(number)))
  const insideAfter = memo((number) => inside(after.answer(number)))
  const count = (family: 'v4' | 'v6') => {
    // Value 2: leaves; 1: stays; 0: was outside.
    const fates = overlay(before[family], after[family], (old, fresh) => (insideBefore(old) ? (insideAfter(fresh) ? 1 : 2) : 0))
    const left = spaceOf(fates, 2)
    return { out: left, of: left + spaceOf(fates, 1) }
  }
  const v4 = count('v4')
  const v6 = count('v6')
  return { out: { v4: v4.out, v6: v6.out }, of: { v4: v4.of, v6: v6.of } }
}

function memo(ask: (number: number) => boolean): (number: number) => boolean {
  const known: (boolean | undefined)[] = []
  return (number) => {
    const before = known[number]
    if (before !== undefined) return before
    const answer = ask(number)
    known[number] = answer
    return answer
  }
}

const spaceOf = (ranges: Ranges, value: number): number =>
  covered({ ...ranges, values: ranges.values.map((each) => (each === value ? 1 : 0)) })
