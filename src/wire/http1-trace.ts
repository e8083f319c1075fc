/** What TRACE answers (RFC 9110 §9.3.8): the request as it was received, without what is nobody's business. */
import { latin1, latin1Bytes } from './text.ts'

const secrets = /^(authorization|proxy-authorization|cookie|cookie2)$/i

/** The content of the answer, `message/http`, for a head that the strict parser took. */
export function reflection(head: Uint8Array): Uint8Array {
  const lines = latin1(head).replace(/^\r\n/, '').split('\r\n')
  return latin1Bytes(lines.filter((line, i) => i === 0 || !secrets.test(line.split(':', 1)[0] ?? '')).join('\r\n'))
}
