/** Whether two selections can ever match the same traffic, as far as their plain values tell. Pure. */
import { isCidr, parseCidr } from '../model/cidr.ts'
import { isHostPattern, matchesHostPattern, parseHostPattern } from '../model/host-pattern.ts'
import { isUnder } from '../model/hostname.ts'
import type { MatcherName } from './matchers/index.ts'
import type { Selection } from './selection.ts'

type Overlaps = (a: string, b: string) => boolean

const equal: Overlaps = (a, b) => a === b

/** Keys of which a flow has one value (a second host only if its client claims one), and when two of these can be met at once. */
const singular: Partial<Record<MatcherName, Overlaps>> = {
  network: equal,
  inbound: equal,
  user: equal,
  port: portsOverlap,
  cidr: networksOverlap,
  client: networksOverlap,
  host: hostsOverlap,
}

/** The key by which no flow can match both, or `null` where one may. */
export function neverBoth(a: Selection, b: Selection): MatcherName | null {
  for (const [name, overlaps] of Object.entries(singular) as [MatcherName, Overlaps][]) {
    const [left, right] = [a, b].map((selection) => selection.find((term) => term.name === name)?.matcher.document.map(String))
    if (left === undefined || right === undefined) continue
    if (!left.some((one) => right.some((other) => overlaps(one, other)))) return name
  }
  return null
}

function portsOverlap(a: string, b: string): boolean {
  const [aFrom = 0, aTo = aFrom] = a.split('-').map(Number)
  const [bFrom = 0, bTo = bFrom] = b.split('-').map(Number)
  return aFrom <= bTo && bFrom <= aTo
}

/** Of two networks in canonical form one holds the start of the other, or they share nothing. */
function networksOverlap(a: string, b: string): boolean {
  const [one, other] = [parseCidr(a), parseCidr(b)]
  if (!isCidr(one) || !isCidr(other) || one.family !== other.family) return false
  const [wide, narrow] = one.bits <= other.bits ? [one, other] : [other, one]
  const start = parseCidr(`${narrow.ip}/${wide.bits}`)
  // With host bits set it is not the start of the wider network: its start is what the parser suggests.
  return isCidr(start) ? start.ip === wide.ip : start.suggestion === `${wide.ip}/${wide.bits}`
}

function hostsOverlap(a: string, b: string): boolean {
  const [one, other] = [parseHostPattern(a), parseHostPattern(b)]
  // A host that is written with where its name came from is not looked at.
  if (!isHostPattern(one) || !isHostPattern(other)) return true
  if (matchesHostPattern(one, other.name) && other.itself) return true
  if (matchesHostPattern(other, one.name) && one.itself) return true
  return one.below && other.below && (isUnder(one.name, other.name) || isUnder(other.name, one.name))
}
