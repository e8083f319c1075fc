/** Policy text → `Policy`, or every fault of it at once with its place and a suggestion. */
import { containsAny, formatCidr } from '../model/cidr.ts'
import { type CountryCode, isCountryCode, suggestCountry } from '../model/country.ts'
import { printable } from '../model/hostname.ts'
import type { Effect } from '../model/verdict.ts'
import { seal } from './canonical.ts'
import {
  type ExceptionDocument,
  type FenceDocument,
  fenceDocument,
  type LocalNetworkDocument,
  localNetworkDocument,
  policyDocument,
  uncertainDocument,
} from './document.ts'
import { type MatcherName, matcherNames, matchers } from './matchers/index.ts'
import type { Matcher } from './matchers/matcher.ts'
import { compileNetworks } from './matchers/networks.ts'
import type { Path, Report } from './path.ts'
import {
  type Exception,
  type Fence,
  identifies,
  type LocalNetwork,
  type Policy,
  type Selection,
  type Territory,
  type Uncertain,
} from './policy.ts'
import { parseUntil } from './until.ts'
import { readSource } from './yaml-source.ts'

/** Compiles a policy file. Throws ConfigErrors with all faults, sorted by place. */
export function compilePolicy(text: string, file: string, name: string): Policy {
  const source = readSource(text, file, policyDocument, checkSoundParts)
  const document = source.value
  const fences = compileFences(document.fences ?? [], document.uncertain, source.report)
  const localNetwork = compileLocalNetwork(document.local_network ?? 'allow', source.report)
  source.throwIfReported()
  const saysLocalNetwork = document.local_network !== undefined
  return seal({ name, mode: document.mode, fences, localNetwork, saysLocalNetwork }, document.uncertain)
}

/** Where the shape of a file is faulty somewhere, its sound parts are compiled all the same, so that all faults are told at once. */
function checkSoundParts(document: unknown, report: Report): void {
  const { fences, uncertain, local_network } = Object(document)
  const said = { disputed: 'block', unknown: 'block', anycast: 'block' } as const
  // What is said of uncertainty is missing, or it is sound, or its fault is told already.
  const soundFences = Array.isArray(fences) ? fences.map((fence) => fenceDocument.safeParse(fence).data ?? null) : []
  compileFences(soundFences, uncertain === undefined ? undefined : { ...said, ...uncertainDocument.safeParse(uncertain).data }, report)
  compileLocalNetwork(localNetworkDocument.safeParse(local_network).data ?? 'allow', report)
}

function compileFences(documents: readonly (FenceDocument | null)[], uncertain: Uncertain | undefined, report: Report): readonly Fence[] {
  const seen = new Map<string, number>()
  return documents.flatMap((written, i) => {
    if (written === null) return []
    const at: Path = ['fences', i]
    const before = seen.get(written.name)
    if (before !== undefined) report([...at, 'name'], `"${written.name}" is also the name of fences[${before}]`)
    else seen.set(written.name, i)
    return compileFence(written, uncertain, at, report) ?? []
  })
}

function compileFence(written: FenceDocument, uncertain: Uncertain | undefined, at: Path, report: Report): Fence | null {
  const territory = compileTerritory(written, at, report)
  const traffic = compileSelection(written.traffic ?? {}, [...at, 'traffic'], report)
  const exceptions = (written.except ?? []).map((exception, i) => compileException(exception, [...at, 'except', i], report))
  if (territory === null) return null
  const said: Partial<Uncertain> = { ...uncertain, ...defined(written.uncertain ?? {}) }
  const missing = (['disputed', 'unknown', 'anycast'] as const).filter((key) => said[key] === undefined)
  if (territory.kind !== 'anywhere' && missing.length > 0) {
    const example = missing.map((key) => `${key}: block`).join(', ')
    report(
      at,
      `say what happens where the place of an address is ${either.format(missing)} (block, log or allow): "uncertain: { ${example} }"`,
    )
  }
  return {
    name: written.name,
    traffic,
    territory,
    exceptions,
    action: written.action ?? 'block',
    // Where a key is missing and no country is read, it is never asked for; `block` is what it would have to be.
    uncertain: { disputed: said.disputed ?? 'block', unknown: said.unknown ?? 'block', anycast: said.anycast ?? 'block' },
  }
}

