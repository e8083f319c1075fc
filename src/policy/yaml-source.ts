/**
 * A YAML file as a checked value that still knows where each part stands: syntax, shape and meaning are reported with
 * `file:line:col`, all at once. Used for policies and for settings alike.
 */
import { CST, type Document, isCollection, isMap, isNode, isPair, Lexer, LineCounter, parseDocument, visit } from 'yaml'
import type { z } from 'zod'
import { ConfigErrors, type Position, type Problem } from '../model/errors.ts'
import { formatPath, type Path, type Report } from './path.ts'
import { shapeFaults } from './shape-faults.ts'
import { yamlFaults } from './yaml-faults.ts'

/** A limit on what a person writes: a thousand fences are some 60 kB. It also bounds the time that a hostile file costs. */
const MAX_BYTES = 1024 * 1024

export interface Source<T> {
  readonly value: T
  /** Collects a fault of meaning at a path of the document. */
  readonly report: Report
  /** What was reported so far. */
  readonly problems: readonly Problem[]
  /** Where a part of the document stands in its file, or a key of it. */
  place(path: Path, atKey?: string): Position
  /** Throws ConfigErrors if anything was reported. */
  throwIfReported(): void
}

export interface SourceOptions {
  /** Where the shape is faulty: is given what was written, to report the faults of meaning that can be told all the same. */
  readonly alsoCheck?: (written: unknown, report: Report) => void
  /** Makes another document of what was written, and knows where each part of it stood. */
  readonly rewrite?: (written: unknown, report: Report) => Rewritten
}

export interface Rewritten {
  readonly value: unknown
  readonly placeOf: (path: Path) => Path
  /** Whether the fault is reported elsewhere: of a part that stands in another file, or that has a fault of its own. */
  readonly isElsewhere: (path: Path, message: string) => boolean
}

const asWritten: NonNullable<SourceOptions['rewrite']> = (value) => ({
  value,
  placeOf: (path) => path,
  isElsewhere: () => false,
})

/** Parses and checks a document; throws ConfigErrors with every fault of syntax and shape. */
export function readSource<Schema extends z.ZodType>(
  text: string,
  file: string,
  schema: Schema,
  { alsoCheck = () => {}, rewrite = asWritten }: SourceOptions = {},
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
  const problems: Problem[] = yamlFaults(document, text).map(({ offset, message }) => ({
    position: positionOf(file, lines, offset),
    path: '',
    message,
  }))
  if (problems.length > 0) throw new ConfigErrors(problems)
  const odd = oddKeyAt(document)
  if (odd !== null) throw new ConfigErrors([{ position: positionOf(file, lines, odd), path: '', message: 'a key must be a plain word' }])

  let { placeOf, isElsewhere } = asWritten(null, () => {})
  const place = (path: Path, atKey?: string): Position => positionOf(file, lines, offsetOf(document, path, atKey))
  const report: Report = (path, message, atKey) => {
    if (isElsewhere(path, message)) return
    const stood = placeOf(path)
    problems.push({ position: place(stood, atKey), path: formatPath(stood), message })
  }
  const raw = toValue(document, report)
  if (problems.length > 0) throw new ConfigErrors(problems)
  const rewritten = rewrite(raw, report)
  const written = rewritten.value
  ;({ placeOf, isElsewhere } = rewritten)
  const parsed = schema.safeParse(written, { reportInput: true })
  if (!parsed.success) {
    for (const { path, message, atKey } of shapeFaults(parsed.error.issues, schema)) report(path, message, atKey)
    alsoCheck(written, report)
    throw new ConfigErrors(problems)
  }
  return {
    value: parsed.data,
    report,
    problems,
    place: (path, atKey) => place(placeOf(path), atKey),
    throwIfReported: () => {
      if (problems.length > 0) throw new ConfigErrors(problems)
    },
  }
}

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
    else if (token === ']' || token === '}') brackets = Math.max(0, brackets - 1)
    else if (token === '-' || token === '?') items++
    else if (token.endsWith('\n')) items = 0
    if (brackets + items > MAX_DEPTH) return offset
    // These three the lexer puts in; they are not in the text.
    if (token !== CST.SCALAR && token !== CST.DOCUMENT && token !== CST.FLOW_END) offset += token.length
  }
  return null
}

/** A key that is a list or a map becomes text, quotes within quotes: it doubles with every level. */
function oddKeyAt(document: Document): number | null {
  let found: number | null = null
  visit(document, {
    Pair(_, { key }) {
      if (!isCollection(key)) return undefined
      found = key.range?.[0] ?? 0
      return visit.BREAK
    },
  })
  return found
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
