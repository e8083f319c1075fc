/** `traffic:`, `not:`, `definitions:` and the selectors of an exception → a `Selection`. */
import { createHash } from 'node:crypto'
import type { AppCatalogue } from '../model/app.ts'
import { printable } from '../model/hostname.ts'
import { didYouMean } from '../model/suggest.ts'
import type { SelectionDocument } from './document.ts'
import { type MatcherName, matcherNames, matchers } from './matchers/index.ts'
import type { MatcherKind } from './matchers/matcher.ts'
import { NOTHING } from './parameters.ts'
import type { Path, Report } from './path.ts'
import { type Definition, isTerm, notTerm, type Selection, type Term } from './selection.ts'

/** `nothing`: what it selects by was left empty, by a parameter. */
export type Selected = Selection | 'nothing'

export interface Selections {
  read(written: SelectionDocument, at: Path): Selected
  /** Names of definitions that something reads. */
  readonly used: ReadonlySet<string>
}

/**
 * Definitions may be made of each other; each fault is reported once, where it stands. `isBase`: another policy is built
 * on this one and may have a definition of the same name, so that these carry their content in theirs.
 */
export function readSelections(
  definitions: Readonly<Record<string, SelectionDocument>>,
  apps: AppCatalogue,
  report: Report,
  isBase = false,
): Selections {
  const compiled = new Map<string, Definition | 'nothing'>()
  const used = new Set<string>()
  const sizes = new Map<Selection, number>()

  const definition = (name: string, at: Path, within: readonly string[]): Definition | 'nothing' => {
    const written = Object.hasOwn(definitions, name) ? definitions[name] : undefined
    if (written === undefined) {
      const names = Object.keys(definitions)
      const hint = didYouMean(name, names) || ` (${names.length === 0 ? 'the policy has no "definitions"' : names.join(', ')})`
      report(at, `"${printable(name)}" is no definition of this policy${hint}`)
      return 'nothing'
    }
    if (within.includes(name)) {
      report(at, `definition "${name}" is made of itself${way(name, within)}`)
      return 'nothing'
    }
    const known = compiled.get(name)
    if (known !== undefined) return known
    const selection = select(written, ['definitions', name], [...within, name])
    if (selection !== 'nothing' && sizeOf(selection, sizes) > MOST_TERMS) {
      report(['definitions', name], `is made of more than ${MOST_TERMS} parts, those of the definitions that it names counted each time`)
      compiled.set(name, 'nothing')
      return 'nothing'
    }
    const made = selection === 'nothing' ? selection : { name: isBase ? distinct(name, selection) : name, selection }
    compiled.set(name, made)
    return made
  }

  const select = (written: SelectionDocument, at: Path, within: readonly string[]): Selected => {
    const terms: (Term | 'nothing')[] = matcherNames.flatMap((name) => {
      const values = written[name]
      return values === undefined ? [] : [matcherTerm(name, values, [...at, name])]
    })
    if (written.is !== undefined) terms.push(definedTerm(written.is, [...at, 'is'], within))
    if (written.not !== undefined) {
      const inner = select(Object(written.not), [...at, 'not'], within)
      if (Object.keys(Object(written.not)).length === 0) report([...at, 'not'], 'says nothing that could be negated')
      // What is not nothing is everything, and what is not everything is nothing.
      if (inner !== 'nothing') terms.push(inner.length === 0 ? 'nothing' : notTerm(inner, documentOf(inner)))
    }
    return terms.every((term) => term !== 'nothing') ? terms : 'nothing'
  }

  const definedTerm = (written: unknown, at: Path, within: readonly string[]): Term | 'nothing' => {
    const names = [...new Set([written].flat().map(String))]
    for (const name of names) used.add(name)
    const found = names.map((name, i) => definition(name, Array.isArray(written) ? [...at, i] : at, within))
    const some = found.filter((each) => each !== 'nothing')
    return some.length === 0 ? 'nothing' : isTerm(some)
  }

  const matcherTerm = (name: MatcherName, values: unknown, at: Path): Term | 'nothing' => {
    const kind: MatcherKind<unknown> = matchers[name]
    const isList = Array.isArray(values)
    const items = (isList ? values : [values]).filter((item) => item !== NOTHING)
    if (items.length === 0) return 'nothing'
    const place = (index: number): Path => (isList ? [...at, index] : at)
    const matcher = kind.compile(
      items,
      (index, message, key) => report(key === undefined ? place(index) : [...place(index), key], message),
      apps,
    )
    return { name, matcher, reads: kind.reads, identifies: kind.identifies, within: [], definitions: [] }
  }

  for (const name of Object.keys(definitions)) definition(name, ['definitions', name], [])
  return { read: (written, at) => select(written, at, []), used }
}

/** Of a circle that leads through others, all that it leads through. */
export const way = (name: string, within: readonly string[]): string => {
  const circle = [...within.slice(within.indexOf(name)), name]
  return circle.length === 2 ? '' : ` (${circle.join(' → ')})`
}

/** Each flow may have to look at all of them: definitions of definitions of definitions double with every level. */
const MOST_TERMS = 2_000

/** Terms in it, however deep. What stands within was measured before. */
function sizeOf(selection: Selection, sizes: Map<Selection, number>): number {
  const known = sizes.get(selection)
  if (known !== undefined) return known
  const size = selection.reduce((sum, { within }) => sum + 1 + within.reduce((inner, each) => inner + sizeOf(each, sizes), 0), 0)
  sizes.set(selection, size)
  return size
}

/** Short enough to stay a name. */
const distinct = (name: string, selection: Selection): string =>
  `${name.slice(0, 50)}-${createHash('sha256')
    .update(JSON.stringify(documentOf(selection)))
    .digest('hex')
    .slice(0, 8)}`

/** As it would be written, in canonical form. */
export const documentOf = (selection: Selection): SelectionDocument =>
  Object.fromEntries(selection.map(({ name, matcher }) => [name, name === 'not' ? matcher.document[0] : [...matcher.document]]))
