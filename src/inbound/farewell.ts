/** The last words to a client. */
import type { ByteStream } from '../pipeline/byte-stream.ts'

/** How long a client that has been told everything may go on sending before it is cut off. */
const LINGER_MS = 2_000

/** How long a client may take to receive what is still waiting for it: the end of a large answer on a slow line. */
const FLUSH_MS = 60_000

/**
 * Sends the last bytes and closes. What the client still sends is read and thrown away for a while: closing with
 * unread bytes makes the kernel send a RST, which can destroy the answer before the client has read it (RFC 9112 §9.6).
 */
export function sayFarewell(stream: ByteStream, bytes: Uint8Array): void {
  if (stream.closed.aborted) return
  const destroy = () => stream.destroy()
  let timer = setTimeout(destroy, FLUSH_MS).unref()
  stream.closed.addEventListener('abort', () => clearTimeout(timer))
  stream.wire.once('finish', () => {
    clearTimeout(timer)
    timer = setTimeout(destroy, LINGER_MS).unref()
  })
  stream.end(bytes)
  // When both sides have ended, the socket closes by itself: destroyed here, it would lose what is still waiting.
  stream.receive(
    () => true,
    () => undefined,
  )
}
