/**
 * A YAML file as a checked value that still knows where each part stands: syntax, shape and meaning are reported with
 * `file:line:col`, all at once. Used for policies and for settings alike.
 */
import { CST, type Document, isMap, isNode, isPair, Lexer, LineCounter, parseDocument, visit, type YAMLError } from 'yaml'
import { z } from 'zod'
import { ConfigErrors, type Position, type Problem } from '../model/errors.ts'
import { printable } from '../model/hostname.ts'
import { didYouMean } from '../model/suggest.ts'

export type Path = readonly PropertyKey[]

/** A limit on what a person writes: a thousand fences are some 60 kB. It also bounds the time that a hostile file costs. */
const MAX_BYTES = 1024 * 1024

export interface Source<T> {
  readonly value: T
  /** Collects a fault of meaning at a path of the document. */
  report(path: Path, message: string): void
  /** Throws ConfigErrors if anything was reported. */
  throwIfReported(): void
}

type Report = (path: Path, message: string, atKey?: string) => void

/**
 * Parses and checks a document; throws ConfigErrors with every fault of syntax and shape. Where the shape is faulty,
 * `alsoCheck` is given what was written, to report the faults of meaning that can be told all the same.
 */
export function readSource<Schema extends z.ZodType>(
  text: string,
  file: string,
  schema: Schema,
  alsoCheck: (written: unknown, report: Source<unknown>['report']) => void = () => {},
): Source<z.output<Schema>> {
  if (Buffer.byteLength(text) > MAX_BYTES) {
    throw new ConfigErrors([
      { position: { file, line: 1, column: 1 }, path: '', message: `the file is larger than ${MAX_BYTES / 1024 / 1024} MiB` },
    ])
  }
  const deep = tooDeepAt(text)
  if (deep !== null) throw new ConfigErrors([{ position: positionIn(text, file, deep), path: '', message: 'is nested too deeply' }])
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const problems: Problem[] = syntaxFaults(document, text).map(({ offset, message }) => ({
    position: positionOf(file, lines, offset),
    path: '',
    message,
  }))
  if (problems.length > 0) throw new ConfigErrors(problems)

  const report: Report = (path, message, atKey) => {
    problems.push({ position: positionOf(file, lines, offsetOf(document, path, atKey)), path: formatPath(path), message })
  }
  const written = toValue(document, report)
  if (problems.length > 0) throw new ConfigErrors(problems)
  const parsed = schema.safeParse(written, { reportInput: true })
  if (!parsed.success) {
    for (const issue of parsed.error.issues) reportIssue(issue, schema, report)
    alsoCheck(written, (path, message) => report(path, message))
    throw new ConfigErrors(problems)
  }
  return {
    value: parsed.data,
    report: (path, message) => report(path, message),
    throwIfReported: () => {
      if (problems.length > 0) throw new ConfigErrors(problems)
    },
  }
}

/** `fences[2].never[0]` */
export const formatPath = (path: Path): string =>
  path.map((part, i) => (typeof part === 'number' ? `[${part}]` : `${i === 0 ? '' : '.'}${String(part)}`)).join('')

/** No file of ours goes beyond ten. The parser recurses, so without a limit of our own its stack would be the limit. */
const MAX_DEPTH = 64

/** Where brackets, or list items begun on one line, are nested too deeply: asked of the lexer, which does not recurse. */
function tooDeepAt(text: string): number | null {
  let offset = 0
  let brackets = 0
  let items = 0
  let isScalar = false
  for (const token of new Lexer().lex(text)) {
    if (isScalar) isScalar = false
    else if (token === CST.SCALAR) isScalar = true
    else if (token === '[' || token === '{') brackets++
    else if (token === ']' || token === '}') brackets--
    else if (token === '-' || token === '?') items++
    else if (token.endsWith('\n')) items = 0
    if (brackets + items > MAX_DEPTH) return offset
    // These three the lexer puts in; they are not in the text.
    if (token !== CST.SCALAR && token !== CST.DOCUMENT && token !== CST.FLOW_END) offset += token.length
  }
  return null
}

interface Fault {
  readonly offset: number
  readonly message: string
}

/** Whoever gets more than these has not made more mistakes, but one early. */
const MAX_SYNTAX_FAULTS = 10

/** What the parser warns of (an unknown tag, say) it would also pass over: a policy that was half understood is refused. */
function syntaxFaults(document: Document, text: string): readonly Fault[] {
  const errors = [...document.errors, ...document.warnings]
  const deep = errors.find(({ code }) => code === 'RESOURCE_EXHAUSTION')
  if (deep !== undefined) return [{ offset: deep.pos[0], message: 'is nested too deeply' }]
  if (errors.length > 0) return errors.slice(0, MAX_SYNTAX_FAULTS).map((error) => sayError(error, document, text))
  return unknownAliases(document)
}

function unknownAliases(document: Document): readonly Fault[] {
  const faults: Fault[] = []
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return
      const name = printable(alias.source)
      const message = `"*${name}" stands for nothing: no "&${name}" comes before it`
      faults.push({ offset: alias.range?.[0] ?? 0, message })
    },
  })
  return faults
}

