/** What the door itself says over HTTP: refusals as a short page for browsers and one line of text for programs. */
import { type ErrorCode, errorKind } from '../model/errors.ts'
import type { FlowId } from '../model/flow.ts'
import type { Refusal } from '../pipeline/ports.ts'
import { serializeResponseHead } from '../wire/http1.ts'
import { type Field, fieldValues } from '../wire/http1-fields.ts'
import type { RequestHead } from '../wire/http1-head.ts'

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  407: 'Proxy Authentication Required',
  408: 'Request Timeout',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  499: 'Client Closed Request',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
  508: 'Loop Detected',
}

export interface Answer {
  readonly status: number
  /** One plain sentence. */
  readonly sentence: string
  /** RFC 9209 §2.3.1 error type. */
  readonly proxyStatus: string
  /** What this answer needs beside what every one has. */
  readonly fields?: readonly Field[]
}

export const refusalAnswer = ({ code, sentence }: Refusal): Answer => answerFor(code, sentence)

export const answerFor = (code: ErrorCode, sentence: string): Answer => {
  const { http, proxyStatus } = errorKind(code)
  return { status: http, sentence, proxyStatus }
}

export interface AnswerOptions {
  /** What is known of the request; `null`: nothing. */
  readonly request: Pick<RequestHead, 'method' | 'fields'> | null
  readonly keepAlive: boolean
  /** Milliseconds since the epoch, for Date. */
  readonly now: number
  /** The flow that is refused, so that its record can be found; `null` where there is none. */
  readonly flow: FlowId | null
  /** What licences want shown beside the places that the sentence tells. */
  readonly attributions: readonly string[]
}

/** The bytes of a whole answer: status, Proxy-Status (RFC 9209), and a body in the form that the client prefers. */
export function encodeAnswer({ status, sentence, proxyStatus, fields: own = [] }: Answer, options: AnswerOptions): Uint8Array {
  const { request, keepAlive, now } = options
  const reason = reasons[status] ?? 'Error'
  const html = request !== null && fieldValues(request.fields, 'accept').some((accept) => accept.includes('text/html'))
  const body = Buffer.from(html ? page(status, reason, sentence, options) : `${sentence}\n`)
  const fields: readonly Field[] = [
    { name: 'Date', value: new Date(now).toUTCString() },
    { name: 'Content-Type', value: html ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8' },
    { name: 'Content-Length', value: String(body.length) },
    { name: 'Cache-Control', value: 'no-store' },
    // The page holds a name that the client chose: nothing in it may run or load.
    ...(html ? [{ name: 'Content-Security-Policy', value: "default-src 'none'; style-src 'unsafe-inline'" }] : []),
    { name: 'Proxy-Status', value: `ringfence; error=${proxyStatus}; details=${structuredString(sentence)}` },
    ...own,
    ...(keepAlive ? [] : [{ name: 'Connection', value: 'close' }]),
  ]
  const head = serializeResponseHead({ status, reason, version: '1.1', fields })
  return request?.method === 'HEAD' ? head : Buffer.concat([head, body])
}

/** RFC 8941 §3.3.3: printable ASCII with quotes and backslashes escaped; what is outside is replaced. */
const structuredString = (text: string): string => `"${text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => escapes[c] ?? c)

/** A link where the text ends in an address: DB-IP's licence asks for one on pages that show its results. */
const attributionHtml = (text: string): string => escapeHtml(text).replace(/^(.*), (https:\/\/\S+)$/, '<a href="$2">$1</a>')

const page = (status: number, reason: string, sentence: string, { flow, attributions, now }: AnswerOptions): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${status === 403 ? 'Blocked by Ringfence' : `${status} ${reason}`}</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 18vh auto; padding: 0 24px; background: #fff; color: #14181d }
h1 { font-size: 26px; line-height: 1.2; letter-spacing: -0.02em; margin: 0 0 16px }
p { margin: 0 0 12px; overflow-wrap: anywhere }
small, a { color: #666f79 }
@media (prefers-color-scheme: dark) { body { background: #0e1115; color: #e8ebef } small, a { color: #8b95a0 } }
</style>
<h1>${status === 403 ? 'This connection was blocked' : `${reason}`}</h1>
<p>${escapeHtml(status === 403 ? sentence.replace(/^Blocked: /, '') : sentence)}</p>
<p><small>Answered by Ringfence, the geo-fencing proxy that this browser is set to use.
Whoever runs it can look this up: ${flow === null ? '' : `flow ${escapeHtml(flow)}, `}${new Date(now).toISOString().slice(0, 16).replace('T', ' ')} UTC, ${status}.</small></p>
${status === 403 && attributions.length > 0 ? `<p><small>${attributions.map(attributionHtml).join(' · ')}</small></p>\n` : ''}
</html>
`
