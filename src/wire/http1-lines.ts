/**
 * The frame of an HTTP/1.x head (RFC 9112 §2): lines that end in CRLF, an empty one at the end, bounded in size and
 * number. Each call starts from the first byte, so an unfinished head is only searched for line ends, never parsed.
 */
import type { Parsed } from './parsed.ts'
import { latin1, viewOf } from './text.ts'

/** Bounds that the operator sets. */
export interface HeadLimits {
  /** Most bytes of a head: start line, fields and the empty line. */
  readonly headBytes: number
}

/** `Parsed.malformed` with the status that a door answers. */
export interface Http1Malformed {
  readonly kind: 'malformed'
  readonly why: string
  readonly status: number
}

export type Http1Parsed<T> = Exclude<Parsed<T>, { readonly kind: 'malformed' }> | Http1Malformed

export const refused = (status: number, why: string): Http1Malformed => ({ kind: 'malformed', why, status })

/** Most fields of a head or trailer section: Apache and HAProxy stop at half of it, no browser comes near. */
export const MAX_FIELDS = 200

const CR = 0x0d
const LF = 0x0a

/** Cuts the head that begins at `start` into its lines, without their ends; the first is the start line. */
export function readLines(bytes: Uint8Array, start: number, limits: HeadLimits): Http1Parsed<readonly string[]> {
  const view = viewOf(bytes)
  const lines: [number, number][] = []
  for (let from = start; ; ) {
    const lf = view.indexOf(LF, from)
    const end = lf < 0 ? bytes.length : lf + 1
    if (end - start > limits.headBytes) return tooLarge(lines.length, limits)
    if (lf < 0) return { kind: 'need-more' }
    // RFC 9112 §2.2 lets a recipient take a bare LF for a line end. Two that differ in this see different requests.
    if (lf === from || view[lf - 1] !== CR) return refused(400, 'a line ends in LF without CR')
    if (lf === from + 1) {
      if (lines.length === 0) return refused(400, 'an empty line where the head should begin')
      return { kind: 'value', value: lines.map(([a, b]) => latin1(bytes.subarray(a, b))), consumed: end }
    }
    if (lines.length > MAX_FIELDS) return refused(431, `more than ${MAX_FIELDS} fields`)
    lines.push([from, lf - 1])
    from = end
  }
}

const tooLarge = (lines: number, { headBytes }: HeadLimits): Http1Malformed =>
  lines === 0
    ? refused(414, `the request line is longer than ${headBytes} bytes`)
    : refused(431, `the head is longer than ${headBytes} bytes`)
