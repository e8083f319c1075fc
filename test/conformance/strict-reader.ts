/**
 * A second reading of HTTP/1 (RFC 9112), written apart from `src/wire` and stricter still: what it does not take is not
 * written by a careful sender, whether or not a recipient may take it. Text has one character for each byte.
 */

export interface Message {
  /** The request line or the status line. */
  readonly start: string
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: string
}

export type Reading =
  | { readonly kind: 'message'; readonly message: Message /** Where the next one begins. */; readonly end: number }
  /** So far nothing is wrong with it. */
  | { readonly kind: 'more' }
  | { readonly kind: 'nonsense'; readonly why: string }

const requestLine = {
  strict: /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [\x21-\x7e\x80-\xff]+ HTTP\/1\.[01]$/,
  tolerant: /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [\x21-\x7e\x80-\xff]+ HTTP\/1\.[0-9]$/,
}
const statusLine = {
  strict: /^HTTP\/1\.[01] [1-9][0-9]{2} [\t\x20-\x7e\x80-\xff]*$/,
  tolerant: /^HTTP\/1\.[0-9] [1-9][0-9]{2}( [\t\x20-\x7e\x80-\xff]*)?$/,
}
const fieldLine =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*((?:[\x21-\x7e\x80-\xff]|[\x21-\x7e\x80-\xff][\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)[ \t]*$/

// RFC 9112 §5.1: in answers, a proxy takes out the white space before the colon.
const answerFieldLine = new RegExp(fieldLine.source.replace(':', '[ \\t]*:'))

const nonsense = (why: string): Reading => ({ kind: 'nonsense', why })
const more: Reading = { kind: 'more' }

/**
 * What a careful recipient takes, beside what a careful sender writes: zeros before a number, chunk extensions, codings in
 * any case, minor versions to come; in answers no space before no reason, space before a colon, a length where there is
 * no content.
 */
export type Manner = 'strict' | 'tolerant'

export function readRequest(text: string, at = 0, manner: Manner = 'strict'): Reading {
  return readMessage(text, at, { line: requestLine[manner], field: fieldLine }, (start, fields) => {
    if (!start.endsWith('1.0') && valuesOf(fields, 'host').length !== 1) return nonsense('not one Host')
    return valuesOf(fields, 'transfer-encoding').length > 0 ? readChunks(text, fields, start, manner) : readLength(text, fields, manner)
  })
}

/** `ended`: the connection was closed behind `text`. */
export function readResponse(text: string, at: number, method: string, ended: boolean, manner: Manner = 'strict'): Reading {
  const field = manner === 'strict' ? fieldLine : answerFieldLine
  return readMessage(text, at, { line: statusLine[manner], field }, (start, fields) => {
    const status = Number(start.slice(9, 12))
    const framed = valuesOf(fields, 'transfer-encoding').length + valuesOf(fields, 'content-length').length
    if (manner === 'strict' && framed > 0 && (status < 200 || status === 204)) return nonsense(`a length in ${status}`)
    if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return noBody
    // RFC 9110 §15.3.6: it has no content, whoever sends some.
    if (manner === 'tolerant' && status === 205) return noBody
    if (valuesOf(fields, 'transfer-encoding').length > 0) return readChunks(text, fields, start, manner)
    if (framed > 0) return readLength(text, fields, manner)
    return (from) => (ended ? { body: text.slice(from), end: text.length } : more)
  })
}

export const valuesOf = (fields: Message['fields'], name: string): readonly string[] =>
  fields.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value)

type Body = { readonly body: string; readonly end: number } | Reading

const noBody = (from: number): Body => ({ body: '', end: from })

function readMessage(
  text: string,
  at: number,
  { line, field }: { readonly line: RegExp; readonly field: RegExp },
  bodyReader: (start: string, fields: Message['fields']) => ((from: number) => Body) | Reading,
): Reading {
  const end = text.indexOf('\r\n\r\n', at)
  // Some take these for the end of a line.
  if (end < 0) return /(^|[^\r])\n|\r[^\n]|\0/.test(text.slice(at)) ? nonsense('a bare CR or LF, or NUL') : more
  const [start = '', ...lines] = text.slice(at, end).split('\r\n')
  if (!line.test(start)) return nonsense(`not a start line: ${JSON.stringify(start)}`)
  const fields: (readonly [string, string])[] = []
  for (const written of lines) {
    const [, name, value] = field.exec(written) ?? []
    if (name === undefined || value === undefined) return nonsense(`not a field: ${JSON.stringify(written)}`)
    fields.push([name, value])
  }
  const reader = bodyReader(start, fields)
  if (typeof reader !== 'function') return reader
  const read = reader(end + 4)
  return 'kind' in read ? read : { kind: 'message', message: { start, fields, body: read.body }, end: read.end }
}

function readLength(text: string, fields: Message['fields'], manner: Manner): ((from: number) => Body) | Reading {
  const lengths = valuesOf(fields, 'content-length')
  if (lengths.length === 0) return noBody
  const [length = ''] = lengths
  const number = manner === 'strict' ? /^(0|[1-9][0-9]{0,14})$/ : /^[0-9]{1,15}$/
  if (lengths.length > 1 || !number.test(length)) return nonsense(`Content-Length: ${lengths.join(' | ')}`)
  const end = Number(length)
  return (from) => (text.length - from < end ? more : { body: text.slice(from, from + end), end: from + end })
}

function readChunks(text: string, fields: Message['fields'], start: string, manner: Manner): ((from: number) => Body) | Reading {
  const codings = valuesOf(fields, 'transfer-encoding')
  const [coding = '', ...others] = codings.map((one) => (manner === 'strict' ? one : one.toLowerCase()))
  if (coding !== 'chunked' || others.length > 0 || valuesOf(fields, 'content-length').length > 0)
    return nonsense('an unclear Transfer-Encoding')
  if (/^HTTP\/1\.0|HTTP\/1\.0$/.test(start)) return nonsense('Transfer-Encoding in HTTP/1.0')
  return (from) => {
    let body = ''
    for (let at = from; ; ) {
      const eol = text.indexOf('\r\n', at)
      if (eol < 0) return more
      const line = text.slice(at, eol)
      const digits = manner === 'strict' ? line : line.replace(/[ \t]*;[\t\x20-\x7e\x80-\xff]*$/, '').replace(/^0+(?=.)/, '')
      if (!/^[0-9a-fA-F]{1,8}$/.test(digits)) return nonsense(`a chunk size: ${JSON.stringify(digits)}`)
      const size = Number.parseInt(digits, 16)
      if (size === 0) return readTrailers(text, eol + 2, body)
      const end = eol + 2 + size
      if (text.length < end + 2) return more
      if (text.slice(end, end + 2) !== '\r\n') return nonsense('a chunk that does not end where it says')
      body += text.slice(eol + 2, end)
      at = end + 2
    }
  }
}

function readTrailers(text: string, from: number, body: string): Body {
  for (let at = from; ; ) {
    const eol = text.indexOf('\r\n', at)
    if (eol < 0) return more
    if (eol === at) return { body, end: eol + 2 }
    if (!fieldLine.test(text.slice(at, eol))) return nonsense(`not a trailer: ${JSON.stringify(text.slice(at, eol))}`)
    at = eol + 2
  }
}
