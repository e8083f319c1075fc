/**
 * The lines of a CSV file as fields (RFC 4180), read from bytes in one pass and without making strings. Besides the
 * standard: blank lines, `#` comments, space round fields, a byte order mark. It knows nothing of addresses or columns.
 */

const LINE_FEED = 0x0a
const QUOTE = 0x22
const HASH = 0x23
const COMMA = 0x2c

/** Fields beyond these are counted, no more. */
const KEPT_FIELDS = 8

export class CsvLines {
  readonly bytes: Uint8Array
  /** Where the kept fields of the current line begin and end, without quotes and space around them. */
  readonly starts = new Uint32Array(KEPT_FIELDS)
  readonly ends = new Uint32Array(KEPT_FIELDS)
  /** How many fields the current line has. */
  count = 0
  /** Number of the current line, from 1. */
  line = 0
  #at: number

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
    this.#at = hasMark ? 3 : 0
  }

  /** Goes on to the next line that is neither blank nor a comment; false at the end. Throws an Error where quotes are amiss; the line after can still be read. */
  next(): boolean {
    while (this.#at < this.bytes.length) {
      this.line++
      this.#skipSpace()
      const first = this.bytes[this.#at]
      if (first === HASH) this.#skipToLineFeed()
      else if (first !== LINE_FEED && first !== undefined) {
        this.#readFields()
        return true
      }
      this.#at++
    }
    return false
  }

  /** A kept field of the current line as text. */
  text(field: number): string {
    const start = this.starts[field] ?? 0
    const text = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, (this.ends[field] ?? 0) - start).toString('utf8')
    // Before an unquoted field stands a comma, space, or nothing.
    return this.bytes[start - 1] === QUOTE ? text.replaceAll('""', '"') : text
  }

  #readFields(): void {
    this.count = 0
    for (;;) {
      this.#skipSpace()
      if (this.bytes[this.#at] === QUOTE) this.#readQuoted()
      else this.#readPlain()
      this.count++
      const isLast = this.bytes[this.#at] !== COMMA
      this.#at++
      if (isLast) return
    }
  }

  #readPlain(): void {
    const { bytes } = this
    const start = this.#at
    let at = start
    let byte = bytes[at]
    while (byte !== COMMA && byte !== LINE_FEED && byte !== undefined) byte = bytes[++at]
    this.#at = at
    while (at > start && isSpace(bytes[at - 1])) at--
    this.#keep(start, at)
  }

  #readQuoted(): void {
    const { bytes } = this
    const start = this.#at + 1
    let at = start
    for (;;) {
      const byte = bytes[at]
      // The standard allows a line break inside quotes. In these files it is a quote that was forgotten.
      if (byte === undefined || byte === LINE_FEED) this.#refuse('a quoted field does not end')
      if (byte === QUOTE && bytes[at + 1] !== QUOTE) break
      at += byte === QUOTE ? 2 : 1
    }
    this.#keep(start, at)
    this.#at = at + 1
    this.#skipSpace()
    const after = bytes[this.#at]
    if (after !== COMMA && after !== LINE_FEED && after !== undefined) this.#refuse('text follows the end of a quoted field')
  }

  #refuse(why: string): never {
    this.#skipToLineFeed()
    this.#at++
    throw new Error(why)
  }

  #keep(start: number, end: number): void {
    if (this.count >= KEPT_FIELDS) return
    this.starts[this.count] = start
    this.ends[this.count] = end
  }

  #skipSpace(): void {
    while (isSpace(this.bytes[this.#at])) this.#at++
  }

  #skipToLineFeed(): void {
    const at = this.bytes.indexOf(LINE_FEED, this.#at)
    this.#at = at < 0 ? this.bytes.length : at
  }
}

/** Space, tab, and the carriage return of a line end. */
const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0d
