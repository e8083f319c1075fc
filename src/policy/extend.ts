/** `extends:` and `with:`: policies that a policy is built on, and the values that it gives to their parameters. */
import { ConfigErrors, formatProblem, type Problem } from '../model/errors.ts'
import { printable } from '../model/hostname.ts'
import { didYouMean } from '../model/suggest.ts'
import { documentOf } from './compile-selection.ts'
import type { Countries } from './compile-territory.ts'
import { type PolicyDocument, policyDocument } from './document.ts'
import type { Library, PolicySource } from './library.ts'
import { type GivenValues, misfit, type ParametersDocument, type ParameterValue } from './parameters.ts'
import type { Path } from './path.ts'
import type { Fence, LocalNetwork } from './policy.ts'
import type { PolicyTest } from './suite.ts'
import { readSource, type Source } from './yaml-source.ts'

/** One file, compiled, with the fences of those that it extends. */
export interface Part {
  readonly document: PolicyDocument
  readonly source: Source<PolicyDocument>
  readonly fences: readonly Fence[]
  /** What the file says; of one that is extended it counts for nothing. */
  readonly localNetwork: LocalNetwork
  readonly tests: readonly PolicyTest[]
  readonly files: readonly string[]
  /** Names of definitions that something reads. */
  readonly used: ReadonlySet<string>
  readonly warnings: readonly Problem[]
}

type CompilePart = (base: PolicySource, given: GivenValues, library: Library, within: readonly string[]) => Part

/** No policy of ours goes beyond two. */
const MAX_DEPTH = 8

export interface Extended {
  readonly parts: readonly Part[]
  /** Faults in the files of others. */
  readonly problems: readonly Problem[]
  /** Whether all that is extended was found and read: else nobody knows which fences there are. */
  readonly isWhole: boolean
}

/** Reads every policy that is extended. Faults of the extending document go to its own report. */
export function extendedParts(
  document: PolicyDocument,
  source: Source<PolicyDocument>,
  countries: Countries,
  library: Library,
  within: readonly string[],
  compile: CompilePart,
): Extended {
  for (const [name, parameter] of Object.entries(document.parameters ?? {})) {
    const fault = misfit(parameter.default, parameter)
    if (fault !== null) source.report(['parameters', name, 'default'], `${fault}, as its type says`)
  }
  const names = [document.extends ?? []].flat()
  for (const name of Object.keys(document.definitions ?? {})) {
    // Those of what is extended carry such an end in the canonical form.
    if (names.length > 0 && /-[0-9a-f]{8}$/.test(name)) source.report(['definitions'], 'must not end in eight hexadecimal digits', name)
  }
  const found = names.map((name, i) => {
    const at: Path = Array.isArray(document.extends) ? ['extends', i] : ['extends']
    const base = library.find(name, within.at(-1) ?? '')
    if (names.indexOf(name) < i) source.report(at, `"${printable(name)}" stands here a second time`)
    else if ('problem' in base) source.report(at, base.problem)
    else if (within.includes(base.file)) source.report(at, `"${printable(name)}" extends this file in its turn`)
    else if (within.length > MAX_DEPTH) source.report(at, `policies extend each other more than ${MAX_DEPTH} deep`)
    else return base
    return null
  })
  const bases = found.filter((base) => base !== null)
  const parameters = bases.flatMap((base) => {
    const known = readableParameters(base)
    return known === null ? [] : [{ base, known }]
  })
  // Of a file that is not there, or cannot be read, nobody knows what it would have had.
  if (parameters.length === names.length) reportUnknown(Object.keys(document.with ?? {}), parameters, source)
  const values = document.with ?? {}
  const given = new Map(Object.entries(values).flatMap(([name, value]) => readValue(name, value, parameters, source, countries) ?? []))
  const at = (name: string, index: number | null): Path => (index === null ? ['with', name] : ['with', name, index])
  // Two policies may have taken the same faulty value.
  const told = new Set<string>()
  const fault: GivenValues['fault'] = (name, index, message) => {
    const key = `${name} ${index} ${message}`
    if (!told.has(key)) source.report(at(name, index), message)
    told.add(key)
  }
  const problems: Problem[] = []
  const parts = bases.flatMap((base) => {
    try {
      return compile(base, { values: given, fault }, library, within)
    } catch (error) {
      if (!(error instanceof ConfigErrors)) throw error
      problems.push(...error.problems)
      return []
    }
  })
  return { parts, problems: distinct(problems), isWhole: parts.length === names.length }
}

