/** DNS messages in a stream (RFC 1035 §4.2.2, RFC 7766 §8): each one behind its length in two bytes. */
import { Cursor } from './cursor.ts'
import { malformed, needMore, type Parsed, value } from './parsed.ts'

const HEADER_BYTES = 12

/** Reads the next message; what is too short for one ends the stream, since nobody can tell where the next begins. */
export function readMessage(bytes: Uint8Array): Parsed<Uint8Array> {
  const cursor = new Cursor(bytes)
  const length = cursor.u16()
  if (!cursor.short && length < HEADER_BYTES) return malformed(`a DNS message of ${length} bytes`)
  const message = cursor.take(length)
  return cursor.short ? needMore : value(message, cursor.offset)
}

/** The message with its length before it: one piece, so that it leaves in one segment (RFC 7766 §8). */
export function withLength(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(2 + message.length)
  framed.set([message.length >> 8, message.length & 0xff])
  framed.set(message, 2)
  return framed
}
