/**
 * One request through the HTTP proxy, and its answer. Both heads are written anew from what the strict parser
 * understood; bodies pass piece by piece with their framing checked, so that a truncated one never looks complete.
 * Each request has a connection to the origin of its own: its address was judged for this flow.
 */
import { asRingfenceError, type ErrorCode, errorKind, RingfenceError } from '../model/errors.ts'
import type { Ending } from '../model/event.ts'
import type { Flow } from '../model/flow.ts'
import { hostText } from '../model/hostname.ts'
import { type Stop, StopSource } from '../model/stop.ts'
import type { ByteStream } from '../pipeline/byte-stream.ts'
import { Deadline } from '../pipeline/deadline.ts'
import { readMessage } from '../pipeline/handshake.ts'
import { IdleTimer } from '../pipeline/idle-timer.ts'
import type { HowEnded, Meter, Offer, Refusal, Upstream } from '../pipeline/ports.ts'
import { relay } from '../pipeline/relay.ts'
import { parseResponseHead, serializeRequestHead, serializeResponseHead } from '../wire/http1.ts'
import { encodeChunk, encodeLastChunk } from '../wire/http1-body.ts'
import { endToEndFields } from '../wire/http1-fields.ts'
import {
  type AbsoluteTarget,
  interimToClient,
  isSwitchAsAsked,
  requestToOrigin,
  responseToClient,
  wantsKeepAlive,
} from '../wire/http1-forward.ts'
import { type Framing, isEmpty, responseFraming } from '../wire/http1-framing.ts'
import type { RequestHead, ResponseHead } from '../wire/http1-head.ts'
import { type Door, type Guest, newFlow } from './door.ts'
import { sayFarewell, wasTaken } from './farewell.ts'
import { encodeAnswer, refusalAnswer } from './http-answer.ts'
import { passBody } from './http-body.ts'

/** A server that sends interim responses without end would hold the flow for ever. */
const MAX_INTERIM = 32

const NOTHING = new Uint8Array(0)

/** Serves one request. `keep`: the connection may carry another one. */
export async function serveRequest(
  guest: Guest,
  head: RequestHead,
  target: AbsoluteTarget,
  framing: Framing,
  door: Door,
): Promise<'keep' | 'close'> {
  const exchange = new Exchange(guest, head, target, framing, door)
  await door.carry(exchange)
  // Whoever asks without reading the answers is not read from either, or they would pile up here.
  const { stream } = guest
  if (exchange.next === 'keep' && stream.wire.writableNeedDrain) {
    const inTime = new Deadline(door.limits.relay.idleMs, 'taking the answer')
    try {
      if (!stream.closed.aborted) await stream.drained(inTime)
    } finally {
      inTime.clear()
    }
  }
  return exchange.next
}

class Exchange implements Offer {
  readonly flow: Flow
  /** A client may end its side after the request and still wait for the answer: only a closed connection is gone. */
  readonly gone: Stop
  /** The request says everything that this client will claim. */
  readonly firstBytes = null
  next: 'keep' | 'close' = 'close'
  readonly #client: ByteStream
  readonly #head: RequestHead
  readonly #target: AbsoluteTarget
  readonly #framing: Framing
  readonly #door: Door
  #answered = false
  /** The framing of the answer shows the client whether all of it has come. */
  #showsItsEnd = false
  /** The whole request. */
  #sent = false

  constructor({ stream, client, who }: Guest, head: RequestHead, target: AbsoluteTarget, framing: Framing, door: Door) {
    this.flow = newFlow(door, { client, who }, { host: target.host, port: target.port })
    this.gone = stream.closed
    this.#client = stream
    this.#head = head
    this.#target = target
    this.#framing = framing
    this.#door = door
  }

  grant(): void {
    // The origin's own answer is the grant.
  }

