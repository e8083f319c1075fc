/** HTTP fields (RFC 9110 §5, RFC 9112 §5): read strictly, looked up, and cleaned of what concerns one hop only. */
import { printable } from '../model/hostname.ts'
import { type Http1Malformed, refused } from './http1-lines.ts'

/** One field line: the name as it was written, the value without white space around it; one character a byte. */
export interface Field {
  readonly name: string
  readonly value: string
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const fieldText = /^[\t\u0020-\u007e\u0080-\u00ff]*$/

/** RFC 9110 §5.6.2. */
export const isToken = (text: string): boolean => token.test(text)

/** Visible characters, obs-text, space and tab (RFC 9110 §5.5): no CR, LF, NUL or other control. */
export const isFieldText = (text: string): boolean => fieldText.test(text)

/** Reads field lines; refuses the first that is not exactly `name: value`, but for what may stand before the colon. */
export function parseFields(lines: readonly string[], beforeColon: 'nothing' | 'space' = 'nothing'): readonly Field[] | Http1Malformed {
  const fields: Field[] = []
  for (const line of lines) {
    // RFC 9112 §5.2 obs-fold: some recipients join such a line to the one before, some read a field of its own.
    if (line.startsWith(' ') || line.startsWith('\t')) return refused(400, 'a field is folded over lines')
    const colon = line.indexOf(':')
    // Told by its first word: behind it a password may stand.
    if (colon < 0) return refused(400, `a field line without colon: "${printable(line.split(/[ \t]/)[0] ?? '')}"`)
    const written = line.slice(0, colon)
    const name = beforeColon === 'space' ? trimOws(written) : written
    // RFC 9112 §5.1: this catches white space before the colon, too.
    if (!isToken(name)) return refused(400, `"${printable(name)}" is not a field name`)
    const value = trimOws(line.slice(colon + 1))
    if (!isFieldText(value)) return refused(400, `the value of ${name} holds a control character`)
    fields.push({ name, value })
  }
  return fields
}

/** The values of all fields of this name, in order (RFC 9110 §5.2). */
export function fieldValues(fields: readonly Field[], name: string): readonly string[] {
  const wanted = name.toLowerCase()
  return fields.filter((field) => field.name.toLowerCase() === wanted).map((field) => field.value)
}

/** Whether a list field (RFC 9110 §5.6.1) names `token`, in any case. */
export const hasToken = (fields: readonly Field[], name: string, token: string): boolean =>
  listOf(fields, name).includes(token.toLowerCase())

// RFC 9110 §7.6.1 and §11.7, RFC 7540 §3.2.1 (h2c's settings), and Proxy-Connection, which no RFC defines but clients
// send. Trailer is not among them: since RFC 9110 §6.6.2 it speaks of the message, whose trailers are passed on.
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
])

// Without these the message would mean another thing to the next hop (a smuggler's `Connection: content-length`), or go
// further than it may.
const neverNominated: ReadonlySet<string> = new Set(['host', 'content-length', 'max-forwards'])

/**
 * The fields that go on to the next hop: without those of one hop and those that Connection names (RFC 9110 §7.6.1), which
 * may stand in the trailers of the `head` that names them as well.
 */
export function endToEndFields(fields: readonly Field[], head: readonly Field[] = fields): readonly Field[] {
  const nominated = new Set(listOf(head, 'connection').filter((name) => !neverNominated.has(name)))
  return fields.filter(({ name }) => !hopByHop.has(name.toLowerCase()) && !nominated.has(name.toLowerCase()))
}

/** Field lines with their ends. Throws on a field that no parser would have let in: it would split the message. */
export function serializeFields(fields: readonly Field[]): string {
  for (const { name, value } of fields) {
    if (!isToken(name) || !isFieldText(value)) throw new Error(`not a field: ${printable(`${name}: ${value}`)}`)
  }
  return fields.map(({ name, value }) => `${name}: ${value}\r\n`).join('')
}

/** The members of a list field, in lower case; empty ones are among them (RFC 9110 §5.6.1.2). */
export const listOf = (fields: readonly Field[], name: string): readonly string[] =>
  fieldValues(fields, name)
    .flatMap((value) => value.split(','))
    .map((item) => trimOws(item).toLowerCase())

/** RFC 9110 §5.6.3: space and tab only; `trim()` would take U+00A0, which is obs-text here. */
function trimOws(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isOws(text.charCodeAt(start))) start++
  while (end > start && isOws(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

const isOws = (code: number): boolean => code === 0x20 || code === 0x09
