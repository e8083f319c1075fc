/** What is wrong with the shape of a document: what the schema found, in the words of people who write policies. */
import { z } from 'zod'
import { printable } from '../model/hostname.ts'
import { didYouMean } from '../model/suggest.ts'
import type { Path } from './path.ts'

export interface ShapeFault {
  readonly path: Path
  readonly message: string
  /** The key that is wrong, where it is not its value. */
  readonly atKey?: string
}

type Issues = readonly z.core.$ZodIssue[]

/** The issues of a `safeParse` with `reportInput`, and the schema that found them. */
export const shapeFaults = (issues: Issues, schema: z.ZodType): readonly ShapeFault[] => issues.flatMap((issue) => faultsOf(issue, schema))

function faultsOf(issue: z.core.$ZodIssue, schema: z.ZodType): readonly ShapeFault[] {
  const { path } = issue
  const inner = issue.code === 'invalid_union' ? nearestForm(issue.errors) : undefined
  if (inner !== undefined)
    return shapeFaults(
      inner.map((part) => ({ ...part, path: [...path, ...part.path] })),
      schema,
    )
  if (issue.code === 'unrecognized_keys') {
    const words = wordsAt(schema, path)
    return issue.keys.map((key) => ({ path, atKey: key, message: `"${printable(key)}" is not a word of this file${hint(key, words)}` }))
  }
  if (issue.code === 'invalid_key') {
    const key = String(path.at(-1))
    return [{ path: path.slice(0, -1), atKey: key, message: `"${printable(key)}" ${issue.issues[0]?.message ?? issue.message}` }]
  }
  if (issue.input === undefined) return [{ path: path.slice(0, -1), message: sayMissing(issue) }]
  return [{ path, message: path.length === 0 ? `the file ${sayWrong(issue)}` : sayWrong(issue) }]
}

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
  if (issue.code === 'too_small' && issue.message.startsWith('Too small')) return 'must not be empty'
  if (issue.code === 'invalid_union' && typeof issue.input === 'string') {
    const words = issue.errors.flat().flatMap((form) => (form.code === 'invalid_value' ? form.values.map(String) : []))
    return `${issue.message}${didYouMean(issue.input, words)}`
  }
  if (issue.code !== 'invalid_value') {
    const expected = /^Invalid input: expected (\w+), received (\w+)$/
    return issue.message.replace(expected, (_, wanted, got) => `must be ${article(wanted)}, not ${article(got)}`)
  }
  if (issue.values.length === 1) return `must be ${String(issue.values[0])}, not ${printable(spell(issue.input))}`
  const options = issue.values.map(String)
  const given = typeof issue.input === 'string' ? issue.input : spell(issue.input)
  return `"${printable(given)}" is not one of ${options.join(', ')}${didYouMean(given, options)}`
}

function spell(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    // An alias may stand for the list that it is in.
    return 'what holds itself'
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
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable
  )
    return wordsAt(schema.unwrap(), path)
  if (schema instanceof z.ZodArray) return path.length > 0 ? wordsAt(schema.element, path.slice(1)) : []
  if (schema instanceof z.ZodObject) {
    const [key, ...rest] = path
    return key === undefined ? Object.keys(schema.shape) : wordsAt(schema.shape[String(key)], rest)
  }
  return []
}
