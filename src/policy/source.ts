/**
 * A YAML file as a checked value that still knows where each part stands: syntax, shape and meaning are reported with
 * `file:line:col`, all at once. Used for policies and for settings alike.
 */
import { type Document, isMap, isNode, isPair, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { ConfigErrors, type Position, type Problem } from '../model/errors.ts'
import { didYouMean } from '../model/suggest.ts'

export type Path = readonly PropertyKey[]

/** A limit on what a person writes: a thousand fences are some 60 kB. It also bounds the time that a hostile file costs. */
const MAX_BYTES = 4 * 1024 * 1024

export interface Source<T> {
  readonly value: T
  /** Collects a fault of meaning at a path of the document. */
  report(path: Path, message: string): void
  /** Throws ConfigErrors if anything was reported. */
  throwIfReported(): void
}

/** Parses and checks a document; throws ConfigErrors with every fault of syntax and shape. */
export function readSource<Schema extends z.ZodType>(text: string, file: string, schema: Schema): Source<z.output<Schema>> {
  if (Buffer.byteLength(text) > MAX_BYTES) {
    throw new ConfigErrors([{ position: { file, line: 1, column: 1 }, path: '', message: `is larger than ${MAX_BYTES / 1024 / 1024} MiB` }])
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' })
  const problems: Problem[] = document.errors.map((error) => ({
    position: positionOf(file, lines, error.pos[0]),
    path: '',
    message: error.message,
  }))
  if (problems.length > 0) throw new ConfigErrors(problems)

  const report = (path: Path, message: string, atKey?: string): void => {
    problems.push({ position: positionOf(file, lines, offsetOf(document, path, atKey)), path: formatPath(path), message })
  }
  const parsed = schema.safeParse(toValue(document, file), { reportInput: true })
  if (!parsed.success) {
    for (const issue of parsed.error.issues) reportIssue(issue, schema, report)
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

function toValue(document: Document, file: string): unknown {
  try {
    // An empty file is an empty document, so that the shape check can say what is missing.
    return document.toJS({ maxAliasCount: 20 }) ?? {}
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new ConfigErrors([{ position: { file, line: 1, column: 1 }, path: '', message: `cannot be read: ${message}` }])
  }
}

function reportIssue(issue: z.core.$ZodIssue, schema: z.ZodType, report: (path: Path, message: string, atKey?: string) => void): void {
  if (issue.code === 'unrecognized_keys') {
    const words = wordsAt(schema, issue.path)
    for (const key of issue.keys) report(issue.path, `"${key}" is not a word of this file${hint(key, words)}`, key)
  } else if (!('input' in issue) || issue.input === undefined) {
    report(
      issue.path.slice(0, -1),
      `"${String(issue.path.at(-1))}" is missing${issue.message.startsWith('Invalid') ? '' : `: ${issue.message}`}`,
    )
  } else if (issue.code === 'invalid_value') {
    const options = issue.values.map(String)
    const given = typeof issue.input === 'string' ? issue.input : JSON.stringify(issue.input)
    report(issue.path, `"${given}" is not one of ${options.join(', ')}${didYouMean(given, options)}`)
  } else {
    report(
      issue.path,
      issue.message.replace(
        /^Invalid input: expected (\w+), received (\w+)$/,
        (_, wanted, got) => `must be ${article(wanted)}, not ${article(got)}`,
      ),
    )
  }
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
