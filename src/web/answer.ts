/** What the page's listener answers, as a value: status, fields and body; faults as problem+json (RFC 9457). */
import { STATUS_CODES } from 'node:http'

export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
  /** Beside those that every answer has. */
  readonly fields?: Readonly<Record<string, string>>
}

/** On every answer: nothing may run, load, frame, be kept, or be read from another site. */
export const securityFields: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cache-Control': 'no-store',
}

/** RFC 9457 §4.2.1: of type about:blank, whose title is the status's own. `detail` says what to do. */
export const problem = (status: number, detail: string, fields: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  type: 'application/problem+json',
  body: `${JSON.stringify({ title: STATUS_CODES[status], status, detail })}\n`,
  fields,
})

/** The bytes of a whole answer, for a request that could not even be read. */
export function rawAnswer({ status, type, body }: Answer): string {
  const fields = { ...securityFields, 'Content-Type': type, 'Content-Length': String(Buffer.byteLength(body)), Connection: 'close' }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`
}
