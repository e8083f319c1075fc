/**
 * Bodies of HTTP/1.x messages, bytes in, content out, piece by piece (RFC 9112 §6, §7). Content is never copied, so
 * the pieces are views of what was pushed. Each byte is looked at once, whatever the cuts between pushes.
 */
import { type Field, serializeFields } from './http1-fields.ts'
import type { Framing } from './http1-framing.ts'
import { type Http1Malformed, refused } from './http1-lines.ts'
import { TrailerReader } from './http1-trailers.ts'
import { latin1Bytes } from './text.ts'

/** What one push yielded. */
export interface BodyPart {
  readonly kind: 'part'
  /** Content, without framing; views of the pushed bytes. */
  readonly data: readonly Uint8Array[]
  /** Bytes used; what is left after `done` belongs to the next message. */
  readonly consumed: number
  readonly done: boolean
  /** There once a chunked body is done (RFC 9112 §7.1.2). */
  readonly trailers?: readonly Field[]
}

export interface BodyDecoder {
  /** Takes the next bytes. An empty push tells whether a body is done before its first byte. Malformed stays malformed. */
  push(bytes: Uint8Array): BodyPart | Http1Malformed
  /** What it means that the connection closes here. A truncated body must never be passed on as a whole one. */
  end(): 'complete' | 'truncated'
}

// Extensions are dropped, so a sender could let us read without end while nothing arrives (CVE-2024-22019). They may
// outweigh the content by no more than this.
const MAX_EXTENSION_BYTES = 16_384
const MAX_SIZE_DIGITS = 16

/** A decoder for one body. */
export function bodyDecoder(framing: Framing): BodyDecoder {
  switch (framing.kind) {
    case 'none':
      return lengthDecoder(0)
    case 'length':
      return lengthDecoder(framing.length)
    case 'chunked':
      return chunkedDecoder()
    case 'until-close':
      return { push: (bytes) => part(bytes.length > 0 ? [bytes] : [], bytes.length, false), end: () => 'complete' }
    default:
      return framing satisfies never
  }
}

/** One chunk. Nothing for no data: a chunk of size zero would end the body. */
export function encodeChunk(data: Uint8Array): Uint8Array {
  if (data.length === 0) return data
  const size = latin1Bytes(`${data.length.toString(16)}\r\n`)
  const chunk = new Uint8Array(size.length + data.length + 2)
  chunk.set(size)
  chunk.set(data, size.length)
  chunk.set([CR, LF], size.length + data.length)
  return chunk
}

/** The last chunk and the trailers (RFC 9112 §7.1). */
export const encodeLastChunk = (trailers: readonly Field[] = []): Uint8Array => latin1Bytes(`0\r\n${serializeFields(trailers)}\r\n`)

const CR = 0x0d
const LF = 0x0a
const SP = 0x20
const TAB = 0x09
const SEMICOLON = 0x3b

const part = (data: readonly Uint8Array[], consumed: number, done: boolean): BodyPart => ({ kind: 'part', data, consumed, done })

function lengthDecoder(length: number): BodyDecoder {
  let left = length
  return {
    push(bytes) {
      const data = bytes.subarray(0, left)
      left -= data.length
      return part(data.length > 0 ? [data] : [], data.length, left === 0)
    },
    end: () => (left === 0 ? 'complete' : 'truncated'),
  }
}

/** Where the next byte stands in the grammar of RFC 9112 §7.1. */
type State = 'size' | 'before-extension' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailer' | 'done'

function chunkedDecoder(): BodyDecoder {
  let state: State = 'size'
  let size = 0
  let digits = 0
  let extensionBytes = 0
  let contentBytes = 0
  let failure: Http1Malformed | null = null
  const trailers = new TrailerReader()

  /** Takes one byte of framing; says what is wrong with it, or `null`. */
  function step(byte: number): string | null {
    switch (state) {
      case 'size': {
        const digit = hexDigit(byte)
        if (digit >= 0) {
          if (++digits > MAX_SIZE_DIGITS) return 'a chunk size of too many digits'
          size = size * 16 + digit
          return size > Number.MAX_SAFE_INTEGER ? 'a chunk size that is too large' : null
        }
        if (digits === 0) return 'a chunk without size'
        return afterSize(byte)
      }
      case 'before-extension':
        // RFC 9112 §7.1.1: white space is tolerated before the semicolon of an extension, not before the line end.
        if (byte === CR) return 'white space after a chunk size'
        return afterSize(byte)
      case 'extension':
        if (byte === CR) {
          state = 'size-lf'
          return null
        }
        if (byte < SP && byte !== TAB) return 'a control character in a chunk extension'
        return countExtension()
      case 'size-lf':
        if (byte !== LF) return 'a chunk size that does not end in CRLF'
        state = size === 0 ? 'trailer' : 'data'
        return null
      case 'data-cr':
        if (byte !== CR) return 'more data than the chunk size says'
        state = 'data-lf'
        return null
      case 'data-lf':
        if (byte !== LF) return 'a chunk that does not end in CRLF'
        state = 'size'
        digits = 0
        return null
      case 'trailer': {
        const problem = trailers.take(byte)
        if (trailers.ended) state = 'done'
        return problem
      }
      default:
        throw new Error(`a byte of framing in state ${state}`)
    }
  }

  function afterSize(byte: number): string | null {
    if (byte === CR) state = 'size-lf'
    else if (byte === SEMICOLON) state = 'extension'
    else if (byte === SP || byte === TAB) state = 'before-extension'
    else return 'a chunk size that is not hexadecimal'
    return byte === CR ? null : countExtension()
  }

  const countExtension = (): string | null => (++extensionBytes > MAX_EXTENSION_BYTES + contentBytes ? 'too many chunk extensions' : null)

  return {
    push(bytes) {
      if (failure !== null) return failure
      const data: Uint8Array[] = []
      let at = 0
      while (at < bytes.length && state !== 'done') {
        if (state === 'data') {
          const piece = bytes.subarray(at, at + size)
          data.push(piece)
          at += piece.length
          size -= piece.length
          contentBytes += piece.length
          if (size === 0) state = 'data-cr'
          continue
        }
        const problem = step(bytes[at++] ?? 0)
        if (problem === null) continue
        failure = refused(400, problem)
        return failure
      }
      if (state !== 'done') return part(data, at, false)
      const fields = trailers.fields()
      if (!('kind' in fields)) return { ...part(data, at, true), trailers: fields }
      failure = fields
      return failure
    },
    end: () => (state === 'done' && failure === null ? 'complete' : 'truncated'),
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}
