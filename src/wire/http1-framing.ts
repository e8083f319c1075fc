/**
 * Where a message's body ends (RFC 9112 §6.3). Anything that two readers could understand in two ways is refused
 * rather than repaired: that is what request smuggling is made of (RFC 9112 §11.2).
 */
import { fieldValues, listOf } from './http1-fields.ts'
import { isBodiless, type RequestHead, type ResponseHead } from './http1-head.ts'
import { type Http1Malformed, refused } from './http1-lines.ts'

/** `none`: no body at all; `until-close`: the body ends when the connection does (responses only). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'until-close' }

const none: Framing = { kind: 'none' }

/** The framing of a request's body. */
export function requestFraming(head: RequestHead): Framing | Http1Malformed {
  const declared = declaredFraming(head, { unknownCoding: 501, ambiguous: 400 })
  if (declared === null) return none
  // RFC 9110 §9.3.6 gives the content of CONNECT no meaning; read as a body or as tunnel bytes, somebody errs.
  if (head.method === 'CONNECT' && declared.kind !== 'malformed') return isEmpty(declared) ? none : refused(400, 'CONNECT with a body')
  // RFC 9110 §9.3.8: whoever answers would have to reflect it.
  if (head.method === 'TRACE' && declared.kind !== 'malformed' && !isEmpty(declared)) return refused(400, 'TRACE with a body')
  return declared
}

/** The framing of a response's body, which depends on the method of its request. */
export function responseFraming(head: ResponseHead, requestMethod: string): Framing | Http1Malformed {
  // RFC 9112 §6.3 rule 2: after this answer there is a tunnel, whatever the fields say.
  if (requestMethod === 'CONNECT' && head.status >= 200 && head.status <= 299) return none
  const declared = declaredFraming(head, { unknownCoding: 502, ambiguous: 502 })
  if (declared?.kind === 'malformed') return declared
  if (requestMethod === 'HEAD' || isBodiless(head.status) || head.status === 304) return none
  // RFC 9110 §15.3.6: it has no content, but must be told so. What is sent nevertheless goes no further.
  if (head.status === 205) return none
  return declared ?? { kind: 'until-close' }
}

/** Whether no body follows the head. */
export const isEmpty = (framing: Framing): boolean => framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0)

/** What Transfer-Encoding and Content-Length say; `null` when neither is there. */
function declaredFraming(
  { version, fields }: Pick<RequestHead, 'version' | 'fields'>,
  status: { readonly unknownCoding: number; readonly ambiguous: number },
): Framing | Http1Malformed | null {
  const codings = fieldValues(fields, 'transfer-encoding')
  const lengths = fieldValues(fields, 'content-length')
  if (codings.length > 0) {
    if (lengths.length > 0) return refused(status.ambiguous, 'both Transfer-Encoding and Content-Length')
    if (version === '1.0') return refused(status.ambiguous, 'Transfer-Encoding in HTTP/1.0')
    if (codings.length === 1 && codings[0]?.toLowerCase() === 'chunked') return { kind: 'chunked' }
    // RFC 9112 §6.3 rule 4: where chunked is not the last coding, or not alone, nobody knows where the body ends. Else
    // there is a coding in front of it that we do not know (§6.1).
    const all = listOf(fields, 'transfer-encoding')
    const framed = all.at(-1) === 'chunked' && all.indexOf('chunked') === all.length - 1
    return refused(framed ? status.unknownCoding : status.ambiguous, 'a Transfer-Encoding other than chunked')
  }
  if (lengths.length === 0) return null
  // 15 digits stay below 2^53. Equal repeated values could be merged (RFC 9112 §6.3), but no honest sender has them.
  const [length = ''] = lengths
  if (lengths.length > 1 || !/^[0-9]{1,15}$/.test(length)) return refused(status.ambiguous, 'Content-Length is not one number')
  return { kind: 'length', length: Number(length) }
}
