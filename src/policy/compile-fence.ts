/** One entry under `fences:` → a `Fence`. */

import { printable } from '../model/hostname.ts'
import type { Axis } from '../model/verdict.ts'
import type { Selections } from './compile-selection.ts'
import { type Countries, compileTerritory } from './compile-territory.ts'
import type { ExceptionDocument, FenceDocument } from './document.ts'
import { matcherNames, matchers } from './matchers/index.ts'
import { NOTHING } from './parameters.ts'
import type { Path, Report } from './path.ts'
import type { Exception, Fence, FenceOrigin, Uncertain } from './policy.ts'
import { identifies, type Selection } from './selection.ts'
import { parseUntil } from './until.ts'

/** What the words of a fence mean in its document. */
export interface Scope {
  readonly selections: Selections
  readonly countries: Countries
  /** What the policy itself says of uncertainty. */
  readonly uncertain: Uncertain | undefined
  readonly report: Report
}

/** `null`: it has no territory, and that was reported. */
export function compileFence(written: FenceDocument, at: Path, scope: Scope, origin: FenceOrigin): Fence | null {
  const { selections, countries, report } = scope
  const territory = compileTerritory(written, at, countries, report)
  const traffic = selections.read(written.traffic ?? {}, [...at, 'traffic'])
  const exceptions = (written.except ?? []).flatMap((exception, i) => compileException(exception, [...at, 'except', i], scope) ?? [])
  const axes = [written.country_of ?? 'server'].flat() as readonly Axis[]
  if (territory?.kind === 'anywhere' && written.country_of !== undefined) {
    report([...at, 'country_of'], '"never: anywhere" asks for no country: leave "country_of" out')
  }
  if (territory === null) return null
  const isEmpty = traffic === 'nothing' || (territory.kind === 'never' && territory.countries.size === 0)
  return {
    name: written.name,
    traffic: traffic === 'nothing' ? [] : traffic,
    territory,
    axes: axesInOrder.filter((axis) => axes.includes(axis)),
    exceptions,
    action: written.action ?? 'block',
    uncertain: compileUncertain(written, territory.kind !== 'anywhere', at, scope),
    note: written.note ?? null,
    // A fence over what a parameter left empty is over nothing, not over everything.
    enabled: !isEmpty && written.enabled !== false,
    empty: isEmpty,
    locked: written.locked ?? false,
    origin,
  }
}

const axesInOrder: readonly Axis[] = ['server', 'registry', 'network', 'company']

function compileUncertain(written: FenceDocument, readsCountries: boolean, at: Path, { uncertain, report }: Scope): Uncertain {
  const said: Partial<Uncertain> = { ...uncertain, ...defined(written.uncertain ?? {}) }
  const missing = (['disputed', 'unknown', 'anycast'] as const).filter((key) => said[key] === undefined)
  if (readsCountries && missing.length > 0) {
    const example = missing.map((key) => `${key}: block`).join(', ')
    report(
      at,
      `say what happens where the place of an address is ${either.format(missing)} (block, log or allow): "uncertain: { ${example} }"`,
    )
  }
  // Where a key is missing and no country is read, it is never asked for; `block` is what it would have to be.
  return { disputed: said.disputed ?? 'block', unknown: said.unknown ?? 'block', anycast: said.anycast ?? 'block' }
}

const either = new Intl.ListFormat('en-GB', { type: 'disjunction' })

/** `null`: a parameter left empty what it is for. */
function compileException(written: ExceptionDocument, at: Path, { selections, countries, report }: Scope): Exception | null {
  const { to, until, reason, not: _, ...selectors } = written
  const traffic = selections.read(selectors, at)
  const compiled = {
    to: to === undefined ? null : countries.read(to, [...at, 'to']),
    endsAt: until === undefined ? null : compileUntil(until, [...at, 'until'], report),
    reason,
  }
  if (traffic === 'nothing' || to?.every((word) => word === NOTHING)) return null
  if (!identifies(traffic)) report(at, sayUnidentified(traffic))
  else if (holdsNot(traffic)) report(at, 'an exception says what is permitted: the definition that it names must not hold a "not"')
  return { traffic, ...compiled }
}

const holdsNot = (selection: Selection): boolean => selection.some(({ name, within }) => name === 'not' || within.some(holdsNot))

function sayUnidentified(traffic: Selection): string {
  const says = `an exception says which destinations or whose traffic it is for (${either.format(matcherNames.filter((name) => matchers[name].identifies))})`
  const selectors = traffic.map(({ name, matcher }) => `"${name}${name === 'is' ? `: ${matcher.document.join(', ')}` : ''}"`)
  return selectors.length === 0
    ? `${says}: without that it would lift the whole fence`
    : `${says}: by ${new Intl.ListFormat('en-GB').format(selectors)} alone it would lift the fence for everybody, to anywhere`
}

function compileUntil(text: string, at: Path, report: Report): number | null {
  const endsAt = parseUntil(text)
  if (endsAt === null) report(at, `"${printable(text)}" is not a day of the calendar (write 2027-06-30)`)
  return endsAt
}

/** zod writes an optional key that was given as `undefined`; a spread must not let that hide the policy's own word. */
const defined = <T extends object>(written: T) =>
  Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>
  }
