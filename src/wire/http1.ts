/**
 * Heads of HTTP/1.x messages (RFC 9112), read strictly and written anew: what a door passes on is what it understood,
 * never what it received. Bodies are the business of `http1-body.ts`; the parts of a head have files of their own.
 */
import { printable } from '../model/hostname.ts'
import { type Field, fieldValues, isFieldText, isToken, parseFields, serializeFields } from './http1-fields.ts'
import { type Http1Version, isBodiless, type RequestHead, type ResponseHead } from './http1-head.ts'
import { type HeadLimits, type Http1Malformed, type Http1Parsed, readLines, refused } from './http1-lines.ts'
import { formatTarget, parseAsciiHostPort, parseTarget } from './http1-target.ts'
import { latin1, latin1Bytes } from './text.ts'

const MAX_METHOD = 64
const HTTP_PORT = 80

/** Reads a request's head (RFC 9112 §3). A malformed one carries the status to answer: 400, 414, 431, 501 or 505. */
export function parseRequestHead(bytes: Uint8Array, limits: HeadLimits): Http1Parsed<RequestHead> {
  const start = leadingCrlf(bytes)
  if (!mayBeMethod(bytes, start)) return refused(400, 'not an HTTP request')
  const lines = readLines(bytes, start, limits)
  if (lines.kind !== 'value') return lines
  const [requestLine = '', ...fieldLines] = lines.value
  const request = parseRequestLine(requestLine)
  if ('kind' in request) return request
  const fields = parseFields(fieldLines)
  if ('kind' in fields) return fields
  const [, target = ''] = requestLine.split(' ')
  const problem = hostProblem(request.version, fields, request.target.kind === 'authority' ? target : null)
  if (problem !== null) return refused(400, problem)
  return { kind: 'value', value: { ...request, fields }, consumed: lines.consumed }
}

/** Reads a response's head (RFC 9112 §4). A malformed one carries 502, which is what the client is told. */
export function parseResponseHead(bytes: Uint8Array, limits: HeadLimits): Http1Parsed<ResponseHead> {
  const lines = readLines(bytes, 0, limits)
  if (lines.kind === 'need-more') return mayBeStatusLine(bytes) ? lines : refused(502, 'not an HTTP/1 response')
  if (lines.kind === 'malformed') return refused(502, lines.why)
  const [statusLine = '', ...fieldLines] = lines.value
  // §4 wants a space before an empty reason; enough servers leave it out, and nothing depends on it.
  const [, minor, status, reason = ''] = /^HTTP\/1\.([0-9]) ([1-9][0-9]{2})(?: (.*))?$/.exec(statusLine) ?? []
  if (minor === undefined || !isFieldText(reason)) return refused(502, `not a status line: "${printable(statusLine)}"`)
  // RFC 9112 §5.1: a proxy takes the white space before a colon out of an answer, while it refuses a request with it.
  const fields = parseFields(fieldLines, 'space')
  if ('kind' in fields) return refused(502, fields.why)
  const head = { status: Number(status), reason, version: versionOf(minor), fields }
  return { kind: 'value', value: head, consumed: lines.consumed }
}

/** The bytes of a request's head. Throws on parts that no parser would have let in. */
export function serializeRequestHead(head: RequestHead): Uint8Array {
  const target = formatTarget(head.target)
  if (!isToken(head.method) || /[^\u0021-\u007e\u0080-\u00ff]/.test(target))
    throw new Error(`not a request line: ${printable(`${head.method} ${target}`)}`)
  return latin1Bytes(`${head.method} ${target} HTTP/${head.version}\r\n${serializeFields(head.fields)}\r\n`)
}

/** The bytes of a response's head; 1xx and 204 lose the fields that announce a body, which they cannot have. */
export function serializeResponseHead(head: ResponseHead): Uint8Array {
  if (!isFieldText(head.reason)) throw new Error(`not a reason: ${printable(head.reason)}`)
  const fields = isBodiless(head.status) ? head.fields.filter(({ name }) => !announcesBody.test(name)) : head.fields
  return latin1Bytes(`HTTP/${head.version} ${head.status} ${head.reason}\r\n${serializeFields(fields)}\r\n`)
}

const announcesBody = /^(content-length|transfer-encoding)$/i

/** RFC 9112 §2.2: at least one CRLF before the request line is to be ignored; we ignore no more than that one. */
const leadingCrlf = (bytes: Uint8Array): number =>
  bytes[0] === 0x0d && (bytes.length === 1 || bytes[1] === 0x0a) ? Math.min(2, bytes.length) : 0

/** Tells other protocols at their first bytes instead of waiting for a line end that never comes. */
function mayBeMethod(bytes: Uint8Array, start: number): boolean {
  const most = Math.min(bytes.length, start + MAX_METHOD)
  let end = start
  while (end < most && !endsMethod(bytes[end])) end++
  return end === start ? bytes.length === start : isToken(latin1(bytes.subarray(start, end)))
}

const endsMethod = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0d || byte === 0x0a

const mayBeStatusLine = (bytes: Uint8Array): boolean => 'HTTP/1.'.startsWith(latin1(bytes.subarray(0, 7)))

function parseRequestLine(line: string): Omit<RequestHead, 'fields'> | Http1Malformed {
  const parts = line.split(' ')
  const [method = '', target = '', protocol = ''] = parts
  // RFC 9112 §3: "A server that receives a method longer than any that it implements SHOULD respond with a 501".
  if (method.length > MAX_METHOD) return refused(501, `a method of more than ${MAX_METHOD} characters`)
  if (parts.length !== 3 || !isToken(method)) return refused(400, `not a request line: "${printable(line)}"`)
  const [, major, minor] = /^HTTP\/([0-9])\.([0-9])$/.exec(protocol) ?? []
  if (minor === undefined) return refused(400, `not an HTTP version: "${printable(protocol)}"`)
  // The preface of HTTP/2 (RFC 9113 §3.4), `PRI * HTTP/2.0`, ends here as well.
  if (major !== '1') return refused(505, `HTTP/${major}.${minor} is not spoken here`)
  const parsed = parseTarget(method, target)
  return parsed.kind === 'malformed' ? parsed : { method, target: parsed, version: versionOf(minor) }
}

/** RFC 9110 §6.2: a minor version that nobody knows yet is read as the highest that is spoken here, and goes on as that. */
const versionOf = (minor: string): Http1Version => (minor === '0' ? '1.0' : '1.1')

/**
 * RFC 9112 §3.2. A Host that differs from an absolute target is no error: the target wins and Host is written anew.
 * `authority`: the target of a CONNECT.
 */
function hostProblem(version: Http1Version, fields: readonly Field[], authority: string | null): string | null {
  const hosts = fieldValues(fields, 'host')
  if (hosts.length > 1) return 'more than one Host field'
  const [host] = hosts
  if (host === undefined) return version === '1.0' ? null : 'no Host field'
  // As a rule it is the target once more, which was read already.
  if (host === authority) return null
  const parsed = parseAsciiHostPort(host, HTTP_PORT)
  return 'problem' in parsed ? `Host: ${parsed.problem}` : null
}
