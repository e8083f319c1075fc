/**
 * One line of the journal: an event as JSON, and back. Text is made well formed on the way out, since DuckDB refuses a
 * lone surrogate; whatever the events hold, `JSON.stringify` escapes line breaks, so an event is always one line.
 */
import { isUtf8 } from 'node:buffer'
import type { EventBody, EventHead, JournalEvent } from '../model/event.ts'

/** What a line turned out to be. `foreign`: sound, but of a type that a later version of this schema introduced. */
export type ParsedLine =
  | { readonly kind: 'event'; readonly event: JournalEvent }
  | { readonly kind: 'foreign'; readonly head: EventHead }
  | { readonly kind: 'bad'; readonly why: string }

/** The event's own part as JSON, ready to be put behind a head. */
export function encodeBody(event: EventBody): string {
  const json = JSON.stringify(event)
  // JSON.stringify writes pairs as they are and only lone surrogates as \udXXX (ECMA-262 §25.5.2.3). Every escape is
  // stepped over as a whole, so that the text `\\ud800` (an escaped backslash before plain letters) stays.
  return json.includes('\\ud') ? json.replace(/\\(?:ud[0-9a-f]{3}|.)/g, (found) => (found.startsWith('\\ud') ? '\ufffd' : found)) : json
}

/** A whole line, with its line feed. */
export const formatLine = (head: EventHead, body: string): string => `${JSON.stringify(head).slice(0, -1)},${body.slice(1)}\n`

/** Reads a line without its line feed. Never throws. */
export function parseLine(bytes: Uint8Array): ParsedLine {
  if (!isUtf8(bytes)) return { kind: 'bad', why: 'not UTF-8' }
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch {
    return { kind: 'bad', why: 'not JSON' }
  }
  if (!isRecord(value)) return { kind: 'bad', why: 'not an event' }
  if (value.v !== 1) return { kind: 'bad', why: `schema version ${JSON.stringify(value.v) ?? 'missing'} is not known here` }
  if (!isHead(value)) return { kind: 'bad', why: 'not an event' }
  const check = checks.get(value.type)
  if (check === undefined) return { kind: 'foreign', head: value }
  return check(value)
    ? { kind: 'event', event: value as unknown as JournalEvent }
    : { kind: 'bad', why: `not a whole "${value.type}" event` }
}

type Fields = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)

const isHead = (value: Fields): value is Fields & EventHead & { readonly type: string } =>
  Number.isSafeInteger(value.seq) && typeof value.time === 'string' && typeof value.node === 'string' && typeof value.type === 'string'

const isJudged = (value: Fields): boolean => typeof value.id === 'string' && Array.isArray(value.reasons)

const isPersonal = (value: unknown): boolean => isRecord(value) && Array.isArray(value.names) && typeof value.sentence === 'string'

const isPlace = (value: unknown): boolean => isRecord(value) && Array.isArray(value.possible)

const isCandidate = (value: unknown): boolean =>
  isRecord(value) && typeof value.ip === 'string' && Array.isArray(value.judged) && value.judged.every(isPlace)

/** As much of each type as the fold of a record reads: a line that passes cannot make it throw. */
const shapes = {
  started: () => true,
  decided: (value: Fields) =>
    isJudged(value) &&
    isPersonal(value.personal) &&
    isRecord(value.personal) &&
    typeof value.personal.asked === 'string' &&
    Array.isArray(value.candidates) &&
    value.candidates.every(isCandidate),
  rejudged: (value: Fields) => isJudged(value) && isPersonal(value.personal),
  ended: (value: Fields) => typeof value.id === 'string' && typeof value.ending === 'string',
  dropped: (value: Fields) => typeof value.flow === 'string' && Number.isSafeInteger(value.datagrams),
  policy: () => true,
  'policy-refused': () => true,
  overlay: () => true,
  table: () => true,
} satisfies Record<JournalEvent['type'], (value: Fields) => boolean>

// A map, since `shapes['constructor']` would find something.
const checks = new Map<string, (value: Fields) => boolean>(Object.entries(shapes))
