/** How two tables differ over the whole IPv4 space: which countries' space becomes which. Pure. */
import type { CountryCode } from '../model/country.ts'
import type { Comparable } from './moved.ts'
import { overlay } from './ranges.ts'

/** Space whose best guess becomes another. */
export interface Change {
  readonly from: CountryCode | null
  readonly to: CountryCode | null
  /** Addresses. */
  readonly v4: number
}

/** Every pair of countries between which space moves, the largest first. */
export function changesBetween(before: Comparable, after: Comparable): readonly Change[] {
  const pairs: { readonly from: CountryCode | null; readonly to: CountryCode | null }[] = []
  const numbers = new Map<string, number>()
  const laid = overlay(before.v4, after.v4, (old, fresh) => {
    const from = before.answer(old).best
    const to = after.answer(fresh).best
    if (from === to) return 0
    const key = `${from} ${to}`
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, pairs.push({ from, to }))
    return pairs.length
  })
  const space = new Float64Array(pairs.length + 1)
  for (let i = 0; i < laid.values.length; i++) {
    const value = laid.values[i] ?? 0
    space[value] = (space[value] ?? 0) + (laid.starts[i + 1] ?? 2 ** 32) - (laid.starts[i] ?? 0)
  }
  return pairs.map((pair, i) => ({ ...pair, v4: space[i + 1] ?? 0 })).sort((a, b) => b.v4 - a.v4)
}
