/** The fields behind the last chunk (RFC 9112 §7.1.2), read a byte at a time as strictly as those of a head. */
import { endToEndFields, type Field, parseFields } from './http1-fields.ts'
import { type Http1Malformed, MAX_FIELDS } from './http1-lines.ts'
import { latin1 } from './text.ts'

const MAX_BYTES = 16_384

const CR = 0x0d
const LF = 0x0a

// RFC 9110 §6.5.1: fields that frame, route, authenticate, ask, steer an answer or describe content come too late in a
// trailer. Whoever merges them into the head (RFC 9112 §7.1.2 allows it) would believe them, so they are dropped here.
const dropped: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'via',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'authorization',
  'cookie',
  'set-cookie',
  'www-authenticate',
  'cache-control',
  'pragma',
  'expect',
  'max-forwards',
  'range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-range',
  'age',
  'date',
  'expires',
  'location',
  'retry-after',
  'vary',
  'warning',
  'content-encoding',
  'content-type',
  'content-range',
  'trailer',
])

/** Reads one trailer section. */
export class TrailerReader {
  readonly #lines: string[] = []
  #line: number[] = []
  #taken = 0
  #ended = false

  /** Whether the empty line was taken. */
  get ended(): boolean {
    return this.#ended
  }

  /** Takes the next byte; says what is wrong, or `null`. */
  take(byte: number): string | null {
    if (++this.#taken > MAX_BYTES) return `trailers of more than ${MAX_BYTES} bytes`
    if (byte !== LF) {
      this.#line.push(byte)
      return null
    }
    if (this.#line.pop() !== CR) return 'a trailer that does not end in CRLF'
    if (this.#line.length === 0) {
      this.#ended = true
      return null
    }
    if (this.#lines.length === MAX_FIELDS) return `more than ${MAX_FIELDS} trailers`
    this.#lines.push(latin1(Uint8Array.from(this.#line)))
    this.#line = []
    return null
  }

  /** The fields that may be passed on, once the section has ended. */
  fields(): readonly Field[] | Http1Malformed {
    const fields = parseFields(this.#lines)
    return 'kind' in fields ? fields : endToEndFields(fields).filter(({ name }) => !dropped.has(name.toLowerCase()))
  }
}
