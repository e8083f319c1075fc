/**
 * Whether new data may take the place of the data in force. A database can be readable as a whole and still be wrong:
 * an older edition, a tenth of yesterday's coverage, another product's file, a feed that claims what it should not. Pure.
 */
import { countryLabel, isCountryCode } from '../model/country.ts'
import type { SourceInfo } from '../model/location.ts'
import { anchors } from './anchors.ts'
import type { Moved, Space } from './moved.ts'
import type { Coverage } from './table-data.ts'

/** A source as it was when it was accepted. */
export interface Edition extends Pick<SourceInfo, 'name' | 'date' | 'sha256'> {
  readonly coverage: Coverage
}

/** Less than this of the last coverage is no update. Editions of one database differ by some per cent. */
const LEAST_COVERAGE = 0.5

/** Why the next edition of a source is refused, or `null`. Both have the same name. */
export function whyRefused(before: Edition, next: Edition): string | null {
  if (before.sha256 === next.sha256) return null
  if (before.date !== null && next.date !== null && next.date < before.date) {
    return `${next.name}: its data is of ${next.date}, older than that of ${before.date} which was in force`
  }
  for (const [family, label, unit] of families) {
    const was = before.coverage[family]
    const is = next.coverage[family]
    if (was > 0 && is < was * LEAST_COVERAGE) {
      return `${next.name}: it speaks of ${percent(is, was)} of the ${label} ${unit} that it spoke of before`
    }
  }
  return null
}

const families = [
  ['v4', 'IPv4', 'addresses'],
  ['v6', 'IPv6', 'networks'],
] as const

/** More than this share of a forbidden country's space leaving it at once waits for a person's word. */
const MUCH = 0.02
/** However small the country: so much of it is no correction. */
const MOST = 0.25
/** And at least this much: of a small territory a single block is more than a share. IPv4: a /16; IPv6: a /32. */
const AT_LEAST = { v4: 65_536, v6: 65_536 }

/** Why an update waits for a person's word, or `null`: much of a country that the policy forbids would leave the territory. */
export function whyHeld(moved: readonly Moved[]): string | null {
  for (const { country, out, of } of moved) {
    const why = whyHeldOf(out, of, country === null ? '' : ` in ${countryLabel(country)}`)
    if (why !== null) return why
  }
  return null
}

function whyHeldOf(out: Space, of: Space, where: string): string | null {
  for (const [family, label, unit] of families) {
    if ((out[family] >= AT_LEAST[family] && out[family] > MUCH * of[family]) || out[family] > MOST * of[family]) {
      return `${percent(out[family], of[family])} of the ${label} space that the policy forbids${where} (${Math.round(out[family]).toLocaleString('en')} ${unit}) would be outside of it`
    }
  }
  return null
}

/** Of the anchors that it places, this share must be right. */
const RIGHT_ANCHORS = 0.8

/**
 * Why a voter is not what it seems, or `null`: asked for addresses whose place has not changed for decades, it gives
 * other answers. One that knows few of them (a user's own small file) is not judged by them.
 */
export function whyImplausible(name: string, countryAt: (address: string) => string | null): string | null {
  const answered = anchors.flatMap(({ address, country }) => {
    const said = countryAt(address)
    return said === null ? [] : [{ address, country, said }]
  })
  const wrong = answered.filter(({ country, said }) => said !== country)
  if (answered.length < anchors.length / 2 || wrong.length <= answered.length * (1 - RIGHT_ANCHORS)) return null
  const [first] = wrong
  const example = first === undefined || !isCountryCode(first.said) ? '' : ` (${first.address} in ${countryLabel(first.said)})`
  return `${name}: it misplaces ${wrong.length} of ${answered.length} addresses whose place is known${example}`
}

const percent = (part: number, whole: number): string => {
  const share = (100 * part) / whole
  return `${share < 10 ? share.toFixed(1) : Math.round(share)} %`
}
