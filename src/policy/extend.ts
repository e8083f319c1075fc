/** `extends:` and `with:`: policies that a policy is built on, and the values that it gives to their parameters. */
import { ConfigErrors, type Problem } from '../model/errors.ts'
import { printable } from '../model/hostname.ts'
import { didYouMean } from '../model/suggest.ts'
import { documentOf } from './compile-selection.ts'
import { type PolicyDocument, policyDocument } from './document.ts'
import type { Library, PolicySource } from './library.ts'
import { misfit, type ParametersDocument, type ParameterValue } from './parameters.ts'
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

type CompilePart = (base: PolicySource, given: ReadonlyMap<string, ParameterValue>, library: Library, within: readonly string[]) => Part

/** No policy of ours goes beyond two. */
const MAX_DEPTH = 8

/** What its parameters stand for: what was given, else their defaults. A document that is not sound has none yet. */
export function readParameters(written: unknown, given: ReadonlyMap<string, ParameterValue>): ReadonlyMap<string, ParameterValue> {
  const { data = {} } = policyDocument.shape.parameters.safeParse(Object(written).parameters)
  return new Map(Object.entries(data ?? {}).map(([name, parameter]) => [name, given.get(name) ?? parameter.default]))
}

export interface Extended {
  readonly parts: readonly Part[]
  /** Faults in the files of others. */
  readonly problems: readonly Problem[]
}

/** Reads every policy that is extended. Faults of the extending document go to its own report. */
export function extendedParts(
  document: PolicyDocument,
  source: Source<PolicyDocument>,
  library: Library,
  within: readonly string[],
  compile: CompilePart,
): Extended {
  for (const [name, parameter] of Object.entries(document.parameters ?? {})) {
    const fault = misfit(parameter.default, parameter)
    if (fault !== null) source.report(['parameters', name, 'default'], `${fault}, as its type says`)
  }
  const names = [document.extends ?? []].flat()
  const found = names.map((name, i) => {
    const at: Path = Array.isArray(document.extends) ? ['extends', i] : ['extends']
    const base = library.find(name, within.at(-1) ?? '')
    if ('problem' in base) source.report(at, base.problem)
    else if (within.includes(base.file)) source.report(at, `"${printable(name)}" extends this file in its turn`)
    else if (within.length > MAX_DEPTH) source.report(at, `policies extend each other more than ${MAX_DEPTH} deep`)
    else return base
    return null
  })
  const bases = found.filter((base) => base !== null)
  const parameters = bases.map((base) => ({ base, known: parametersOf(base) }))
  const values = document.with ?? {}
  for (const [name, value] of Object.entries(values)) checkValue(name, value, parameters, source)
  const problems: Problem[] = []
  const parts = bases.flatMap((base) => {
    try {
      return compile(base, new Map(Object.entries(values)), library, within)
    } catch (error) {
      if (!(error instanceof ConfigErrors)) throw error
      problems.push(...error.problems)
      return []
    }
  })
  return { parts, problems }
}

function checkValue(
  name: string,
  value: ParameterValue,
  parameters: readonly { readonly base: PolicySource; readonly known: ParametersDocument }[],
  source: Source<PolicyDocument>,
): void {
  const owners = parameters.filter(({ known }) => Object.hasOwn(known, name))
  if (owners.length === 0) {
    const names = parameters.flatMap(({ known }) => Object.keys(known))
    const hint = didYouMean(name, names) || (names.length === 0 ? ' (they have none)' : ` (${names.join(', ')})`)
    source.report(['with', name], `"${printable(name)}" is no parameter of what this policy extends${hint}`, name)
  }
  for (const { base, known } of owners) {
    const parameter = known[name]
    const fault = parameter === undefined ? null : misfit(value, parameter)
    if (fault !== null) source.report(['with', name], `${fault}, as "${base.name}" wants it`)
  }
}

/** Of a faulty file none: its faults are told when it is compiled. */
function parametersOf({ text, file }: PolicySource): ParametersDocument {
  try {
    const { value } = readSource(text, file, policyDocument.pick({ parameters: true }).loose())
    return value.parameters ?? {}
  } catch (error) {
    if (error instanceof ConfigErrors) return {}
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
  rest.action,
  rest.enabled,
  rest.uncertain,
  rest.exceptions.map(({ traffic: part, to, ...words }) => [documentOf(part), [...(to ?? [])], words]),
]
