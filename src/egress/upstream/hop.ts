/** An upstream proxy as it is spoken to, and the words for what goes wrong with it: its own faults, and those it tells of the destination. */
import { type Endpoint, formatEndpoint, type Ip } from '../../model/address.ts'
import { type ErrorCode, RingfenceError } from '../../model/errors.ts'
import type { Host } from '../../model/hostname.ts'
import { type Stop, StopSource } from '../../model/stop.ts'
import type { ByteStream } from '../../pipeline/byte-stream.ts'

export interface Hop {
  /** A name of the table in `index.ts`. */
  readonly type: 'http' | 'socks5'
  readonly server: Endpoint<Ip>
  readonly login: { readonly name: string; readonly password: string } | null
  /** How the proxy itself is spoken to; `null`: in clear. */
  readonly tls: HopTls | null
}

export interface HopTls {
  /** Whom the proxy's certificate must name. */
  readonly host: Host
  /** PEM certificates to trust instead of Node's roots, or `null`. */
  readonly ca: readonly string[] | null
}

/**
 * Has a proxy lead a connection with it to an address. When it resolves, the bytes are the destination's, those that
 * came glued behind the answer among them. Rejects with RingfenceError `dial.*` where the proxy says that it can't
 * reach the address, `upstream.*` for all else, and the reason of `stop`.
 */
export type Handshake = (stream: ByteStream, to: Endpoint<Ip>, hop: Hop, stop: Stop, via: string | null) => Promise<void>

export type DialCode = Extract<ErrorCode, `dial.${string}`>
export type UpstreamCode = Extract<ErrorCode, `upstream.${string}`>

/** `what`: a predicate, as in "answered with 403". Nothing of it is the proxy's own text, which may hold anything. */
export const hopFailure = ({ server }: Hop, code: UpstreamCode, what: string, cause?: unknown): RingfenceError =>
  new RingfenceError(code, `the upstream proxy ${formatEndpoint(server)} ${what}`, { cause })

/** What the proxy says of the destination. `said`: how, as in "reply 5". */
export const destinationFailure = (to: Endpoint<Ip>, { server }: Hop, code: DialCode, said: string): RingfenceError =>
  new RingfenceError(
    code,
    `no connection to ${formatEndpoint(to)} (${words[code]}, says the upstream proxy ${formatEndpoint(server)}: ${said})`,
  )

const words: Readonly<Record<DialCode, string>> = {
  'dial.refused': 'refused',
  'dial.host-unreachable': 'unreachable',
  'dial.network-unreachable': 'unreachable',
  'dial.timeout': 'timed out',
  'dial.failed': 'failed',
}

/** The proxy left in the middle of the handshake. */
export const hopLeft = (hop: Hop, stream: ByteStream): RingfenceError =>
  hopFailure(hop, 'upstream.malformed', 'closed the connection before its answer was complete', stream.error ?? undefined)

/** Sends a message of the handshake. */
export async function say(stream: ByteStream, bytes: Uint8Array, hop: Hop, stop: Stop): Promise<void> {
  try {
    await stream.write(bytes, stop)
  } catch {
    throw stop.aborted ? stop.reason : hopLeft(hop, stream)
  }
}

/** For what a proxy answers by itself, before any destination has a say. */
const ANSWER_MS = 4_000

/** Waits for such an answer, and rejects with `upstream.unreachable` where none comes: the next proxy may have one. */
export async function soon<T>(hop: Hop, stop: Stop, ask: (stop: Stop) => Promise<T>, milliseconds: number = ANSWER_MS): Promise<T> {
  const late = new StopSource()
  const leave = () => late.abort(stop.reason)
  if (stop.aborted) leave()
  stop.addEventListener('abort', leave)
  const timer = setTimeout(
    () => late.abort(hopFailure(hop, 'upstream.unreachable', `takes connections, and says nothing within ${milliseconds / 1000} s`)),
    milliseconds,
  )
  try {
    return await ask(late)
  } finally {
    clearTimeout(timer)
    stop.removeEventListener('abort', leave)
  }
}
