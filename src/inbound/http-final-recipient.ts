/** What the proxy answers to requests that are for itself, or may go no further: OPTIONS and TRACE (RFC 9110 §7.6.2, §9.3). */
import { serializeResponseHead } from '../wire/http1.ts'
import type { Field } from '../wire/http1-fields.ts'
import type { RequestHead } from '../wire/http1-head.ts'
import { reflection } from '../wire/http1-trace.ts'

/** Others are passed on as well: methods are the origin's affair (RFC 9110 §16.1). */
const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, CONNECT, OPTIONS, TRACE'

export interface Finality {
  /** The request's head as it was received. */
  readonly received: Uint8Array
  readonly keepAlive: boolean
  /** Milliseconds since the epoch, for Date. */
  readonly now: number
}

/** The bytes of the answer. */
export function answerAsFinalRecipient({ method }: Pick<RequestHead, 'method'>, { received, keepAlive, now }: Finality): Uint8Array {
  const body = method === 'TRACE' ? reflection(received) : new Uint8Array(0)
  const fields: readonly Field[] = [
    { name: 'Date', value: new Date(now).toUTCString() },
    method === 'TRACE' ? { name: 'Content-Type', value: 'message/http' } : { name: 'Allow', value: METHODS },
    { name: 'Content-Length', value: String(body.length) },
    ...(keepAlive ? [] : [{ name: 'Connection', value: 'close' }]),
  ]
  return Buffer.concat([serializeResponseHead({ status: 200, reason: 'OK', version: '1.1', fields }), body])
}
