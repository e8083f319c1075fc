/**
 * A policy written out again, so that two that judge alike in the same words have one text and one hash: every default
 * said, names and networks in one spelling, countries sorted, what it extends joined in. What a file says in vain (a
 * default, a fence that is off, its comments) is gone, and so are its tests, which judge nothing.
 */
import { createHash } from 'node:crypto'
import type { Mode } from '../model/verdict.ts'
import { documentOf } from './compile-selection.ts'
import type { FenceDocument, PolicyDocument, SelectionDocument } from './document.ts'
import { type Exception, type Fence, type Policy, selectionsOf, type Uncertain } from './policy.ts'
import type { Definition, Selection } from './selection.ts'
import { formatUntil } from './until.ts'

/** What was compiled, with its canonical form and its hash. `uncertain` is the policy's own word; the fences carry theirs. */
export function seal(compiled: Omit<Policy, 'document' | 'hash'>, uncertain: Uncertain | undefined): Policy {
  const definitions = definitionsOf(compiled.fences)
  const document: PolicyDocument = {
    version: 1,
    mode: compiled.mode,
    ...(uncertain !== undefined && { uncertain }),
    local_network: compiled.localNetwork.document,
    ...(Object.keys(definitions).length > 0 && { definitions }),
    fences: compiled.fences.map(writeFence),
  }
  return { ...compiled, document, hash: createHash('sha256').update(JSON.stringify(document)).digest('hex') }
}

/** The same policy in another mode: what `--mode` on the command line asks for. */
export const withMode = (policy: Policy, mode: Mode): Policy =>
  policy.mode === mode ? policy : seal({ ...policy, mode }, policy.document.uncertain)

function writeFence(fence: Fence): FenceDocument {
  const { name, note, locked, traffic, territory, axes, exceptions, action, uncertain } = fence
  return {
    name,
    ...(note !== null && { note }),
    ...(locked && { locked }),
    ...(traffic.length > 0 && { traffic: documentOf(traffic) }),
    ...(territory.kind === 'anywhere' ? { never: 'anywhere' as const } : { [territory.kind]: [...territory.countries].sort() }),
    ...(territory.kind !== 'anywhere' && { country_of: [...axes] }),
    ...(exceptions.length > 0 && { except: exceptions.map(writeException) }),
    action,
    uncertain,
  }
}

const writeException = ({ traffic, to, endsAt, reason }: Exception) => ({
  ...documentOf(traffic),
  ...(to !== null && { to: [...to].sort() }),
  ...(endsAt !== null && { until: formatUntil(endsAt) }),
  reason,
})

function definitionsOf(fences: readonly Fence[]): Readonly<Record<string, SelectionDocument>> {
  const all = fences.flatMap(selectionsOf).flatMap(definitionsIn)
  const documents = all.map(({ name, selection }) => [name, documentOf(selection)] as const)
  return Object.fromEntries([...documents].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const definitionsIn = (selection: Selection): readonly Definition[] =>
  selection.flatMap(({ definitions, within }) => [...definitions, ...within.flatMap(definitionsIn)])
