/** The last words to a client. */
import type { ByteStream } from '../pipeline/byte-stream.ts'

/** How long a client that has been told everything may go on sending before it is cut off. */
const LINGER_MS = 2_000

/**
 * How long a client may take nothing of what is waiting for it. The kernel may hold 4 MB before that, which a line of 128
 * kbit/s takes four minutes for, and nobody sees it go.
 */
const FLUSH_MS = 300_000

/**
 * Sends the last bytes and closes. What the client still sends is read and thrown away for a while: closing with
 * unread bytes makes the kernel send a RST, which can destroy the answer before the client has read it (RFC 9112 §9.6).
 */
export function sayFarewell(stream: ByteStream, bytes: Uint8Array): void {
  const { wire } = stream
  if (stream.closed.aborted) return
  let timer: NodeJS.Timeout | undefined
  const flush = (before: number) => {
    const waiting = wire.writableLength
    if (waiting >= before) return stream.destroy()
    timer = setTimeout(flush, FLUSH_MS, waiting).unref()
  }
  stream.end(bytes)
  flush(Number.POSITIVE_INFINITY)
  stream.closed.addEventListener('abort', () => clearTimeout(timer))
  wire.once('finish', () => {
    clearTimeout(timer)
    timer = setTimeout(() => stream.destroy(), LINGER_MS).unref()
  })
  // When both sides have ended, the socket closes by itself: destroyed here, it would lose what is still waiting.
  stream.receive(
    () => true,
    () => undefined,
  )
}

/** Whether the kernel takes all that was waiting for a client at its farewell. If not, the client sees a reset. */
export function wasTaken({ wire, closed }: ByteStream): Promise<boolean> {
  return new Promise((resolve) => {
    if (closed.aborted || wire.writableLength === 0) return resolve(true)
    wire.once('finish', () => resolve(true))
    closed.addEventListener('abort', () => resolve(false))
  })
}
