/** Which part of the traffic a fence is over: keys are AND, the values of one key OR, `not:` the reverse of what stands under it. */
import type { Facts } from '../model/facts.ts'
import type { MatcherName } from './matchers/index.ts'
import type { Match, Matcher, Reads } from './matchers/matcher.ts'

/** One key under `traffic:`: a matcher of the table, the name of a definition, or a negation. */
export interface Term {
  readonly name: MatcherName | 'is' | 'not'
  readonly matcher: Matcher
  readonly reads: Reads
  readonly identifies: boolean
  /** What stands within: the definitions that `is` names, or what `not` negates. Empty for a matcher of the table. */
  readonly within: readonly Selection[]
  /** Those that `is` names. */
  readonly definitions: readonly Definition[]
}

/** All terms must match. Empty: all of the traffic. */
export type Selection = readonly Term[]

/** A selection with a name, from `definitions:`. */
export interface Definition {
  readonly name: string
  readonly selection: Selection
}

/** Does the traffic look like it? */
export const applies = (selection: Selection, facts: Facts): Match => every(selection, ({ matcher }) => matcher.applies(facts))

/** Is it so beyond doubt? */
export const proved = (selection: Selection, facts: Facts): Match => every(selection, ({ matcher }) => matcher.proved(facts))

/** `is: [payment]`: one of these definitions matches. */
export const isTerm = (definitions: readonly Definition[]): Term => {
  const selections = definitions.map(({ selection }) => selection)
  return {
    name: 'is',
    matcher: {
      applies: (facts) => anyOf(selections, (selection) => applies(selection, facts)),
      proved: (facts) => anyOf(selections, (selection) => proved(selection, facts)),
      document: definitions.map(({ name }) => name),
    },
    reads: slowest(selections.flat()),
    identifies: selections.length > 0 && selections.every(identifies),
    within: selections,
    definitions,
  }
}

/**
 * `not: { … }`. It excludes traffic from a fence, so it must be proved where `applies` is asked; and where it is itself
 * to be proved, what stands within may not even look so (DESIGN.md §2, rule 4).
 */
export const notTerm = (selection: Selection, document: unknown): Term => ({
  name: 'not',
  matcher: {
    applies: (facts) => inverse[proved(selection, facts)],
    proved: (facts) => inverse[applies(selection, facts)],
    document: [document],
  },
  reads: slowest(selection),
  // What something is not says nothing of what it is.
  identifies: false,
  within: [selection],
  definitions: [],
})

/** Whether it waits for names that may still be learnt. */
export const readsNames = (selection: Selection): boolean => slowest(selection) === 'names'

/** Whether it says whose traffic or which destination is meant, and not only of what kind the traffic is. */
export const identifies = (selection: Selection): boolean => selection.some((term) => term.identifies)

/** Every matcher of the table in it, however deep, with the key that it stands under. */
export const leavesOf = (selection: Selection): readonly (Term & { readonly name: MatcherName })[] =>
  selection.flatMap((term) => (isLeaf(term) ? [term] : term.within.flatMap(leavesOf)))

/** The values of one key anywhere in it, as text. */
export const valuesOf = (selection: Selection, name: MatcherName): readonly string[] =>
  leavesOf(selection)
    .filter((term) => term.name === name)
    .flatMap(({ matcher }) => matcher.document.map(String))

const isLeaf = (term: Term): term is Term & { readonly name: MatcherName } => term.name !== 'is' && term.name !== 'not'

const inverse: Readonly<Record<Match, Match>> = { yes: 'no', no: 'yes', open: 'open' }

const slowest = (selection: Selection): Reads =>
  (['names', 'address'] as const).find((reads) => selection.some((term) => term.reads === reads)) ?? 'flow'

/** AND: one `no` settles it. */
function every<T>(items: readonly T[], ask: (item: T) => Match): Match {
  let answer: Match = 'yes'
  for (const item of items) {
    const match = ask(item)
    if (match === 'no') return 'no'
    if (match === 'open') answer = 'open'
  }
  return answer
}

/** OR: one `yes` settles it. */
export function anyOf<T>(items: readonly T[], ask: (item: T) => Match): Match {
  let answer: Match = 'no'
  for (const item of items) {
    const match = ask(item)
    if (match === 'yes') return 'yes'
    if (match === 'open') answer = 'open'
  }
  return answer
}
