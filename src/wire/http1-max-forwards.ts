/** Max-Forwards (RFC 9110 §7.6.2): how many more proxies may pass on a request that asks about the way itself. */
import { type Field, fieldValues } from './http1-fields.ts'
import type { RequestHead } from './http1-head.ts'
import { type Http1Malformed, refused } from './http1-lines.ts'

/** No way is longer, and a value of any length is read: what is above comes down to this. */
const MOST = 255

/** How far the request may still go: `0` is no further than here, `null` as far as it likes, as all but TRACE and OPTIONS. */
export function maxForwards({ method, fields }: Pick<RequestHead, 'method' | 'fields'>): number | null | Http1Malformed {
  if (method !== 'TRACE' && method !== 'OPTIONS') return null
  const [value, ...others] = fieldValues(fields, 'max-forwards')
  if (value === undefined) return null
  // Whoever guessed here would pass on what should have been answered, or the other way round.
  if (others.length > 0 || !/^[0-9]+$/.test(value)) return refused(400, 'Max-Forwards is not one number')
  return Math.min(Number(value), MOST + 1)
}

/** The fields as the next hop gets them: one hop less. */
export function oneHopLess(head: Pick<RequestHead, 'method' | 'fields'>): readonly Field[] {
  const left = maxForwards(head)
  if (typeof left !== 'number') return head.fields
  if (left === 0) throw new Error('a request that may go no further')
  return head.fields.map((field) => (field.name.toLowerCase() === 'max-forwards' ? { ...field, value: String(left - 1) } : field))
}
