/** How two policies differ as documents, in their canonical forms: what is only spelt differently is the same. */
import type { Policy } from '../../../policy/policy.ts'

export interface DocumentChanges {
  readonly onlyA: readonly string[]
  readonly onlyB: readonly string[]
  /** Of the same name, and not the same. */
  readonly changed: readonly string[]
  /** Of the rest of the document. */
  readonly keys: readonly ('mode' | 'local_network')[]
}

export function documentChanges(a: Policy, b: Policy): DocumentChanges {
  const [before, after] = [fencesOf(a), fencesOf(b)]
  const shared = [...before.keys()].filter((name) => after.has(name))
  return {
    onlyA: [...before.keys()].filter((name) => !after.has(name)),
    onlyB: [...after.keys()].filter((name) => !before.has(name)),
    changed: shared.filter((name) => before.get(name) !== after.get(name)),
    keys: (['mode', 'local_network'] as const).filter((key) => JSON.stringify(a.document[key]) !== JSON.stringify(b.document[key])),
  }
}

/** What a fence refers to by name counts as its own: another definition makes another fence. */
function fencesOf({ document }: Policy): ReadonlyMap<string, string> {
  const { fences = [], definitions = {} } = document
  return new Map(
    fences.map((fence) => {
      const text = JSON.stringify(fence)
      return [fence.name, text + usedBy(text, definitions, new Set())]
    }),
  )
}

function usedBy(text: string, definitions: Readonly<Record<string, unknown>>, seen: Set<string>): string {
  if (!text.includes('"is":')) return ''
  return Object.entries(definitions)
    .filter(([name]) => !seen.has(name) && text.includes(`"${name}"`))
    .map(([name, definition]) => {
      seen.add(name)
      const own = JSON.stringify(definition)
      return own + usedBy(own, definitions, seen)
    })
    .join()
}

/** In one line. */
export function documentLine({ onlyA, onlyB, changed, keys }: DocumentChanges): string {
  const parts = [
    named('only in A', onlyA),
    named('only in B', onlyB),
    named('in both but different', changed),
    keys.length === 0 ? null : `${keys.join(' and ')} ${keys.length === 1 ? 'differs' : 'differ'}`,
  ].filter((part) => part !== null)
  return parts.length === 0 ? 'As documents they say the same.' : `As documents: ${parts.join('; ')}.`
}

const named = (where: string, names: readonly string[]): string | null =>
  names.length === 0 ? null : `${names.length === 1 ? 'fence' : 'fences'} ${where}: ${names.join(', ')}`