/** By two ways the same file has the same faults and warnings. */
export const distinct = (problems: readonly Problem[]): readonly Problem[] => [
  ...new Map(problems.map((problem) => [formatProblem(problem), problem])).values(),
]

interface Parameters {
  readonly base: PolicySource
  readonly known: ParametersDocument
}

function reportUnknown(given: readonly string[], parameters: readonly Parameters[], source: Source<PolicyDocument>): void {
  const names = parameters.flatMap(({ known }) => Object.keys(known))
  for (const name of given) {
    if (names.includes(name)) continue
    const hint = didYouMean(name, names) || (names.length === 0 ? ' (they have none)' : ` (${names.join(', ')})`)
    source.report(['with'], `"${printable(name)}" is no parameter of what this policy extends${hint}`, name)
  }
}

/** The value as its parameter's type has it, or nothing where it does not fit, which was then reported, or nobody has it. */
function readValue(
  name: string,
  value: ParameterValue,
  parameters: readonly Parameters[],
  source: Source<PolicyDocument>,
  countries: Countries,
): readonly (readonly [string, ParameterValue])[] {
  const owners = parameters.flatMap(({ base, known }) => {
    const parameter = Object.hasOwn(known, name) ? known[name] : undefined
    return parameter === undefined ? [] : [{ base, parameter }]
  })
  if (owners.length === 0) return []
  const wrong = owners.find(({ parameter }) => misfit(value, parameter) !== null)
  if (wrong !== undefined) {
    source.report(['with', name], `${misfit(value, wrong.parameter)}, as "${wrong.base.name}" wants it`)
    return []
  }
  // Groups of this policy mean nothing in the other one: countries do.
  const isTerritory = owners.every(({ parameter }) => parameter.type === 'territory') && Array.isArray(value)
  return [[name, isTerritory ? [...countries.read(value.map(String), ['with', name])].sort() : value]]
}

/** Of a faulty file none: its faults are told when it is compiled. */
export const parametersOf = (source: PolicySource): ParametersDocument => readableParameters(source) ?? {}

/** `null` where they cannot be read. */
function readableParameters({ text, file }: PolicySource): ParametersDocument | null {
  try {
    const { value } = readSource(text, file, policyDocument.pick({ parameters: true }).loose())
    return value.parameters ?? {}
  } catch (error) {
    if (error instanceof ConfigErrors) return null
    throw error
  }
}

/** A fence of the policy's own takes the place of one that it extends, and says so. */
export function mergeFences(
  parts: readonly Part[],
  own: readonly Fence[],
  source: Source<PolicyDocument>,
): { readonly fences: readonly Fence[]; readonly warnings: readonly Problem[] } {
  const ownNames = new Set(own.map(({ name }) => name))
  const taken = new Map<string, Fence>()
  const warnings: Problem[] = []
  for (const fence of parts.flatMap((part) => part.fences)) {
    const before = taken.get(fence.name)
    if (ownNames.has(fence.name)) {
      const { line, file } = own.find(({ name }) => name === fence.name)?.origin ?? fence.origin
      const message = `fence "${fence.name}" takes the place of the one in ${fence.origin.policy}`
      if (before === undefined) warnings.push({ position: { file, line, column: 1 }, path: '', message })
    } else if (before !== undefined && !isSame(before, fence)) {
      const both = `"${before.origin.policy}" and "${fence.origin.policy}"`
      source.report(['extends'], `${both} both have a fence "${fence.name}": write one of that name here, which then stands for both`)
    }
    if (before === undefined) taken.set(fence.name, fence)
  }
  return { fences: [...[...taken.values()].filter(({ name }) => !ownNames.has(name)), ...own], warnings }
}

/** The same fence by two ways, as where two packs extend a third. */
const isSame = (a: Fence, b: Fence): boolean =>
  a.origin.file === b.origin.file && a.origin.line === b.origin.line && JSON.stringify(plain(a)) === JSON.stringify(plain(b))

const plain = ({ traffic, territory, ...rest }: Fence) => [
  documentOf(traffic),
  territory.kind === 'anywhere' ? [] : [...territory.countries],
  rest.axes,
  rest.action,
  rest.enabled,
  rest.locked,
  rest.uncertain,
  rest.exceptions.map(({ traffic: part, to, ...words }) => [documentOf(part), [...(to ?? [])], words]),
]
