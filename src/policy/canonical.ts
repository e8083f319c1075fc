/**
 * A policy written out again, so that two that judge alike in the same words have one text and one hash: every default
 * said, names and networks in one spelling, countries sorted. What a file says in vain (a default, its comments) is gone.
 */
import { createHash } from 'node:crypto'
import type { Mode } from '../model/verdict.ts'
import type { FenceDocument, PolicyDocument } from './document.ts'
import type { Exception, Fence, Policy, Selection, Uncertain } from './policy.ts'
import { formatUntil } from './until.ts'

/** What was compiled, with its canonical form and its hash. `uncertain` is the policy's own word; the fences carry theirs. */
export function seal(compiled: Omit<Policy, 'document' | 'hash'>, uncertain: Uncertain | undefined): Policy {
  const document: PolicyDocument = {
    version: 1,
    mode: compiled.mode,
    ...(uncertain !== undefined && { uncertain }),
    local_network: compiled.localNetwork.document,
    fences: compiled.fences.map(writeFence),
  }
  return { ...compiled, document, hash: createHash('sha256').update(JSON.stringify(document)).digest('hex') }
}

/** The same policy in another mode: what `--mode` on the command line asks for. */
export const withMode = (policy: Policy, mode: Mode): Policy =>
  policy.mode === mode ? policy : seal({ ...policy, mode }, policy.document.uncertain)

function writeFence({ name, traffic, territory, exceptions, action, uncertain }: Fence): FenceDocument {
  return {
    name,
    ...(traffic.length > 0 && { traffic: writeSelection(traffic) }),
    ...(territory.kind === 'anywhere' ? { never: 'anywhere' as const } : { [territory.kind]: [...territory.countries].sort() }),
    ...(exceptions.length > 0 && { except: exceptions.map(writeException) }),
    action,
    uncertain,
  }
}

const writeException = ({ traffic, to, endsAt, reason }: Exception) => ({
  ...writeSelection(traffic),
  ...(to !== null && { to: [...to].sort() }),
  ...(endsAt !== null && { until: formatUntil(endsAt) }),
  reason,
})

const writeSelection = (selection: Selection) => Object.fromEntries(selection.map(({ name, matcher }) => [name, [...matcher.document]]))
