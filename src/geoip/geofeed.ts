/**
 * Reads a geofeed, in which operators publish where their addresses are (RFC 8805): `prefix,country,region,city,postal`.
 * A line that can't be used is skipped and told, as the RFC wants it; a file that is mostly such lines is refused. Of the
 * place only the country is taken. It refuses to know whether the publisher may speak of these prefixes.
 */
import { type Cidr, formatCidr, isCidr, parseCidr } from '../model/cidr.ts'
import { type CountryCode, isCountryCode } from '../model/country.ts'
import { printable } from '../model/hostname.ts'
import { scopeOf } from '../model/scope.ts'
import { CsvLines } from './csv-lines.ts'
import { PrefixSet } from './prefixes.ts'
import { type Content, countryNumber, saysCountries } from './source.ts'

/** Reads the bytes of a geofeed; throws an Error that says why they can't be used as a whole. */
export function parseGeofeed(bytes: Buffer): Content {
  assertLooksRight(bytes)
  const { entries, bad, lines } = readEntries(bytes)
  if (bad.length > lines / 2) throw new Error(`${bad.length} of ${lines} lines are bad, first ${bad[0]}`)
  const prefixes = new PrefixSet()
  for (const { network, country } of entries.values()) prefixes.add(network, countryNumber(country))
  if (![...entries.values()].some(({ country }) => country !== null)) throw new Error('no country in it')
  return { says: saysCountries, ...prefixes.build(), date: dateOf(bytes), warnings: shortened(bad) }
}

interface Entry {
  readonly network: Cidr
  /** `null`: the publisher wants these addresses located nowhere. */
  readonly country: CountryCode | null
  readonly line: number
}

function assertLooksRight(bytes: Buffer): void {
  if (bytes.length === 0) throw new Error('the file is empty')
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) throw new Error('the file is compressed (gzip); unpack it first')
  const [first] = bytes.toString('latin1', 0, 1024).trimStart()
  if (first === '<') throw new Error('a web page (HTML or XML), not a geofeed')
  if (first === '{' || first === '[') throw new Error('JSON, not a geofeed')
}

interface Entries {
  /** The usable lines by their prefix. */
  readonly entries: ReadonlyMap<string, Entry>
  /** What is wrong with each of the others. */
  readonly bad: readonly string[]
  readonly lines: number
}

function readEntries(bytes: Buffer): Entries {
  const entries = new Map<string, Entry>()
  let good = 0
  const bad: string[] = []
  const lines = new CsvLines(bytes)
  for (;;) {
    try {
      if (!lines.next()) return { entries, bad, lines: good + bad.length }
      const entry = readEntry(lines)
      const key = formatCidr(entry.network)
      const earlier = entries.get(key)
      if (earlier === undefined) entries.set(key, entry)
      else if (earlier.country !== entry.country) {
        // Which of the two is right nobody can tell, and a wider prefix does not know either.
        entries.set(key, { ...earlier, country: null })
        throw new Error(`${key} is on line ${earlier.line} too, with another country; neither counts`)
      }
      good++
    } catch (error) {
      bad.push(`line ${lines.line}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

function readEntry(lines: CsvLines): Entry {
  const [prefix = '', code, region = ''] = fieldsOf(lines)
  const network = readPrefix(prefix)
  if (code === undefined) throw new Error(`${printable(prefix)} has no country column`)
  return { network, country: readCountry(code.toUpperCase(), region.toUpperCase()), line: lines.line }
}

/** From `#` on, the rest of a line is a comment (RFC 8805 §2.1). */
function fieldsOf(lines: CsvLines): readonly string[] {
  const fields: string[] = []
  for (let i = 0; i < Math.min(lines.count, 3); i++) {
    const [text = '', comment] = lines.text(i).split('#')
    fields.push(text.trim())
    if (comment !== undefined) break
  }
  return fields
}

/** A prefix shorter than this is no operator's: the most that anyone holds in one piece. */
const SHORTEST = { 4: 8, 6: 16 } as const

function readPrefix(text: string): Cidr {
  const parsed = parseCidr(text)
  if (!isCidr(parsed)) {
    if (parsed.suggestion !== undefined) throw new Error(`${text} has bits set beyond its length; ${parsed.suggestion} would be a prefix`)
    throw new Error(`"${printable(text)}" is no prefix`)
  }
  const scope = scopeOf(parsed.ip)
  if (scope !== 'global') throw new Error(`${text} is not on the Internet (${scope})`)
  if (parsed.bits < SHORTEST[parsed.family]) throw new Error(`${text} is wider than any operator's network`)
  return parsed
}

/** Empty means "locate nowhere" (RFC 8805 §2.1.2), and so does ZZ in feeds that follow its drafts. */
function readCountry(code: string, region: string): CountryCode | null {
  if (code === '' || code === 'ZZ') return null
  if (!isCountryCode(code)) throw new Error(`"${printable(code)}" is no country code`)
  const [, holder, part] = /^([A-Z]{2})-([A-Z0-9]{1,3})$/.exec(region) ?? []
  // ISO 3166-2 also lists some countries as parts of others: HK as CN-HK, PR as US-PR.
  if (holder === undefined || holder === code || part === code) return code
  throw new Error(`the region ${region} is not in ${code}`)
}

/** An ISO 8601 day in the comments before the first entry, if there is exactly one. */
function dateOf(bytes: Buffer): string | null {
  const days = new Set<string>()
  for (const line of bytes.toString('utf8', 0, 16_384).split('\n')) {
    // The byte order mark counts as space.
    const text = line.trim()
    if (text !== '' && !text.startsWith('#')) break
    for (const [day] of text.matchAll(/(?<![0-9-])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9-])/g)) if (isDay(day)) days.add(day)
  }
  const [day = null, other] = days
  return other === undefined ? day : null
}

/** Whether the calendar has such a day. */
function isDay(text: string): boolean {
  const time = Date.parse(text)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

const MOST_TOLD = 10

function shortened(bad: readonly string[]): readonly string[] {
  const rest = bad.length - MOST_TOLD
  return rest > 0 ? [...bad.slice(0, MOST_TOLD), `and ${rest} more lines that were skipped`] : bad
}
