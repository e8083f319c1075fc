/** What compiles and is most likely not meant: each with its place, as a warning. Pure. */
import { allCountries, type CountryCode } from '../model/country.ts'
import type { Problem } from '../model/errors.ts'
import type { Millis } from '../model/flow.ts'
import { isHost, parseHost } from '../model/hostname.ts'
import type { Axis } from '../model/verdict.ts'
import { documentOf } from './compile-selection.ts'
import type { PolicyDocument } from './document.ts'
import type { Library } from './library.ts'
import { neverBoth } from './overlap.ts'
import type { Exception, Fence, Policy } from './policy.ts'
import { type Selection, valuesOf } from './selection.ts'

/** What the file holds beyond its fences. */
export interface Written {
  readonly document: PolicyDocument
  readonly file: string
  readonly line: (key: 'groups' | 'definitions', name: string) => number
  /** Names of definitions that something reads. */
  readonly used: ReadonlySet<string>
}

/** All that can be told without a clock. */
export function analyse(fences: readonly Fence[], written: Written, library: Library): readonly Problem[] {
  const judging = fences.filter(({ enabled }) => enabled)
  return [
    ...unmeetable(judging),
    ...judging.flatMap((fence) => [...idleExceptions(fence), ...foreignHosts(fence, library)]),
    ...shadowedGroups(written, library),
    ...unusedDefinitions(written),
  ]
}

const warn = ({ origin }: Pick<Fence, 'origin'>, message: string): Problem => ({
  position: { file: origin.file, line: origin.line, column: 1 },
  path: '',
  message,
})

/** Exceptions that have ended by `at`: nobody should search for hours why one no longer holds. */
export const endedExceptions = (policy: Pick<Policy, 'fences'>, at: Millis): readonly Problem[] =>
  policy.fences.flatMap((fence) =>
    fence.exceptions.flatMap(({ endsAt, reason }) =>
      endsAt !== null && endsAt <= at
        ? [warn(fence, `an exception of fence "${fence.name}" ("${reason}") ended on ${new Date(endsAt - 1).toISOString().slice(0, 10)}`)]
        : [],
    ),
  )

/** Countries that a fence leaves open. */
function permitted({ territory }: Fence): ReadonlySet<CountryCode> {
  if (territory.kind === 'anywhere') return new Set()
  return territory.kind === 'only' ? territory.countries : new Set(allCountries.filter((country) => !territory.countries.has(country)))
}

/** Fences over the same traffic that together leave no country: everything of it is blocked, and none of them says so. */
function unmeetable(fences: readonly Fence[]): readonly Problem[] {
  const blocking = fences.filter(({ action, territory }) => action === 'block' && territory.kind !== 'anywhere')
  const told = new Set<string>()
  return blocking.flatMap((fence) => {
    const axis = fence.axes.find((each) => jointly(fence, each, blocking).length > 1 && leavesNothing(jointly(fence, each, blocking)))
    if (axis === undefined) return []
    const names = jointly(fence, axis, blocking).map(({ name }) => `"${name}"`)
    const key = [...names].sort().join()
    if (told.has(key)) return []
    told.add(key)
    const what = fence.traffic.length === 0 ? 'everything' : 'all that they both select'
    return [warn(fence, `fences ${names.join(' and ')} cannot be met together: no country is left, so that ${what} is blocked`)]
  })
}

/** This fence and those that are over all that it is over. */
const jointly = (fence: Fence, axis: Axis, all: readonly Fence[]): readonly Fence[] =>
  all.filter((other) => other.axes.includes(axis) && (other.traffic.length === 0 || sameTraffic(other, fence)) && !makesWay(other, fence))

/** Whether an exception of the one is for all that the other is over: then both may well be met. */
const makesWay = ({ exceptions }: Fence, { traffic }: Fence): boolean =>
  exceptions.some((exception) => exception.traffic.every((term) => traffic.some((other) => textOf([term]) === textOf([other]))))

const sameTraffic = (a: Fence, b: Fence): boolean => textOf(a.traffic) === textOf(b.traffic)

/** Each is compared with all others, and may hold thousands of values. */
const texts = new WeakMap<Selection, string>()

function textOf(traffic: Selection): string {
  const text = texts.get(traffic) ?? JSON.stringify(documentOf(traffic))
  texts.set(traffic, text)
  return text
}

function leavesNothing(fences: readonly Fence[]): boolean {
  const [first, ...others] = fences.map(permitted)
  return first !== undefined && ![...first].some((country) => others.every((each) => each.has(country)))
}

function idleExceptions(fence: Fence): readonly Problem[] {
  return fence.exceptions.flatMap((exception) => {
    const why = whyIdle(fence, exception)
    return why === null ? [] : [warn(fence, `an exception of fence "${fence.name}" ("${exception.reason}") lifts nothing: ${why}`)]
  })
}

function whyIdle(fence: Fence, { traffic, to }: Exception): string | null {
  const key = neverBoth(fence.traffic, traffic)
  if (key !== null) return `what it selects by "${key}" is none of the fence's traffic`
  if (to === null || fence.territory.kind === 'anywhere' || fence.axes.some((axis) => axis !== 'server')) return null
  const open = permitted(fence)
  return [...to].every((country) => open.has(country)) ? `the fence permits ${[...to].sort().join(', ')} anyway` : null
}

/** A fence over an app and a host is over what is both. */
function foreignHosts(fence: Fence, { apps }: Library): readonly Problem[] {
  const ids = valuesOf(
    fence.traffic.filter(({ name }) => name === 'app'),
    'app',
  )
  if (ids.length === 0) return []
  const hosts = valuesOf(
    fence.traffic.filter(({ name }) => name === 'host'),
    'host',
  )
  return hosts.flatMap((text) => {
    const host = parseHost(text)
    // Of a pattern for names below, some may be the app's.
    if (!isHost(host) || host.kind !== 'name' || apps.named(host.name).some(({ id }) => ids.includes(id))) return []
    return [warn(fence, `fence "${fence.name}": ${text} is no name of ${ids.join(' or ')}, so that no traffic is both`)]
  })
}

function shadowedGroups({ document, file, line }: Written, { groups }: Library): readonly Problem[] {
  return Object.keys(document.groups ?? {}).flatMap((name) => {
    if (!groups.has(name)) return []
    const message = `group "${name}" hides the one of that name that comes with Ringfence`
    return [{ position: { file, line: line('groups', name), column: 1 }, path: `groups.${name}`, message }]
  })
}

function unusedDefinitions({ document, file, line, used }: Written): readonly Problem[] {
  return Object.keys(document.definitions ?? {}).flatMap((name) => {
    if (used.has(name)) return []
    const position = { file, line: line('definitions', name), column: 1 }
    return [{ position, path: `definitions.${name}`, message: `nothing reads definition "${name}": write "traffic: { is: ${name} }"` }]
  })
}
