/** `tests:` of a policy → what is asked and what is expected. */
import { type Endpoint, type Ip, parseIp } from '../model/address.ts'
import { type CountryCode, isCountryCode, suggestCountry } from '../model/country.ts'
import type { Position } from '../model/errors.ts'
import { type Host, parseHostPort, printable } from '../model/hostname.ts'
import { ANONYMOUS, anonymous, type Identity } from '../model/identity.ts'
import { parseMoment } from '../model/moment.ts'
import { didYouMean } from '../model/suggest.ts'
import type { TestDocument } from './document.ts'
import type { Library } from './library.ts'
import { app as appKind } from './matchers/app.ts'
import type { Path, Report } from './path.ts'
import type { Fence } from './policy.ts'
import type { Given, PolicyTest } from './suite.ts'

/** Of no network that a policy would speak of (RFC 5737). */
const NOBODY = '192.0.2.1' as Ip

/** `fences`: those that a test may name; `null` where they could not be compiled. */
export function compileTests(
  written: readonly (TestDocument | null)[],
  fences: readonly Fence[] | null,
  library: Library,
  report: Report,
  place: (path: Path) => Position,
): readonly PolicyTest[] {
  return written.flatMap((test, i) => (test === null ? [] : (compileTest(test, ['tests', i], fences, library, report, place) ?? [])))
}

function compileTest(
  written: TestDocument,
  at: Path,
  fences: readonly Fence[] | null,
  { apps }: Library,
  report: Report,
  place: (path: Path) => Position,
): PolicyTest | null {
  const { given } = written
  const asked = compileTarget(written.to, [...at, 'to'], report)
  const names = [written.app ?? []].flat()
  appKind.compile(names, (index, message) => report(Array.isArray(written.app) ? [...at, 'app', index] : [...at, 'app'], message), apps)
  const because = [written.because ?? []].flat()
  for (const [i, name] of because.entries()) {
    const known = fences?.map((fence) => fence.name) ?? [name]
    if (known.includes(name)) continue
    const hint = didYouMean(name, known) || (known.length === 0 ? '' : ` (${known.join(', ')})`)
    report(Array.isArray(written.because) ? [...at, 'because', i] : [...at, 'because'], `there is no fence "${printable(name)}"${hint}`)
  }
  const places = given === undefined ? null : compileGiven(given, [...at, 'given'], report)
  const client = written.client === undefined ? NOBODY : parseIp(written.client)
  if (client === null) report([...at, 'client'], `"${printable(written.client ?? '')}" is not an address`)
  const who = identityOf(written, at, report)
  const moment = compileMoment(written, at, report)
  if (asked === null || client === null) return null
  return {
    name: written.note ?? written.to,
    position: place(at),
    asked,
    who,
    client,
    inbound: written.inbound ?? 'mixed',
    network: written.network ?? 'tcp',
    at: moment,
    apps: names.flatMap((name) => apps.apps.get(name) ?? []),
    given: places,
    expect: written.expect,
    because,
  }
}

function compileTarget(text: string, at: Path, report: Report): Endpoint<Host> | null {
  const target = parseHostPort(text, null)
  if (!('problem' in target)) return target
  const example = parseIp(text)?.includes(':') === true ? `[${text}]:443` : 'zoom.us:443'
  const problem = text.includes('://') ? `"${printable(text)}" is a URL` : target.problem
  report(at, `${problem}: write a host and a port such as "${example}"`)
  return null
}

function identityOf({ user, group, given }: TestDocument, at: Path, report: Report): Identity {
  if (user !== undefined && given?.user !== undefined) report([...at, 'given', 'user'], 'is said twice: leave one out')
  if (group !== undefined && given?.group !== undefined) report([...at, 'given', 'group'], 'is said twice: leave one out')
  const name = user ?? given?.user ?? ANONYMOUS
  const groups = [group ?? given?.group ?? []].flat()
  return name === ANONYMOUS ? { ...anonymous, groups } : { name, groups, by: 'password' }
}

function compileMoment({ at: top, given }: TestDocument, at: Path, report: Report): number | undefined {
  if (top !== undefined && given?.at !== undefined) report([...at, 'given', 'at'], 'is said twice: leave one out')
  const text = top ?? given?.at
  if (text === undefined) return undefined
  const moment = parseMoment(text)
  const path = top === undefined ? [...at, 'given', 'at'] : [...at, 'at']
  if (moment === null) report(path, `"${printable(text)}" is no day and no moment (write 2027-06-30 or 2027-06-30T09:00Z)`)
  return moment ?? undefined
}

function compileGiven(given: NonNullable<TestDocument['given']>, at: Path, report: Report): Given {
  const read = (axis: keyof Given, anycastToo: boolean) => {
    const written = given[axis]
    if (written === undefined) return undefined
    const words = [written].flat()
    const known = words.filter((word) => word !== 'anycast')
    const path = (i: number): Path => (Array.isArray(written) ? [...at, axis, i] : [...at, axis])
    for (const [i, word] of words.entries()) {
      if (word === 'anycast' && !anycastToo) report(path(i), 'only a server can be anycast')
      else if (word === 'unknown' && words.length > 1) report(path(i), '"unknown" stands alone')
      else if (word !== 'anycast' && word !== 'unknown' && !isCountryCode(word)) report(path(i), sayUnknown(word))
    }
    return { countries: known.filter((word): word is CountryCode => isCountryCode(word)), anycast: words.includes('anycast') }
  }
  return {
    server: read('server', true),
    registry: read('registry', false),
    network: read('network', false),
    company: read('company', false),
  }
}

function sayUnknown(word: string): string {
  const country = suggestCountry(word)
  return `"${printable(word)}" is no country code, nor "unknown" or "anycast"${country === null ? '' : `, did you mean "${country}"?`}`
}
