/**
 * What an operator states of its networks, turned into ranges. The longest prefix speaks; where the operator contradicts
 * itself, names a region that nobody knows, or says that a network is in no region, that network has no place, whatever
 * the network around it has. The order of statements never matters.
 */
import { type Cidr, formatCidr } from '../model/cidr.ts'
import { printable } from '../model/hostname.ts'
import { PrefixSet } from './prefixes.ts'
import type { Content, Place } from './source.ts'

/** One statement: this network is in that region, by the operator's own word; `null`: in none. */
export interface StatedPlace {
  readonly network: Cidr
  readonly region: string | null
}

/** How the words of the statements become places. */
export interface Gazetteer {
  /** `null` for a region that is not known. */
  placeOf(region: string): Place | null
  /** Networks for which a statement is not believed. */
  readonly doubted: readonly Cidr[]
}

/** Throws an Error where nothing gets a place. */
export function contentOf(statements: readonly StatedPlace[], { placeOf, doubted }: Gazetteer, date: string | null): Content {
  const { regions, contradicted } = gather(statements)
  const known = new Map<string, number>()
  const list: Place[] = []
  const unknown = new Map<string, number>()
  for (const region of [...new Set(statements.flatMap(({ region }) => region ?? []))].sort()) {
    const place = placeOf(region)
    if (place === null) unknown.set(region, 0)
    else known.set(region, list.push(place))
  }
  const set = new PrefixSet()
  // First, because the first value of a prefix stays.
  for (const network of doubted) set.add(network, 0)
  let placed = 0
  for (const { network, region } of regions.values()) {
    const value = (region === null ? undefined : known.get(region)) ?? 0
    if (set.add(network, value) === 'added' && value > 0) placed++
    if (region !== null && unknown.has(region)) unknown.set(region, (unknown.get(region) ?? 0) + 1)
  }
  if (placed === 0) throw new Error(`none of its ${statements.length} prefixes is in a region that is known`)
  return { says: { kind: 'places', list }, ...set.build(), date, warnings: warningsOf(unknown, contradicted) }
}

function gather(statements: readonly StatedPlace[]) {
  const regions = new Map<string, StatedPlace>()
  const contradicted = new Set<string>()
  for (const statement of statements) {
    const prefix = formatCidr(statement.network)
    const earlier = regions.get(prefix)
    if (earlier === undefined) regions.set(prefix, statement)
    else if (earlier.region !== statement.region) contradicted.add(prefix)
  }
  for (const prefix of contradicted) {
    const statement = regions.get(prefix)
    if (statement !== undefined) regions.set(prefix, { ...statement, region: null })
  }
  return { regions, contradicted }
}

function warningsOf(unknown: ReadonlyMap<string, number>, contradicted: ReadonlySet<string>): readonly string[] {
  const warnings = [...unknown].map(
    ([region, n]) => `region "${printable(region)}" is not in the table of regions: ${count(n, 'prefix has', 'prefixes have')} no place`,
  )
  if (contradicted.size > 0) {
    const some = [...contradicted].sort().slice(0, 5).join(', ')
    warnings.push(`${count(contradicted.size, 'prefix is', 'prefixes are')} said to be in two regions and get no place: ${some}`)
  }
  return warnings
}

const count = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`
