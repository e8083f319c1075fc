/** The last words to a client. */
import type { ByteStream } from '../pipeline/byte-stream.ts'

/** How long a client that was refused may go on sending before it is cut off. */
const LINGER_MS = 2_000

/**
 * Sends the last bytes and closes. What the client still sends is read and thrown away for a while: closing with
 * unread bytes makes the kernel send a RST, which can destroy the answer before the client has read it (RFC 9112 §9.6).
 */
export function sayFarewell(stream: ByteStream, bytes: Uint8Array): void {
  stream.end(bytes)
  stream.receive(
    () => true,
    () => stream.destroy(),
  )
  const timer = setTimeout(() => stream.destroy(), LINGER_MS).unref()
  stream.closed.addEventListener('abort', () => clearTimeout(timer))
}
