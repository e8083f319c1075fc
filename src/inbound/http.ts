/**
 * HTTP proxy (RFC 9110, 9112): CONNECT becomes a tunnel, each absolute-form request on a kept-alive connection a flow
 * of its own. Heads are read by our own strict parser and written anew. Node's server is not used, for it takes what two
 * readers read in two ways (`Transfer-Encoding: cow` beside `chunked`, a request line without version, an answer with both
 * lengths), joins repeated fields before anybody can judge them, keeps the dial of a client that has left, looks at the
 * time of a head every half minute only, and costs a tunnel a fifth more CPU (each measured for this project).
 *
 * A CONNECT is judged by its authority alone: its Host goes nowhere, so that one that names somebody else, as several
 * clients send it, deceives nobody.
 */
import { formatEndpoint } from '../model/address.ts'
import { StopSource } from '../model/stop.ts'
import type { ByteStream } from '../pipeline/byte-stream.ts'
import { Deadline } from '../pipeline/deadline.ts'
import { readMessage } from '../pipeline/handshake.ts'
import type { Refusal } from '../pipeline/ports.ts'
import { parseRequestHead } from '../wire/http1.ts'
import { expectProblem } from '../wire/http1-expect.ts'
import { wantsKeepAlive } from '../wire/http1-forward.ts'
import { type Framing, isEmpty, requestFraming } from '../wire/http1-framing.ts'
import type { RequestHead } from '../wire/http1-head.ts'
import { maxForwards } from '../wire/http1-max-forwards.ts'
import { wasHere } from '../wire/http1-via.ts'
import type { Door, Guest, Visitor } from './door.ts'
import { sayFarewell } from './farewell.ts'
import { type Answer, type AnswerOptions, answerFor, encodeAnswer, refusalAnswer } from './http-answer.ts'
import { serveRequest } from './http-exchange.ts'
import { answerAsFinalRecipient } from './http-final-recipient.ts'
import { loginOf } from './http-login.ts'
import { kindOfNonsense } from './mistakes.ts'
import { noRequest } from './no-room.ts'
import { tunnelOffer } from './tunnel.ts'

// The last answer may still be on its way to a client that has ended its side.
const NOTHING = new Uint8Array(0)

const HEAD = Buffer.from('HEAD ')

const GRANTED = Buffer.from('HTTP/1.1 200 Connection established\r\n\r\n')

export async function serveHttp(visitor: Visitor, door: Door): Promise<void> {
  const { stream, client } = visitor
  let isFirst = true
  const aside = (request: AnswerOptions['request']) => ({
    request,
    keepAlive: false,
    now: door.clock.now(),
    flow: null,
    attributions: door.attributions,
  })
  const turnAway = (answer: Answer, request: AnswerOptions['request'], instead: ReturnType<typeof kindOfNonsense> = null) => {
    door.malformed(client, instead?.why ?? `HTTP: ${answer.sentence}`, instead?.kind)
    sayFarewell(stream, encodeAnswer(answer, aside(request)))
  }
  for (;;) {
    // Between requests the connection may rest; the time for a head runs from its first byte.
    if (!(await nextRequest(stream, door))) return sayFarewell(stream, NOTHING)
    const inTime = isFirst ? visitor.inTime : new Deadline(door.limits.headMs, 'the head')
    // The first one's room is that of the connection.
    const hasRoom = isFirst || door.hasRoom()
    isFirst = false
    let received: Uint8Array = NOTHING
    const read = (bytes: Uint8Array) => {
      received = bytes
      return parseRequestHead(bytes, door.limits)
    }
    const message = await inTimeOr(tooSlow, inTime, () => readMessage(stream, read, inTime))
    if (message.kind === 'ended') return sayFarewell(stream, NOTHING)
    if (message.kind === 'malformed')
      return turnAway(malformedAnswer(message.status, message.why), beginningOf(received), kindOfNonsense(received))

    const head = message.value
    const framing = requestFraming(head)
    if ('why' in framing) return turnAway(malformedAnswer(framing.status, framing.why), head)
    const unmet = expectProblem(head)
    if (unmet !== null) return turnAway(malformedAnswer(unmet.status, unmet.why), head)
    const hops = maxForwards(head)
    if (typeof hops === 'object' && hops !== null) return turnAway(malformedAnswer(hops.status, hops.why), head)
    if (wasHere(head.fields, door.via)) return turnAway(loop, head)
    if (!hasRoom) return sayFarewell(stream, encodeAnswer(noRequest, aside(head)))
    const mayStay = mayGoOn(head, framing, stream)
    const answerMyself = async (): Promise<'keep' | 'close'> => {
      const bytes = answerAsFinalRecipient(head, {
        received: received.subarray(0, message.consumed),
        keepAlive: mayStay,
        now: door.clock.now(),
      })
      return await say(bytes, mayStay, stream, door)
    }
    const { target } = head
    switch (target.kind) {
      case 'authority':
      case 'absolute': {
        const login = await loginOf(head, door, visitor)
        if (login.kind === 'gone') return stream.destroy()
        if (login.kind === 'malformed') return turnAway(login.answer, head)
        if (login.kind !== 'known') {
          const keepAlive = login.kind === 'unknown' && mayStay
          const bytes = encodeAnswer(login.answer, { ...aside(head), keepAlive })
          if ((await say(bytes, keepAlive, stream, door)) === 'close') return
          break
        }
        if (hops === 0) {
          if ((await answerMyself()) === 'close') return
          break
        }
        const guest: Guest = { ...visitor, who: login.who }
        if (target.kind === 'absolute') {
          if ((await serveRequest(guest, head, target, framing, door)) === 'close') return
          break
        }
        const refused = (refusal: Refusal) => encodeAnswer(refusalAnswer(refusal), aside(head))
        return door.carry(tunnelOffer(guest, { host: target.host, port: target.port }, door, { granted: () => GRANTED, refused }))
      }
      case 'asterisk':
        if ((await answerMyself()) === 'close') return
        break
      case 'origin':
        return turnAway(addressedToUs(stream.wire), head)
      case 'unsupported':
        return turnAway(
          malformedAnswer(501, `"${target.text}" cannot be fetched: a proxy is asked for http:// addresses, and for others by CONNECT`),
          head,
        )
      default:
        return target satisfies never
    }
  }
}

