/**
 * What is wrong with a file as YAML, in the words of people who write policies: for the mistakes that they make most, not
 * what the parser missed where it gave up, but what to mend and where.
 */
import { type Document, visit, type YAMLError } from 'yaml'
import { printable } from '../model/hostname.ts'

export interface YamlFault {
  readonly offset: number
  readonly message: string
}

/** Whoever gets more than these has not made more mistakes, but one early. */
const MAX_FAULTS = 10

/** What the parser warns of (an unknown tag, say) it would also pass over: a policy that was half understood is refused. */
export function yamlFaults(document: Document, text: string): readonly YamlFault[] {
  const errors = [...document.errors, ...document.warnings]
  const deep = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION')
  if (deep !== undefined) return [{ offset: deep.pos[0], message: 'is nested too deeply' }]
  if (errors.length > 0) return errors.slice(0, MAX_FAULTS).map((error) => sayError(error, document, text))
  return aliasFaults(document).slice(0, MAX_FAULTS)
}

/** A person writes a handful. The parser looks through the whole file for each, so that their number must have a limit. */
export const MAX_ALIASES = 100

/** One visit in the order of the file: an alias stands for the last anchor of its name before it. */
function aliasFaults(document: Document): readonly YamlFault[] {
  const anchors = new Map<string, unknown>()
  const faults: YamlFault[] = []
  let aliases = 0
  visit(document, {
    Alias(_, { source, range }, path) {
      const offset = range?.[0] ?? 0
      aliases++
      if (aliases > MAX_ALIASES) {
        faults.push({ offset, message: `this is alias number ${aliases} ("*${printable(source)}"): a file may hold ${MAX_ALIASES}` })
        return visit.BREAK
      }
      const anchored = anchors.get(source)
      const name = printable(source)
      if (anchored === undefined) faults.push({ offset, message: sayUnanchored(name) })
      // What holds itself has no end, and whoever walks through it comes to none.
      else if (path.some((ancestor) => ancestor === anchored))
        faults.push({ offset, message: `"*${name}" stands for what it is a part of` })
    },
    Value(_, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
    },
  })
  return faults
}

/** `host: *.zoom.us` is meant as a pattern far more often than as an alias. */
const sayUnanchored = (name: string): string =>
  name.startsWith('.')
    ? `"*${name}" must stand in quotes, since a star in front is an alias in YAML`
    : `"*${name}" stands for nothing: no "&${name}" comes before it`

/** The mistakes that people make most, in their words. */
function sayError({ code, message, pos: [start] }: YAMLError, document: Document, text: string): YamlFault {
  if (/^Flow (map|sequence) in block collection|^Missing closing/.test(message)) return sayUnclosed(document, text, start)
  const says = (words: string): YamlFault => ({ offset: start, message: words })
  if (/^Sequence item without - indicator/.test(message)) {
    return says('this line is neither an item of the list above nor indented as a part of the last item')
  }
  if (code === 'DUPLICATE_KEY') return says(`"${/^[\w-]+/.exec(text.slice(start, start + 80))?.[0] ?? 'a key'}" stands here a second time`)
  if (code === 'TAB_AS_INDENT') return says('a tab is no indentation in YAML: use spaces')
  if (code === 'MULTIPLE_DOCS') return says('a second document begins here ("---"): a file holds one')
  if (/^Nested mappings are not allowed/.test(message)) return says('a colon with a space behind it within a text: put the text in quotes')
  // The parser quotes what stands there, line breaks and all.
  return says(`is not valid YAML: ${message.replace(/\p{Cc}+/gu, ' ')}`)
}

const closing: Readonly<Record<string, string>> = { '[': ']', '{': '}', '"': '"', "'": "'" }

/** The parser complains where it gave up; what people look for is where the bracket or quote was opened. */
function sayUnclosed(document: Document, text: string, gaveUp: number): YamlFault {
  let offset = gaveUp
  visit(document, {
    Node(_, { range }) {
      const [start, end] = range ?? [gaveUp, gaveUp]
      const close = closing[text.charAt(start)]
      if (start < gaveUp && close !== undefined && (end - start < 2 || text.charAt(end - 1) !== close)) offset = start
    },
  })
  const opened = text.charAt(offset)
  return {
    offset,
    message: closing[opened] === undefined ? 'a bracket or quote is not closed' : `this ${opened} is never closed by a ${closing[opened]}`,
  }
}
