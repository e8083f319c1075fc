/** What an HTTP response says to a DNS question (RFC 8484 §4.2), whatever version of HTTP brought it. */
import { printable } from '../../model/hostname.ts'
import { parseResponse } from '../../wire/dns.ts'
import type { Unusable } from './answer.ts'
import type { Question, Reply } from './exchange.ts'
import { belongs } from './matching.ts'

export const MEDIA_TYPE = 'application/dns-message'
export const MAX_MESSAGE = 65_535
/** RFC 8484 §4.1: what answers a request is known without it, and caches on the way see one request where there is one question. */
export const QUERY_ID = 0

export const tooLong: Unusable = { kind: 'failed', why: 'sent more than a DNS message can hold' }

/** The fields that matter, as they came; of those that are not there nothing. */
export interface AnswerHead {
  readonly status: number
  readonly contentType: string | undefined
  readonly age: string | undefined
}

/** Why it is no answer, or `null` where the content has to say. */
export function refusedHead({ status, contentType = 'nothing' }: AnswerHead): Unusable | null {
  if (status !== 200) return { kind: 'failed', why: `answered with HTTP status ${status}` }
  const [type = ''] = contentType.split(';')
  if (type.trim().toLowerCase() === MEDIA_TYPE) return null
  return { kind: 'failed', why: `answered with ${printable(contentType)}, not with a DNS message` }
}

/** The content of a response that was not refused. */
export function readAnswer(head: AnswerHead, content: Uint8Array, question: Question): Reply {
  const parsed = parseResponse(content)
  if (parsed.kind === 'malformed') return { kind: 'failed', why: 'sent what is no DNS message' }
  if (!belongs(parsed.value, question, QUERY_ID)) return { kind: 'failed', why: 'answered another question' }
  if (parsed.value.truncated) return { kind: 'failed', why: 'sent half an answer' }
  // RFC 9111 §5.1: what is not a number of seconds is as if it were not there.
  const age = head.age !== undefined && /^\d{1,9}$/.test(head.age) ? Number(head.age) : 0
  return { kind: 'response', response: parsed.value, age }
}