/**
 * Whether a client that was asked to log in may try again on the same connection. A body that was not read would be
 * taken for the next request, and so would bytes for a tunnel that came before the answer.
 */
const mayGoOn = (head: RequestHead, framing: Framing, stream: ByteStream): boolean =>
  wantsKeepAlive(head) && isEmpty(framing) && (head.method !== 'CONNECT' || stream.held.length === 0)

/** What comes before the deadline, which is then over. */
async function inTimeOr<T, Late>(late: Late, inTime: Deadline, ask: () => Promise<T>): Promise<T | Late> {
  try {
    return await ask()
  } catch (error) {
    if (!inTime.aborted) throw error
    return late
  } finally {
    inTime.clear()
  }
}

/** Sends an answer of our own. */
async function say(bytes: Uint8Array, keepAlive: boolean, stream: ByteStream, door: Door): Promise<'keep' | 'close'> {
  if (!keepAlive) {
    sayFarewell(stream, bytes)
    return 'close'
  }
  const inTime = new Deadline(door.limits.relay.idleMs, 'taking the answer')
  try {
    await stream.write(bytes, inTime)
  } finally {
    inTime.clear()
  }
  return 'keep'
}

const RESTED = new Error('the connection rests')

/** Resolves with true when another request begins; with false when the client ends, rests too long, or the door stops. */
async function nextRequest(stream: ByteStream, door: Door): Promise<boolean> {
  if (stream.held.length > 0) return true
  const enough = new StopSource()
  const stop = () => enough.abort(RESTED)
  const timer = setTimeout(stop, door.limits.relay.idleMs).unref()
  door.stopping.addEventListener('abort', stop)
  if (door.stopping.aborted) stop()
  try {
    await stream.grown(0, enough)
    return !stream.ended
  } catch (error) {
    if (!enough.aborted) throw error
    return false
  } finally {
    clearTimeout(timer)
    door.stopping.removeEventListener('abort', stop)
  }
}

const tooSlow = { kind: 'malformed', why: 'the head of the request did not come in time', status: 408 } as const

// RFC 9209 §2.3.32 names it, RFC 5842 §7.2 has the status that says it without Proxy-Status as well.
const loop = answerFor('client.loop', 'This request was here before: the proxies on its way send it in a circle.')

const malformedAnswer = (status: number, sentence: string): Answer => ({ ...answerFor('client.malformed', sentence), status })

/** Of a request that cannot be read: an answer to HEAD has no content, whatever is wrong (RFC 9110 §9.3.2). */
const beginningOf = (received: Uint8Array): AnswerOptions['request'] =>
  Buffer.from(received.subarray(0, HEAD.length)).equals(HEAD) ? { method: 'HEAD', fields: [] } : null

/** Somebody opened the proxy's own address as if it were a web site. */
function addressedToUs({ localAddress = '', localPort = 0 }: ByteStream['wire']): Answer {
  const host = formatEndpoint({ host: localAddress, port: localPort })
  return malformedAnswer(
    400,
    `Ringfence listens here as a proxy, not as a web site. Set http://${host} as the HTTP proxy of your browser or program.`,
  )
}
