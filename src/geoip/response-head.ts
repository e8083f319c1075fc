/**
 * What the head of an HTTP response says of a file that is fetched in parts (RFC 9110): where its bytes belong, what
 * names its version, when to come back. Pure; what it does not understand counts as not said.
 */

export interface ResponseHead {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

/** Bytes that are there already, and what is known of the whole. */
export interface SoFar {
  readonly offset: number
  /** A strong ETag, or a date. */
  readonly validator: string
  /** Size of the whole, bytes, or `null` where it is not known. */
  readonly total: number | null
}

/** Where the body belongs. */
export interface Start {
  readonly offset: number
  /** Size of the whole file, bytes, or `null` where the server does not say. */
  readonly total: number | null
}

/**
 * `restart`: the server has another version, or has lost count. `declined`: it sends no file. `begun`: what was asked to
 * be gone on from, or `null`.
 */
export function startOf(head: ResponseHead, begun: SoFar | null): Start | 'restart' | 'declined' {
  const { status, headers } = head
  if (status === 200) return { offset: 0, total: lengthOf(head) }
  if (begun === null) return 'declined'
  if (status === 416) return 'restart'
  if (status !== 206) return 'declined'
  const range = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(headers['content-range'] ?? '')
  if (range === null) return 'restart'
  const [first, last, total] = [Number(range[1]), Number(range[2]), Number(range[3])]
  const fits = first === begun.offset && last === total - 1 && total === (begun.total ?? total)
  // A server that knows no If-Range sends the rest of whatever it has now.
  const { etag } = headers
  const same = etag === undefined || !begun.validator.startsWith('"') || etag === begun.validator
  return fits && same ? { offset: first, total } : 'restart'
}

/** Content-Length, bytes. */
export function lengthOf({ headers }: ResponseHead): number | null {
  const length = headers['content-length']
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : null
}

/** Only what RFC 9110 §13.1.5 allows in If-Range: a strong ETag, else a date that is older than the answer. */
export function validatorOf({ headers }: ResponseHead): string | null {
  const { etag, date = '', 'last-modified': modified = '' } = headers
  if (etag?.startsWith('"')) return etag
  return etag === undefined && Date.parse(date) - Date.parse(modified) >= 1_000 ? modified : null
}

/** RFC 9110 §10.2.3: seconds, or a date, which is measured by the server's own clock. Milliseconds. */
export function retryAfter({ headers }: ResponseHead): number | null {
  const text = headers['retry-after'] ?? ''
  const later = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.parse(headers.date ?? '')
  return Number.isNaN(later) ? null : Math.max(0, later)
}
