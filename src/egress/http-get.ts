/**
 * One GET over one judged connection, in TLS where the URL says so. Node's HTTP client does the protocol; this counts
 * the bytes, holds the deadlines, and sees to it that a broken answer never looks complete. It follows nothing and
 * retries nothing.
 */
import http from 'node:http'
import { asRingfenceError, RingfenceError } from '../model/errors.ts'
import { type Host, hostText } from '../model/hostname.ts'
import { IdleTimer } from '../pipeline/idle-timer.ts'
import type { Clock, Meter, Upstream } from '../pipeline/ports.ts'
import { duplexOf } from './duplex.ts'
import { secureOver, tlsFailure } from './tls.ts'

const MAX_HEAD = 32 * 1024

export interface GetRequest {
  readonly url: URL
  readonly host: Host
  readonly headers: Readonly<Record<string, string>>
}

export interface GetSettings {
  readonly clock: Clock
  /** Time for handshake, request and the whole response head, milliseconds. */
  readonly headMs: number
  /** Longest time in which nothing moves, milliseconds. */
  readonly idleMs: number
  /** PEM certificates to trust instead of Node's roots, or `null`. */
  readonly ca: readonly string[] | null
}

export interface Answer {
  readonly status: number
  /** Names in lower case; of a repeated field all values, joined by a comma. */
  readonly headers: Readonly<Record<string, string>>
  /** Throws RingfenceError where the body breaks off. */
  readonly body: AsyncIterable<Uint8Array>
  /** No more of the body is wanted. */
  drop(): void
}

/** Resolves when the exchange is over, body included; rejects with a RingfenceError that the body, if it has begun, throws as well. */
export function httpGet(
  { stream }: Upstream,
  { url, host, headers }: GetRequest,
  meter: Meter,
  { clock, headMs, idleMs, ca }: GetSettings,
  stop: AbortSignal,
  onAnswer: (answer: Answer) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const who = hostText(host)
    let response: http.IncomingMessage | null = null
    let failure: RingfenceError | null = null
    let dropped = false

    const idle = new IdleTimer(clock, idleMs, (ms) => fail(new RingfenceError('relay.idle', `${who} sent nothing for ${seconds(ms)}`)))
    const wire = duplexOf(stream, {
      up(bytes) {
        meter.up += bytes
        idle.touch()
      },
      down(bytes) {
        meter.down += bytes
        idle.touch()
      },
    })
    let secured = url.protocol !== 'https:'
    const connection = secured ? wire : secureOver(wire, host, ca)
    connection.once('secureConnect', () => {
      secured = true
    })

    const accidentOf = (error: unknown): RingfenceError => {
      if (error instanceof RingfenceError) return error
      if (!(error instanceof Error) || !('code' in error)) return asRingfenceError(error)
      if (!secured) return tlsFailure(host, error)
      if (String(error.code).startsWith('HPE_'))
        return new RingfenceError('relay.malformed-response', `${who} sent no valid HTTP`, { cause: error })
      if (stream.error !== null) return new RingfenceError('relay.reset', `${who} broke the connection`, { cause: error })
      return new RingfenceError('relay.truncated', `${who} closed the connection before its answer was complete`, { cause: error })
    }
    const fail = (thrown: unknown): RingfenceError => {
      failure ??= accidentOf(thrown)
      finish()
      response?.destroy(failure)
      request.destroy()
      wire.destroy(failure)
      return failure
    }
    const finish = () => {
      idle.stop()
      clearTimeout(timer)
      stop.removeEventListener('abort', onStop)
      if (failure === null) resolve()
      else reject(failure)
    }
    const onStop = () => fail(stop.reason)

    const request = http.request({
      method: 'GET',
      path: `${url.pathname}${url.search}`,
      // Whatever the caller sets, the body is the file itself, and the connection serves this one request.
      headers: { ...headers, host: url.host, 'accept-encoding': 'identity', connection: 'close' },
      setHost: false,
      maxHeaderSize: MAX_HEAD,
      createConnection: () => connection,
    })
    const timer = setTimeout(() => fail(new RingfenceError('relay.idle', `${who} did not answer within ${seconds(headMs)}`)), headMs)
    // Ahead of Node's own listeners: of a body that only the end of the connection ends, they take a reset for that end.
    for (const emitter of [request, connection, wire]) emitter.on('error', fail)
    request.on('upgrade', () => fail(new RingfenceError('relay.malformed-response', `${who} switched protocols without being asked`)))
    request.on('response', (incoming) => {
      clearTimeout(timer)
      response = incoming
      incoming.on('error', fail)
      incoming.on('close', () => {
        if (dropped || (incoming.complete && incoming.readableEnded)) finish()
        else fail(notWanted())
        wire.destroy()
      })
      onAnswer({
        status: incoming.statusCode ?? 0,
        headers: joined(incoming.headers),
        body: bodyOf(incoming, fail),
        drop() {
          dropped = true
          incoming.destroy()
        },
      })
    })
    stop.addEventListener('abort', onStop)
    if (stop.aborted) onStop()
    else request.end()
  })
}

async function* bodyOf(incoming: http.IncomingMessage, fail: (thrown: unknown) => RingfenceError) {
  try {
    for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
      let wanted = false
      try {
        yield chunk
        wanted = true
      } finally {
        if (!wanted) fail(notWanted())
      }
    }
  } catch (thrown) {
    throw fail(thrown)
  }
}

const notWanted = () => new RingfenceError('client.gone', 'the rest of the answer was not wanted')

const joined = (headers: http.IncomingHttpHeaders): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
    ),
  )

const seconds = (milliseconds: number): string => `${milliseconds / 1000} s`
