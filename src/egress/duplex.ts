/**
 * A judged connection in the form that Node's TLS and HTTP clients take: a Duplex over a `ByteStream`, which keeps the
 * reading to itself. Every byte that passes is told, so that the caller can count it. It knows no protocol.
 */
import { Duplex } from 'node:stream'
import type { ByteStream } from '../pipeline/byte-stream.ts'

export interface Passing {
  /** Bytes sent to the far end. */
  up(bytes: number): void
  /** Bytes received from it. */
  down(bytes: number): void
}

/** Takes the stream over. Destroying the Duplex closes the connection: with an error, by a reset. */
export function duplexOf(stream: ByteStream, passing: Passing): Duplex {
  const over = new AbortController()
  let receiving = false
  let ended = false

  const receive = (chunk: Uint8Array): boolean => {
    if (duplex.destroyed) return false
    passing.down(chunk.length)
    // A copy: the chunk lies in a buffer that is read into again.
    return duplex.push(Buffer.from(chunk))
  }
  const onEnd = () => {
    ended = true
    if (!duplex.destroyed) duplex.push(null)
  }
  const onClosed = () => {
    // After a clean end, what is not yet read is still to be read: the Duplex then closes by itself.
    if (stream.error !== null || !ended) duplex.destroy(stream.error ?? undefined)
  }

  const duplex = new Duplex({
    read() {
      if (receiving) return stream.resume()
      receiving = true
      stream.receive(receive, onEnd)
      if (stream.closed.aborted) onClosed()
    },
    write(chunk: Buffer, _encoding, done) {
      passing.up(chunk.length)
      stream.write(chunk, over.signal).then(() => done(), done)
    },
    final(done) {
      stream.end()
      done()
    },
    destroy(error, done) {
      stream.closed.removeEventListener('abort', onClosed)
      over.abort(error ?? new Error('the stream was closed'))
      if (error === null) stream.destroy()
      else stream.reset()
      done(error)
    },
  })
  stream.closed.addEventListener('abort', onClosed)
  return duplex
}
