/** The words in which somebody asks for records, on the command line and in a URL → a filter. */
import { type Ip, parseIp } from '../model/address.ts'
import { type CountryCode, isCountryCode, suggestCountry } from '../model/country.ts'
import { OperatorError } from '../model/errors.ts'
import type { Millis } from '../model/flow.ts'
import { type HostPattern, isHostPattern, parseHostPattern } from '../model/host-pattern.ts'
import { printable } from '../model/hostname.ts'
import { closest } from '../model/suggest.ts'
import { type FlowFilter, type PlaceWord, placeWords, type VerdictWord, verdictWords } from './filter.ts'

/** As it was typed; what is missing filters nothing. */
export interface FilterQuery {
  readonly since?: string | undefined
  readonly until?: string | undefined
  /** Codes, or words of `placeWords`, with commas between. */
  readonly country?: string | undefined
  /** Words of `verdictWords` with commas between. */
  readonly verdict?: string | undefined
  readonly host?: string | undefined
  /** Ids of apps with commas between. */
  readonly app?: string | undefined
  /** Names of users with commas between. */
  readonly user?: string | undefined
}

/** Throws OperatorError for the first part that makes no sense, naming it. */
export function readFilter({ since, until, country, verdict, host, app, user }: FilterQuery, now: Millis): FlowFilter {
  return {
    since: since === undefined ? undefined : readMoment('since', since, now),
    until: until === undefined ? undefined : readMoment('until', until, now),
    places: country?.split(',').map(readPlace),
    verdicts: verdict?.split(',').map(readVerdict),
    host: host === undefined ? undefined : readHost(host),
    apps: app?.split(',').map((word) => word.trim()),
    users: user?.split(',').map((word) => word.trim()),
  }
}

/** A name as policies write it, or an address. */
function readHost(text: string): HostPattern | Ip {
  const ip = parseIp(text)
  if (ip !== null) return ip
  const pattern = parseHostPattern(text)
  return isHostPattern(pattern)
    ? pattern
    : fail(`host: ${pattern.problem} (write zoom.us, *.zoom.us for the names below it, .zoom.us for both)`)
}

const UNIT_MS: Readonly<Record<string, Millis>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90s`, `15m`, `2h`, `7d` before now, or ISO 8601: without a zone it is local time, a day alone its first moment. `null`: neither. */
export function parseMoment(text: string, now: Millis): Millis | null {
  const ago = /^([0-9]{1,9})([smhd])$/.exec(text)
  if (ago !== null) return now - Number(ago[1]) * (UNIT_MS[ago[2] ?? ''] ?? Number.NaN)
  const iso = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?$/.exec(text)
  if (iso === null) return null
  // ECMA-262 §21.4.3.2 reads a day alone as UTC, but a day with a time as local.
  const moment = Date.parse(iso[1] === undefined ? `${text}T00:00` : text)
  return Number.isNaN(moment) ? null : moment
}

const readMoment = (key: string, text: string, now: Millis): Millis =>
  parseMoment(text, now) ??
  fail(
    `${key}: "${printable(text)}" is no time; write 2026-11-25, 2026-11-25T10:00, 2026-11-25T10:00:00Z, or 90s, 15m, 2h, 7d for so long ago`,
  )

function readPlace(text: string): CountryCode | PlaceWord {
  const word = placeWords.find((one) => one === text.trim().toLowerCase())
  if (word !== undefined) return word
  const code = text.trim().toUpperCase()
  if (isCountryCode(code)) return code
  const meant = suggestCountry(text) ?? closest(text.trim(), placeWords)
  const hint = meant === null ? ` (and none of ${placeWords.join(', ')})` : `, did you mean "${meant}"?`
  return fail(`country: "${printable(text)}" is not a country code${hint}`)
}

/** The words that flows are shown with, which are not those of policies and records. */
const meantVerdicts: Readonly<Record<string, VerdictWord>> = { allowed: 'allow', flagged: 'log', blocked: 'block' }

function readVerdict(text: string): VerdictWord {
  const word = text.trim().toLowerCase()
  const known = verdictWords.find((one) => one === word)
  if (known !== undefined) return known
  if (word === 'steered') return 'steer'
  const meant = meantVerdicts[word] ?? closest(word, verdictWords)
  const hint = meant === null ? '' : `, did you mean "${meant}"?`
  return fail(`verdict: "${printable(text)}" is none of ${verdictWords.join(', ')}${hint}`)
}

const fail = (message: string): never => {
  throw new OperatorError(message)
}
