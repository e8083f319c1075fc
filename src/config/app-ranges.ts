/**
 * A vendor's list of the networks of its app, as it is published for programs: bytes in, networks out. Whoever controls
 * the list says what counts as the app, so that one faulty line refuses it as a whole, and so does a list that no vendor
 * would publish. Where it comes from and where it is kept is not known here.
 */
import { type Cidr, formatCidr } from '../model/cidr.ts'
import { OperatorError } from '../model/errors.ts'
import { printable } from '../model/hostname.ts'
import { scopeOf } from '../model/scope.ts'
import { compileNetworks } from '../policy/matchers/networks.ts'
import type { AppFetch } from './app-document.ts'

/** Why a list is refused, in one sentence. */
export class AppRangesError extends OperatorError {}

/** A network with a shorter prefix, or networks that hold more than one such together, no app has. */
const SHORTEST = { 4: 8, 6: 16 } as const

/** The longest list known has 60. The look-up is built in the square of this. */
const MOST = 2_000

/** A list that lost more than this was cut off, or is of something else. */
const LEAST_SHARE = 1 / 3

interface Line {
  /** As messages call it: "line 3". */
  readonly place: string
  readonly text: string
}

/** The networks of a list, each once, in its order. Throws AppRangesError, and nothing else. */
export function parseRanges(format: AppFetch['format'], bytes: Uint8Array): readonly Cidr[] {
  const text = textOf(bytes)
  if (/^\s*<(!doctype|!--|\w)/i.test(text)) throw new AppRangesError('a web page instead of a list (a login page, a captive portal?)')
  const lines = formats[format](text)
  if (lines.length > MOST) throw new AppRangesError(`${lines.length} networks: more than the ${MOST} that a list may have`)
  const networks = new Map(lines.map((line) => networkOf(line)).map((network) => [formatCidr(network), network]))
  if (networks.size === 0) throw new AppRangesError('no network in it')
  return [...networks.values()]
}

/** Throws AppRangesError for networks that no app has, or that can't be what became of those known before. */
export function checkPlausible(networks: readonly Cidr[], before: readonly Cidr[]): void {
  for (const family of [4, 6] as const) {
    const own = networks.filter((network) => network.family === family)
    const wide = own.find(({ bits }) => bits < SHORTEST[family])
    if (wide !== undefined) throw implausible(`${formatCidr(wide)} is more than an app has`)
    const together = own.reduce((sum, { bits }) => sum + 2 ** -bits, 0)
    if (together > 2 ** -SHORTEST[family]) throw implausible(`its IPv${family} networks together are more than a /${SHORTEST[family]}`)
  }
  const local = networks.find(({ ip }) => scopeOf(ip) !== 'global')
  if (local !== undefined) throw implausible(`${formatCidr(local)} is no network of the Internet`)
  if (networks.length < before.length * LEAST_SHARE)
    throw implausible(`${networks.length} of ${before.length} networks, less than a third of those known before`)
}

const implausible = (why: string): AppRangesError => new AppRangesError(`implausible: ${why}`)

const formats: Readonly<Record<AppFetch['format'], (text: string) => readonly Line[]>> = { lines: linesOf, microsoft: endpointsOf }

/** One network a line; empty lines and `#` comments are skipped. */
function linesOf(text: string): readonly Line[] {
  return text
    .split(/\r?\n/)
    .map((line, i) => ({ place: `line ${i + 1}`, text: line.trim() }))
    .filter((line) => line.text !== '' && !line.text.startsWith('#'))
}

/** https://learn.microsoft.com/microsoft-365/enterprise/microsoft-365-ip-web-service: Teams is service area "Skype". */
function endpointsOf(text: string): readonly Line[] {
  const entries = jsonOf(text)
  if (!Array.isArray(entries)) throw new AppRangesError('no list of endpoints')
  return entries.flatMap((entry: unknown, i) => {
    const place = `entry ${i + 1}`
    const { serviceArea, ips = [] } = Object(entry) as { readonly serviceArea?: unknown; readonly ips?: unknown }
    if (typeof serviceArea !== 'string') throw new AppRangesError(`${place}: it names no service area`)
    if (serviceArea !== 'Skype') return []
    if (!Array.isArray(ips)) throw new AppRangesError(`${place}: "ips" is no list`)
    return ips.map((ip: unknown): Line => {
      if (typeof ip !== 'string') throw new AppRangesError(`${place}: "ips" must hold texts`)
      return { place, text: ip }
    })
  })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppRangesError('no JSON', { cause })
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new AppRangesError('no text in UTF-8', { cause })
  }
}

function networkOf({ place, text }: Line): Cidr {
  const [network] = compileNetworks([text], (_, message) => {
    throw new AppRangesError(`${place}: ${message}`)
  })
  if (network === undefined) throw new AppRangesError(`${place}: "${printable(text)}" is not a network`)
  return network
}
