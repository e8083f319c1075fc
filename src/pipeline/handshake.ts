/** Reads one message of a handshake from a stream with a pure parser; what follows the message stays unread. */
import type { Stop } from '../model/stop.ts'
import type { Parsed } from '../wire/parsed.ts'
import type { ByteStream } from './byte-stream.ts'

export type Message<T, Bad> = { readonly kind: 'value'; readonly value: T; readonly consumed: number } | Bad | { readonly kind: 'ended' }

/** `ended`: the peer left before the message was whole. Throws the signal's reason when the time is over. */
export async function readMessage<T, Bad extends { readonly kind: 'malformed' }>(
  stream: ByteStream,
  parse: (bytes: Uint8Array) => Exclude<Parsed<T>, { kind: 'malformed' }> | Bad,
  deadline: Stop,
): Promise<Message<T, Bad>> {
  for (;;) {
    const bytes = stream.held
    const parsed = parse(bytes)
    if (parsed.kind === 'malformed') return parsed
    if (parsed.kind === 'value') {
      stream.consume(parsed.consumed)
      return parsed
    }
    await stream.grown(bytes.length, deadline)
    if (stream.held.length === bytes.length) return { kind: 'ended' }
  }
}
