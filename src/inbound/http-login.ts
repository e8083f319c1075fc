/**
 * Who sends an HTTP request, by its Proxy-Authorization (RFC 9110 §11.7, RFC 7617). Each request is asked by itself: a
 * connection may carry those of several people. What an answer says, it says to anybody: never which part was wrong.
 */
import type { Identity } from '../model/identity.ts'
import { Deadline } from '../pipeline/deadline.ts'
import { parseBasicCredentials } from '../wire/basic-credentials.ts'
import { fieldValues } from '../wire/http1-fields.ts'
import type { RequestHead } from '../wire/http1-head.ts'
import type { Door, TooManyFailures, Visitor } from './door.ts'
import { type Answer, answerFor } from './http-answer.ts'
import { isTooMany, logIn, withoutLogin } from './login.ts'

export type HttpLogin =
  | { readonly kind: 'known'; readonly who: Identity }
  /** The client may try again, on the same connection. */
  | { readonly kind: 'unknown'; readonly answer: Answer }
  | { readonly kind: 'malformed'; readonly answer: Answer }
  /** Too many logins were waiting for their check, or have failed of late. */
  | { readonly kind: 'busy'; readonly answer: Answer }
  /** The client left meanwhile. */
  | { readonly kind: 'gone' }

export async function loginOf(head: RequestHead, door: Door, visitor: Visitor): Promise<HttpLogin> {
  const known = withoutLogin(door, visitor)
  if (known !== null) return { kind: 'known', who: known }
  const [given, ...others] = fieldValues(head.fields, 'proxy-authorization')
  if (given === undefined) return { kind: 'unknown', answer: challenge('This proxy asks for a name and a password.') }
  if (others.length > 0) return { kind: 'malformed', answer: answerFor('client.malformed', 'several fields Proxy-Authorization') }
  const credentials = parseBasicCredentials(given)
  if ('problem' in credentials) {
    door.malformed(visitor.client, `HTTP: ${credentials.problem}`)
    return { kind: 'unknown', answer: challenge(`This proxy asks for a name and a password: ${credentials.problem}.`) }
  }
  // Not what the client left of the time for its head: how long others' logins take is not its fault, nor told by a 408.
  const inTime = new Deadline(door.limits.headMs, 'the login')
  try {
    const who = await logIn(credentials, door, visitor, inTime)
    if (who !== null && isTooMany(who)) return { kind: 'busy', answer: tooMany(who) }
    return who === null ? { kind: 'unknown', answer: challenge('The name or the password is wrong.') } : { kind: 'known', who }
  } catch (error) {
    if (visitor.stream.closed.aborted) return { kind: 'gone' }
    if (!inTime.aborted) throw error
    return { kind: 'busy', answer: busy }
  } finally {
    inTime.clear()
  }
}

const challenge = (sentence: string): Answer => ({
  ...answerFor('client.unauthenticated', sentence),
  // RFC 7617 §2.1: the charset asks for the name and the password in UTF-8.
  fields: [{ name: 'Proxy-Authenticate', value: 'Basic realm="Ringfence", charset="UTF-8"' }],
})

/** RFC 6585 §4. */
const tooMany = ({ retryAfterMs }: TooManyFailures): Answer => ({
  status: 429,
  sentence: 'Too many logins have failed; try again in a moment.',
  proxyStatus: 'http_request_denied',
  fields: [{ name: 'Retry-After', value: String(Math.ceil(retryAfterMs / 1_000)) }],
})

const busy: Answer = {
  status: 503,
  sentence: 'Too many logins wait for their check; try again in a moment.',
  proxyStatus: 'proxy_internal_response',
}
