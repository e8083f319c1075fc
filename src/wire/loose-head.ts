/**
 * The head of the first HTTP request of a connection, read as the most lenient of servers would (llhttp with Node's
 * `insecureHTTPParser`, Python's http.server, Go): each host that any of them may find there, as text. Where readers
 * disagree about what stands there at all, it is `garbled`. The doors' own parser (`http1.ts`) is the strict one.
 */
import { latin1 } from './text.ts'

export type LooseHead =
  | { readonly kind: 'need-more' }
  | { readonly kind: 'not-http' }
  | {
      readonly kind: 'head'
      /** `host` or `host:port`, not validated: of the target if it has one, then of the Host fields. */
      readonly authorities: readonly string[]
      /** Another reader may find other hosts. */
      readonly garbled: boolean
    }

/** How far the end of a head is looked for: nginx takes 32 KiB unless told otherwise, Node 16. */
export const MAX_HEAD_BYTES = 1 << 16
// Each is a candidate to be canonicalised; an honest request has one.
const MAX_HOST_FIELDS = 16

const TAB = 0x09
const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20

const needMore: LooseHead = { kind: 'need-more' }
const notHttp: LooseHead = { kind: 'not-http' }

/** Reads one head piece by piece; each byte is looked at once, whatever the cuts between pushes. */
export class LooseHeadReader {
  #bytes = new Uint8Array(1_024)
  #length = 0
  #part: 'blank' | 'method' | 'line' | 'fields' = 'blank'
  #lineStart = 0
  #fieldsStart = 0
  #emptyLine = true
  #afterCr = false
  #oddBytes = false

  /** Takes the next bytes. Not to be called again once it answered anything but `need-more`. */
  push(bytes: Uint8Array): LooseHead {
    const taken = bytes.subarray(0, MAX_HEAD_BYTES - this.#length)
    this.#append(taken)
    for (let at = this.#length - taken.length; at < this.#length; at++) {
      const found = this.#take(this.#bytes[at] ?? 0, at)
      if (found !== null) return found
    }
    if (this.#length < MAX_HEAD_BYTES) return needMore
    return this.#part === 'fields' ? this.#head(this.#length, true) : { kind: 'head', authorities: [], garbled: true }
  }

  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#bytes.length))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes.set(bytes, this.#length)
    this.#length = length
  }

  #take(byte: number, at: number): LooseHead | null {
    switch (this.#part) {
      case 'blank':
        // llhttp skips any run of CR and LF before a request, Python's http.server all white space.
        if (this.#isBlank(byte)) return null
        this.#part = 'method'
        this.#lineStart = at
        return isTokenByte(byte) ? null : notHttp
      case 'method':
        if (isTokenByte(byte)) return null
        if (byte === LF || byte === CR || !this.#isBlank(byte)) return notHttp
        this.#part = 'line'
        return null
      case 'line':
        this.#note(byte)
        if (byte === LF) return this.#endLine(at + 1)
        // llhttp, when lenient, takes a CR without LF for the end of the line.
        if (this.#afterCr) {
          this.#oddBytes = true
          return this.#endLine(at) ?? this.#take(byte, at)
        }
        this.#afterCr = byte === CR
        return null
      case 'fields':
        this.#note(byte)
        if (byte === LF && this.#emptyLine) return this.#head(at, false)
        if (this.#afterCr && byte !== LF) {
          this.#oddBytes = true
          // llhttp, when lenient, takes a CR without LF for the end of a line in places, and of the head.
          if (this.#emptyLine) return this.#head(at, true)
          this.#emptyLine = true
        }
        if (byte !== CR) this.#emptyLine = byte === LF
        this.#afterCr = byte === CR
        return null
      default:
        return this.#part satisfies never
    }
  }

  /** White space of HTTP, and what Python's `str.split` takes for it: a head that has such is read, but never trusted. */
  #isBlank(byte: number): boolean {
    if (isOddBlank(byte)) this.#oddBytes = true
    return byte === SPACE || (byte >= TAB && byte <= CR) || isOddBlank(byte)
  }

  /** Control characters end, join or vanish, depending on the reader. */
  #note(byte: number): void {
    if ((byte < SPACE && byte !== TAB && byte !== LF && byte !== CR) || byte === 0x7f || isOddBlank(byte)) this.#oddBytes = true
  }

  #endLine(next: number): LooseHead | null {
    if (!isRequestLine(this.#line(next))) return notHttp
    this.#part = 'fields'
    this.#fieldsStart = next
    this.#afterCr = false
    return null
  }

  #line(end: number): string {
    return latin1(this.#bytes.subarray(this.#lineStart, end).map((byte) => (isOddBlank(byte) ? SPACE : byte))).trim()
  }

  #head(end: number, cut: boolean): LooseHead {
    const line = this.#line(this.#fieldsStart)
    const hosts = hostFields(latin1(this.#bytes.subarray(this.#fieldsStart, end)))
    // The preface of HTTP/2 (RFC 9113 §3.4): its names follow, compressed.
    const isPreface = /^PRI\s/.test(line)
    return {
      kind: 'head',
      authorities: [...targetAuthority(line), ...hosts.values],
      garbled: cut || this.#oddBytes || isPreface || hosts.garbled,
    }
  }
}

const isOddBlank = (byte: number): boolean => (byte >= 0x1c && byte <= 0x1f) || byte === 0x85 || byte === 0xa0

// RFC 9110 §5.6.2. Lower-case methods are methods, to Go and Apache.
const isTokenByte = (byte: number): boolean => /[\w!#$%&'*+.^`|~-]/.test(String.fromCharCode(byte))

/** One with a version, of whatever shape, or one of HTTP/0.9, which llhttp and Python let fields follow. */
const isRequestLine = (line: string): boolean =>
  /\s(?:HTTP|RTSP|ICE)\//i.test(line) || /^(?:[A-Z-]+\s+(?:\/|\*|[A-Za-z][A-Za-z0-9+.-]*:\/\/)|CONNECT\s+|GET\s+)\S*$/.test(line)

/** The host of a target in absolute or authority form (RFC 9112 §3.2), without user information. */
function targetAuthority(line: string): readonly string[] {
  const [method, target = ''] = line.split(/\s+/, 2)
  if (method !== 'CONNECT' && (target.startsWith('/') || target === '*')) return []
  const authority = /^[A-Za-z][A-Za-z0-9+.-]*:[\\/]+([^\\/?#]*)/.exec(target)?.[1] ?? target
  return [method === 'CONNECT' ? target : authority].map((text) => text.slice(text.lastIndexOf('@') + 1)).filter((text) => text !== '')
}

/** The value of every Host field: which of them the server believes is its secret. White space around the name and folds count for nothing. */
function hostFields(fields: string): { readonly values: readonly string[]; readonly garbled: boolean } {
  const values: string[] = []
  let garbled = false
  let count = 0
  for (const [, text = ''] of fields.matchAll(/(?:^|[\r\n])[ \t]*host[ \t]*:([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)/gi)) {
    if (++count > MAX_HOST_FIELDS) return { values, garbled: true }
    // An unfolded value with a space inside is no host, but a reader that knows no folds may take a part for one.
    const words = text.split(/[ \t\r\n]+/).filter((word) => word !== '')
    if (words.length > 1) garbled = true
    values.push(...words.slice(0, MAX_HOST_FIELDS))
  }
  return { values, garbled }
}