  refuse(refusal: Refusal): void {
    if (this.#answered) {
      this.#breakOff(refusal.code)
      return
    }
    this.#answered = true
    // A body that was not read would be taken for the next request.
    const keepAlive = wantsKeepAlive(this.#head) && isEmpty(this.#framing)
    const bytes = encodeAnswer(refusalAnswer(refusal), {
      request: this.#head,
      keepAlive,
      now: this.#door.clock.now(),
      flow: this.flow.id,
      attributions: this.#door.attributions,
    })
    if (keepAlive) this.#client.wire.write(bytes)
    else sayFarewell(this.#client, bytes)
    this.next = keepAlive ? 'keep' : 'close'
  }

  async relay(upstream: Upstream, meter: Meter, cut: Stop): Promise<HowEnded> {
    const { stream: origin } = upstream
    const stop = new StopSource()
    const stopWith = (error: RingfenceError) => stop.abort(error)
    const onGone = () => stop.abort(this.gone.reason)
    const onCut = () => stopWith(cut.reason instanceof RingfenceError ? cut.reason : new RingfenceError('policy.cut', 'the flow was cut'))
    const idle = new IdleTimer(this.#door.clock, this.#door.limits.relay.idleMs, (ms) =>
      stopWith(new RingfenceError('relay.idle', `nothing was sent for ${Math.round(ms / 1000)} s`)),
    )
    // A client that went away looks like one that has said all and waits: it gets no longer than a tunnel with one end.
    const onLeft = () => idle.touch(Math.min(this.#door.limits.relay.halfClosedMs, this.#door.limits.relay.idleMs))
    this.gone.addEventListener('abort', onGone)
    this.#client.left.addEventListener('abort', onLeft)
    cut.addEventListener('abort', onCut)
    try {
      if (cut.aborted) onCut()
      if (this.gone.aborted) onGone()
      if (this.#client.left.aborted) onLeft()
      stop.throwIfAborted()
      this.#sendRequest(origin, meter, idle, stop).then(
        () => {
          this.#sent = true
        },
        (error: unknown) => {
          // What the client did wrong ends the flow; a failed write does not: the origin may have answered already.
          if (error instanceof RingfenceError) stopWith(error)
        },
      )
      const switched = await this.#passResponse(origin, meter, idle, stop)
      if (switched) {
        idle.stop()
        this.gone.removeEventListener('abort', onGone)
        return await relay(this.#client, origin, meter, { limits: this.#door.limits.relay, clock: this.#door.clock, cut, tap: null })
      }
      if (this.next === 'close') {
        sayFarewell(this.#client, NOTHING)
        if (!(await wasTaken(this.#client))) throw new RingfenceError('client.gone', 'the client did not take the end of the answer')
      }
      return { ending: 'completed', code: null, message: null }
    } catch (thrown) {
      return this.#fail(asRingfenceError(stop.aborted ? stop.reason : thrown))
    } finally {
      idle.stop()
      this.gone.removeEventListener('abort', onGone)
      this.#client.left.removeEventListener('abort', onLeft)
      cut.removeEventListener('abort', onCut)
      if (!stop.aborted) stop.abort(new RingfenceError('client.gone', 'the exchange is over'))
      origin.destroy()
    }
  }

  /** Ends the connection in the middle of an answer, so that it does not look complete. */
  #breakOff(code: ErrorCode): void {
    this.next = 'close'
    // Who took nothing for the idle time has had the time that there is.
    const stuck = code === 'relay.idle' && this.#client.wire.writableLength > 0
    // A reset throws away what a slow client has still to receive. Where a length or chunks tell that there was to be
    // more, an end without it is as clear (RFC 9112 §8), and all that came arrives.
    if (this.#showsItsEnd && brokenByOrigin.has(code) && !stuck) sayFarewell(this.#client, NOTHING)
    else this.#client.reset()
  }

  #fail(error: RingfenceError): HowEnded {
    // The road answers for our own faults, without showing our insides.
    if (errorKind(error.code).blame === 'bug') throw error
    this.refuse({ code: error.code, sentence: `${error.message}.` })
    const endings: Partial<Record<RingfenceError['code'], Ending>> = {
      'client.gone': 'client-gone',
      'client.malformed': 'malformed',
      'policy.cut': 'cut',
      'relay.idle': 'idle',
      'relay.reset': 'reset',
      'run.shutdown': 'shutdown',
    }
    return { ending: endings[error.code] ?? 'failed', code: error.code, message: error.message }
  }

  async #sendRequest(origin: ByteStream, meter: Meter, idle: IdleTimer, signal: Stop): Promise<void> {
    const send = async (bytes: Uint8Array) => {
      meter.up += bytes.length
      idle.touch()
      await origin.write(bytes, signal)
    }
    await send(serializeRequestHead(requestToOrigin(this.#head, this.#target, this.#framing, this.#door.via)))
    if (isEmpty(this.#framing)) return
    const chunked = this.#framing.kind === 'chunked'
    const trailers = await passBody(this.#client, this.#framing, (data) => send(chunked ? encodeChunk(data) : data), clientFaults, signal)
    if (chunked) await send(encodeLastChunk(endToEndFields(trailers, this.#head.fields)))
  }

  /** Passes the answer on, interim ones first. Resolves with true if the protocol was switched. */
  async #passResponse(origin: ByteStream, meter: Meter, idle: IdleTimer, signal: Stop): Promise<boolean> {
    const response = await this.#finalResponse(origin, meter, idle, signal)
    const send = async (bytes: Uint8Array) => {
      idle.touch()
      await this.#client.write(bytes, signal)
    }
    if (response.status === 101) {
      this.#answered = true
      await send(serializeResponseHead(interimToClient(response, this.#door.via)))
      return true
    }
    const framing = responseFraming(response, this.#head.method)
    if ('why' in framing)
      throw new RingfenceError('relay.malformed-response', `the answer of ${hostText(this.#target.host)} is not valid HTTP: ${framing.why}`)
    const unbounded = framing.kind === 'chunked' || framing.kind === 'until-close'
    const chunked = unbounded && this.#head.version === '1.1'
    // What is left of a body that the origin did not wait for would be taken for the next request.
    const keepAlive = this.#sent && wantsKeepAlive(this.#head) && (!unbounded || chunked)
    this.next = keepAlive ? 'keep' : 'close'
    this.#answered = true
    this.#showsItsEnd = !unbounded || chunked
    const { via: pseudonym, clock } = this.#door
    await send(serializeResponseHead(responseToClient(response, { pseudonym, now: clock.now(), chunked, keepAlive })))
    const trailers = await passBody(
      origin,
      framing,
      (data) => send(chunked ? encodeChunk(data) : data),
      originFaults,
      signal,
      (bytes) => {
        meter.down += bytes
      },
    )
    if (chunked) await send(encodeLastChunk(endToEndFields(trailers, response.fields)))
    return false
  }

  async #finalResponse(origin: ByteStream, meter: Meter, idle: IdleTimer, signal: Stop): Promise<ResponseHead> {
    const who = hostText(this.#target.host)
    for (let interim = 0; interim <= MAX_INTERIM; interim++) {
      const message = await readMessage(
        origin,
        (bytes) => {
          idle.touch()
          return parseResponseHead(bytes, this.#door.limits)
        },
        signal,
      )
      if (message.kind === 'ended') {
        const code = origin.error === null ? 'relay.truncated' : 'relay.reset'
        throw new RingfenceError(code, `${who} closed the connection before it answered`, { cause: origin.error })
      }
      if (message.kind === 'malformed')
        throw new RingfenceError('relay.malformed-response', `the answer of ${who} is not valid HTTP: ${message.why}`)
      const response = message.value
      meter.down += message.consumed
      if (response.status === 101) {
        if (isSwitchAsAsked(this.#head, this.#framing, response)) return response
        throw new RingfenceError('relay.malformed-response', `${who} switched to a protocol that it was not asked for`)
      }
      if (response.status >= 200) return response
      if (this.#head.version === '1.1') await this.#client.write(serializeResponseHead(interimToClient(response, this.#door.via)), signal)
    }
    throw new RingfenceError('relay.malformed-response', `${who} sent more than ${MAX_INTERIM} interim responses`)
  }
}

const clientFaults = { malformed: 'client.malformed', truncated: 'client.gone', broken: 'client.gone' } as const
const originFaults = { malformed: 'relay.malformed-response', truncated: 'relay.truncated', broken: 'relay.reset' } as const
const brokenByOrigin: ReadonlySet<ErrorCode> = new Set([...Object.values(originFaults), 'relay.idle'] as const)
