/** Passes one HTTP body from a stream on, piece by piece, with its framing checked: no faster than the other side takes it. */
import { type ErrorCode, RingfenceError } from '../model/errors.ts'
import type { Stop } from '../model/stop.ts'
import type { ByteStream } from '../pipeline/byte-stream.ts'
import { bodyDecoder } from '../wire/http1-body.ts'
import type { Field } from '../wire/http1-fields.ts'
import type { Framing } from '../wire/http1-framing.ts'

/** Whose fault it is when the body breaks: the client's or the origin's. */
export interface Faults {
  readonly malformed: ErrorCode
  /** It ended before the body was complete. */
  readonly truncated: ErrorCode
  /** The connection broke. */
  readonly broken: ErrorCode
}

/** Hands the content to `send`; resolves with the trailers. Throws RingfenceError with the code that `faults` names. */
export async function passBody(
  from: ByteStream,
  framing: Framing,
  send: (data: Uint8Array) => Promise<void>,
  faults: Faults,
  signal: Stop,
  consumed: (bytes: number) => void = () => undefined,
): Promise<readonly Field[]> {
  const decoder = bodyDecoder(framing)
  for (;;) {
    const part = decoder.push(from.held)
    if (part.kind === 'malformed') throw new RingfenceError(faults.malformed, `the body is not valid: ${part.why}`)
    consumed(part.consumed)
    // Nothing more is read before it is sent, or a slow taker has two of the largest reads waiting for it.
    for (const data of part.data) await send(data)
    from.consume(part.consumed)
    if (part.done) return part.trailers ?? []
    if (from.held.length > 0) continue
    await from.grown(0, signal)
    if (from.held.length > 0) continue
    if (from.error === null && decoder.end() === 'complete') return []
    const code = from.error === null ? faults.truncated : faults.broken
    throw new RingfenceError(code, 'the connection closed before the body was complete', { cause: from.error })
  }
}
