/** Policy text → `Policy`, or every fault of it at once with its place and a suggestion. */
import { formatCidr } from '../model/cidr.ts'
import { CidrSet } from '../model/cidr-set.ts'
import { ConfigErrors } from '../model/errors.ts'
import type { Effect } from '../model/verdict.ts'
import { analyse } from './analyse.ts'
import { seal } from './canonical.ts'
import { compileFence, type Scope } from './compile-fence.ts'
import { readSelections } from './compile-selection.ts'
import { countriesOf } from './compile-territory.ts'
import { compileTests } from './compile-test.ts'
import {
  type FenceDocument,
  fenceDocument,
  type LocalNetworkDocument,
  localNetworkDocument,
  type PolicyDocument,
  policyDocument,
  testDocument,
  uncertainDocument,
} from './document.ts'
import { distinct, extendedParts, mergeFences, type Part } from './extend.ts'
import { type Library, noLibrary, type PolicySource } from './library.ts'
import { compileNetworks } from './matchers/networks.ts'
import { fill, type GivenValues, nothingGiven, readParameters } from './parameters.ts'
import type { Path, Report } from './path.ts'
import type { Fence, LocalNetwork, Policy, Uncertain } from './policy.ts'
import { type Rewritten, readSource } from './yaml-source.ts'

/** Compiles a policy file and those that it extends. Throws ConfigErrors with all faults, sorted by place. */
export function compilePolicy(text: string, file: string, name: string, library: Library = noLibrary): Policy {
  const part = compilePart({ text, file, name }, nothingGiven, library, [])
  const { document, source, fences, localNetwork } = part
  const compiled = {
    name,
    mode: document.mode,
    fences: fences.filter(({ enabled }) => enabled),
    off: fences.filter(({ enabled }) => !enabled),
    localNetwork,
    saysLocalNetwork: document.local_network !== undefined,
    tests: part.tests,
    files: part.files,
  }
  const line = (key: 'groups' | 'definitions', of: string) => source.place([key], of).line
  const warnings = [...part.warnings, ...analyse(fences, { document, file, line, used: part.used }, library)]
  return seal({ ...compiled, warnings }, document.uncertain)
}

/** `given`: values for its parameters. `within`: the files on the way here, to see a circle. */
function compilePart({ text, file, name }: PolicySource, given: GivenValues, library: Library, within: readonly string[]): Part {
  const source = readSource(text, file, policyDocument, {
    rewrite: (written, report) => rewriteWith(given, written, report),
    alsoCheck: (written, report) => checkSoundParts(written, library, report),
  })
  const document = source.value
  const scope = scopeOf(document, library, source.report, within.length > 0)
  const extended = extendedParts(document, source, scope.countries, library, [...within, file], compilePart)
  const fences = compileFences(document.fences ?? [], scope, (i) => ({
    policy: name,
    file,
    line: source.place(['fences', i]).line,
  }))
  const merged = mergeFences(extended.parts, fences, source)
  const tests = compileTests(document.tests ?? [], extended.isWhole ? merged.fences : null, library, source.report, source.place)
  const localNetwork = compileLocalNetwork(document.local_network ?? 'allow', source.report)
  if (extended.problems.length > 0) throw new ConfigErrors([...source.problems, ...extended.problems])
  source.throwIfReported()
  return {
    document,
    source,
    fences: merged.fences,
    localNetwork,
    tests,
    files: [...new Set([file, ...extended.parts.flatMap((part) => part.files)])],
    used: scope.selections.used,
    warnings: distinct([...extended.parts.flatMap((part) => part.warnings), ...merged.warnings]),
  }
}

/** A value that was given from outside, and is faulty, is told where it was given. */
function rewriteWith(given: GivenValues, written: unknown, report: Report): Rewritten {
  const { value, placeOf, cameFrom, isUnknown } = fill(written, readParameters(written, given), report)
  const isElsewhere = (path: Path, message: string) => {
    if (isUnknown(path)) return true
    const from = cameFrom(path)
    if (from === null || !given.values.has(from.name)) return false
    given.fault(from.name, from.index, message)
    return true
  }
  return { value, placeOf, isElsewhere }
}

function scopeOf(
  { definitions, groups, uncertain }: Pick<PolicyDocument, 'definitions' | 'groups' | 'uncertain'>,
  library: Library,
  report: Report,
  isBase: boolean,
): Scope {
  return {
    selections: readSelections(definitions ?? {}, library.apps, report, isBase),
    countries: countriesOf(groups ?? {}, library.groups, report),
    uncertain,
    report,
  }
}

function compileFences(
  written: readonly (FenceDocument | null)[],
  scope: Scope,
  origin: (index: number) => Fence['origin'],
): readonly Fence[] {
  const seen = new Map<string, number>()
  return written.flatMap((fence, i) => {
    if (fence === null) return []
    const before = seen.get(fence.name)
    if (before !== undefined) scope.report(['fences', i, 'name'], `"${fence.name}" is also the name of fences[${before}]`)
    else seen.set(fence.name, i)
    return compileFence(fence, ['fences', i], scope, origin(i)) ?? []
  })
}

/** Where the shape of a file is faulty somewhere, its sound parts are compiled all the same, so that all faults are told at once. */
function checkSoundParts(written: unknown, library: Library, report: Report): void {
  const { fences, uncertain, local_network, definitions, groups, tests } = Object(written)
  const said = { disputed: 'block', unknown: 'block', anycast: 'block' } as const
  const sound = {
    fences: Array.isArray(fences) ? fences.map((fence) => fenceDocument.safeParse(fence).data ?? null) : [],
    definitions: policyDocument.shape.definitions.safeParse(definitions).data,
    groups: policyDocument.shape.groups.safeParse(groups).data,
    // What is said of uncertainty is missing, or it is sound, or its fault is told already.
    uncertain: uncertain === undefined ? undefined : ({ ...said, ...uncertainDocument.safeParse(uncertain).data } satisfies Uncertain),
  }
  // A word that is defined, but not soundly, is no unknown word: its own fault is told.
  const isWhole = (sound.definitions !== undefined || definitions === undefined) && (sound.groups !== undefined || groups === undefined)
  if (isWhole) compileFences(sound.fences, scopeOf(sound, library, report, false), () => ({ policy: '', file: '', line: 0 }))
  compileLocalNetwork(localNetworkDocument.safeParse(local_network).data ?? 'allow', report)
  const soundTests = Array.isArray(tests) ? tests.map((test) => testDocument.safeParse(test).data ?? null) : []
  compileTests(soundTests, null, library, report, () => ({ file: '', line: 0, column: 0 }))
}

function compileLocalNetwork(written: LocalNetworkDocument, report: Report): LocalNetwork {
  if (typeof written === 'string') return { effect: () => written, worst: written, document: written }
  const networks = compileNetworks(written.allow, (index, message) => report(['local_network', 'allow', index], message))
  const allowed = new CidrSet(networks)
  const { otherwise } = written
  return {
    effect: (ip): Effect => (allowed.has(ip) ? 'allow' : otherwise),
    worst: otherwise,
    document: { allow: [...new Set(networks.map(formatCidr))].sort(), otherwise },
  }
}