const either = new Intl.ListFormat('en-GB', { type: 'disjunction' })

function compileTerritory(written: FenceDocument, at: Path, report: Report): Territory | null {
  if (written.never !== undefined && written.only !== undefined) {
    report([...at, 'only'], 'a fence has either "never" or "only"; write two fences for both')
    return null
  }
  if (written.never === 'anywhere') return { kind: 'anywhere' }
  if (written.never !== undefined) return { kind: 'never', countries: compileCountries(written.never, [...at, 'never'], report) }
  if (written.only !== undefined) return { kind: 'only', countries: compileCountries(written.only, [...at, 'only'], report) }
  report(at, 'a fence needs a territory: "never: [CN]", "only: [IN, SG]" or "never: anywhere"')
  return null
}

function compileCountries(codes: readonly string[], at: Path, report: Report): ReadonlySet<CountryCode> {
  const countries = new Set<CountryCode>()
  for (const [i, code] of codes.entries()) {
    if (isCountryCode(code)) {
      countries.add(code)
    } else if (code === 'anywhere') {
      report([...at, i], '"anywhere" stands alone: "never: anywhere"')
    } else {
      const suggestion = suggestCountry(code)
      report(
        [...at, i],
        `"${printable(code)}" is not a country code${suggestion === null ? ' (two capital letters, ISO 3166-1)' : `, did you mean "${suggestion}"?`}`,
      )
    }
  }
  return countries
}

function compileException(written: ExceptionDocument, at: Path, report: Report): Exception {
  const traffic = compileSelection(written, at, report)
  if (!identifies(traffic)) report(at, sayUnidentified(traffic))
  return {
    traffic,
    to: written.to === undefined ? null : compileCountries(written.to, [...at, 'to'], report),
    endsAt: written.until === undefined ? null : compileUntil(written.until, [...at, 'until'], report),
    reason: written.reason,
  }
}

function sayUnidentified(traffic: Selection): string {
  const says = `an exception says which destinations or whose traffic it is for (${either.format(matcherNames.filter((name) => matchers[name].identifies))})`
  const selectors = traffic.map(({ name }) => `"${name}"`)
  return selectors.length === 0
    ? `${says}: without that it would lift the whole fence`
    : `${says}: by ${new Intl.ListFormat('en-GB').format(selectors)} alone it would lift the fence for everybody, to anywhere`
}

function compileUntil(text: string, at: Path, report: Report): number | null {
  const endsAt = parseUntil(text)
  if (endsAt === null) report(at, `"${printable(text)}" is not a day of the calendar (write 2027-06-30)`)
  return endsAt
}

function compileSelection(written: Readonly<Record<string, unknown>>, at: Path, report: Report): Selection {
  return matcherNames.flatMap((name) => {
    const values = written[name]
    return values === undefined ? [] : [{ name, matcher: compileMatcher(name, values, [...at, name], report) }]
  })
}

function compileMatcher(name: MatcherName, values: unknown, at: Path, report: Report): Matcher {
  const isList = Array.isArray(values)
  // The shape check has passed: the items are of the kind's own type.
  const items = (isList ? values : [values]) as never[]
  return matchers[name].compile(items, (index, message) => report(isList ? [...at, index] : at, message))
}

function compileLocalNetwork(written: LocalNetworkDocument, report: Report): LocalNetwork {
  if (typeof written === 'string') return { effect: () => written, worst: written, document: written }
  const networks = compileNetworks(written.allow, (index, message) => report(['local_network', 'allow', index], message))
  const contains = containsAny(networks)
  const { otherwise } = written
  return {
    effect: (ip): Effect => (contains(ip) ? 'allow' : otherwise),
    worst: otherwise,
    document: { allow: [...new Set(networks.map(formatCidr))].sort(), otherwise },
  }
}

/** zod writes an optional key that was given as `undefined`; a spread must not let that hide the policy's own word. */
const defined = <T extends object>(written: T) =>
  Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>
  }