/** The mistakes that people make most, in their words. */
function sayError({ code, message, pos: [start] }: YAMLError, document: Document, text: string): Fault {
  if (/^Flow (map|sequence) in block collection|^Missing closing/.test(message)) return sayUnclosed(document, text, start)
  const says = (words: string): Fault => ({ offset: start, message: words })
  if (/^Sequence item without - indicator/.test(message)) {
    return says('this line is neither an item of the list above nor indented as a part of the last item')
  }
  if (code === 'DUPLICATE_KEY') return says(`"${/^[\w-]+/.exec(text.slice(start, start + 80))?.[0] ?? 'a key'}" stands here a second time`)
  if (code === 'TAB_AS_INDENT') return says('a tab is no indentation in YAML: use spaces')
  if (code === 'MULTIPLE_DOCS') return says('a second document begins here ("---"): a file holds one')
  // The parser quotes what stands there, line breaks and all.
  return says(`is not valid YAML: ${message.replace(/\p{Cc}+/gu, ' ')}`)
}

const closing: Readonly<Record<string, string>> = { '[': ']', '{': '}', '"': '"', "'": "'" }

/** The parser complains where it gave up; what people look for is where the bracket or quote was opened. */
function sayUnclosed(document: Document, text: string, gaveUp: number): Fault {
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

function toValue(document: Document, report: Report): unknown {
  try {
    // An empty file is an empty document, so that the shape check can say what is missing.
    return document.toJS({ maxAliasCount: 20 }) ?? {}
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    report(
      [],
      message.startsWith('Excessive alias count') ? 'the file uses aliases ("*name") too many times over' : `cannot be read: ${message}`,
    )
    return undefined
  }
}

function reportIssue(issue: z.core.$ZodIssue, schema: z.ZodType, report: Report): void {
  const inner = issue.code === 'invalid_union' ? nearestForm(issue.errors) : undefined
  if (inner !== undefined) {
    for (const part of inner) reportIssue({ ...part, path: [...issue.path, ...part.path] }, schema, report)
  } else if (issue.code === 'unrecognized_keys') {
    const words = wordsAt(schema, issue.path)
    for (const key of issue.keys) report(issue.path, `"${printable(key)}" is not a word of this file${hint(key, words)}`, key)
  } else if (issue.input === undefined) {
    report(issue.path.slice(0, -1), sayMissing(issue))
  } else {
    report(issue.path, issue.path.length === 0 ? `the file ${sayWrong(issue)}` : sayWrong(issue))
  }
}

type Issues = readonly z.core.$ZodIssue[]

/** Of several forms, the one that fits from outside and has the fewest faults within: it tells the item of a list, not the list. */
function nearestForm(forms: readonly Issues[]): Issues | undefined {
  const faults = (form: Issues) => form.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0)
  const fits = (form: Issues) => form.length > 0 && form.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys')
  return forms.filter(fits).sort((a, b) => faults(a) - faults(b))[0]
}

function sayMissing(issue: z.core.$ZodIssue): string {
  const key = String(issue.path.at(-1))
  if (issue.code === 'invalid_value') {
    const [only, ...others] = issue.values.map(String)
    return `"${key}" is missing${others.length === 0 ? `: write "${key}: ${only}"` : ` (${[only, ...others].join(', ')})`}`
  }
  return `"${key}" is missing${issue.message.startsWith('Invalid') ? '' : `: it ${issue.message}`}`
}

function sayWrong(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_value') {
    const expected = /^Invalid input: expected (\w+), received (\w+)$/
    return issue.message.replace(expected, (_, wanted, got) => `must be ${article(wanted)}, not ${article(got)}`)
  }
  if (issue.values.length === 1) return `must be ${String(issue.values[0])}, not ${printable(JSON.stringify(issue.input))}`
  const options = issue.values.map(String)
  const given = typeof issue.input === 'string' ? issue.input : JSON.stringify(issue.input)
  return `"${printable(given)}" is not one of ${options.join(', ')}${didYouMean(given, options)}`
}

const hint = (key: string, words: readonly string[]): string =>
  didYouMean(key, words) || (words.length > 0 ? ` (known here: ${words.join(', ')})` : '')

const articles: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  array: 'a list',
  object: 'a set of keys',
  boolean: 'true or false',
  null: 'empty',
}
const article = (type: string): string => articles[type] ?? type

/** The keys that the schema knows at a path; of several forms there, those of all. */
function wordsAt(schema: unknown, path: Path): readonly string[] {
  if (schema instanceof z.ZodUnion) return [...new Set(schema.options.flatMap((option) => wordsAt(option, path)))]
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable)
    return wordsAt(schema.unwrap(), path)
  if (schema instanceof z.ZodArray) return path.length > 0 ? wordsAt(schema.element, path.slice(1)) : []
  if (schema instanceof z.ZodObject) {
    const [key, ...rest] = path
    return key === undefined ? Object.keys(schema.shape) : wordsAt(schema.shape[String(key)], rest)
  }
  return []
}

function offsetOf(document: Document, path: Path, atKey: string | undefined): number {
  if (atKey !== undefined) {
    const map = path.length === 0 ? document.contents : document.getIn(path, true)
    const pair = isMap(map) ? map.items.find((item) => isNode(item.key) && String(item.key) === atKey) : undefined
    if (isPair(pair) && isNode(pair.key)) return pair.key.range?.[0] ?? 0
  }
  // A missing part has no place of its own: its nearest ancestor's is told.
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return isNode(document.contents) ? (document.contents.range?.[0] ?? 0) : 0
}

function positionOf(file: string, lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset)
  return { file, line: Math.max(1, line), column: Math.max(1, col) }
}

function positionIn(text: string, file: string, offset: number): Position {
  const before = text.slice(0, offset).split('\n')
  return { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 }
}
