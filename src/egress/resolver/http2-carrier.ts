/** One HTTP/2 connection to a DNS server: each question is a request of its own, so that none waits for another. */
import http2 from 'node:http2'
import { formatEndpoint } from '../../model/address.ts'
import { hostText, printable } from '../../model/hostname.ts'
import type { Stop } from '../../model/stop.ts'
import { parseResponse } from '../../wire/dns.ts'
import type { HttpsServer } from '../resolver-server.ts'
import { secureOver } from '../tls.ts'
import type { Unusable } from './answer.ts'
import { ConnectionUse } from './connection-use.ts'
import type { Question, Reply } from './exchange.ts'
import { connectionFailed, timedOut } from './failure-words.ts'
import type { ResolverSettings } from './index.ts'
import type { Broken, Carrier } from './kept-connection.ts'
import { belongs, queryBytes } from './matching.ts'
import { connectTo } from './tcp.ts'
import { certified, handshakeFailed } from './tls.ts'

const MEDIA_TYPE = 'application/dns-message'
const MAX_MESSAGE = 65_535
/** RFC 8484 §4.1: what answers a request is known without it, and caches on the way see one request where there is one question. */
const ID = 0

const noHttp2: Unusable = { kind: 'failed', why: 'does not speak HTTP/2' }

/** RFC 7301 §3.2: a server that speaks none of the protocols ends the handshake so; others go on and name none. */
const isOtherProtocol = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).endsWith('NO_APPLICATION_PROTOCOL')

export function carryOverHttp2(server: HttpsServer, { ca, monotonic }: Pick<ResolverSettings, 'ca' | 'monotonic'>): Carrier {
  const host = certified(server)
  const connection = connectTo(server)
  const secured = secureOver(connection, host, ca, ['h2'])
  const authority = formatEndpoint({ host: hostText(host), port: server.port })
  const session = http2.connect(`https://${authority}`, { createConnection: () => secured, settings: { enablePush: false } })
  const use = new ConnectionUse(connection, () => session.destroy(), monotonic)
  let established = false
  let failure: Unusable = { kind: 'failed', why: 'closed the connection' }

  const failed = (why: Unusable) => {
    failure = why
    use.retire()
    session.destroy()
    connection.destroy()
  }
  connection.on('error', (error) => failed(connectionFailed(error)))
  const onFailure = (error: unknown) => {
    if (established) return failed(connectionFailed(error))
    failed(isOtherProtocol(error) ? { ...noHttp2, cause: error } : handshakeFailed(host, error))
  }
  secured.on('error', onFailure)
  session.on('error', onFailure)
  session.on('close', () => use.retire())
  secured.once('secureConnect', () => {
    if (secured.alpnProtocol !== 'h2') return failed(noHttp2)
    established = true
  })
  const broken = (): Broken => ({ kind: 'broken', established, why: failure.why, cause: failure.cause })

  return {
    get open() {
      return !use.retired && !session.closed && !session.destroyed
    },
    ask: async (question, stop) => {
      if (stop.aborted) return timedOut
      const over = use.begin()
      const reply = await request(session, server.path, question, stop, use, broken)
      // Its requests learn that a connection ends before the session does: the next question must not go the same way.
      if (reply.kind === 'broken') use.retire()
      over(reply.kind === 'timeout')
      return reply
    },
  }
}

function request(
  session: http2.ClientHttp2Session,
  path: string,
  question: Question,
  stop: Stop,
  use: ConnectionUse,
  broken: () => Broken,
): Promise<Reply | Broken> {
  return new Promise((resolve) => {
    const bytes = queryBytes(question, ID)
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': MEDIA_TYPE,
      'content-length': bytes.length,
      accept: MEDIA_TYPE,
    })
    const pieces: Buffer[] = []
    let size = 0
    let age = 0
    let answered = false
    const settle = (reply: Reply | Broken) => {
      stop.removeEventListener('abort', onStop)
      resolve(reply)
      if (!stream.closed) stream.close(http2.constants.NGHTTP2_CANCEL)
    }
    const refuse = (why: string) => settle({ kind: 'failed', why })
    const onStop = () => settle(timedOut)
    stop.addEventListener('abort', onStop)
    stream.on('response', (headers) => {
      use.heard()
      answered = true
      const type = String(headers['content-type'] ?? 'nothing')
      if (headers[':status'] !== 200) return refuse(`answered with HTTP status ${headers[':status']}`)
      if (type.split(';')[0]?.trim().toLowerCase() !== MEDIA_TYPE) return refuse(`answered with ${printable(type)}, not with a DNS message`)
      // RFC 9111 §5.1: what is not a number of seconds is as if it were not there.
      age = /^\d{1,9}$/.test(headers.age ?? '') ? Number(headers.age) : 0
    })
    stream.on('data', (piece: Buffer) => {
      pieces.push(piece)
      size += piece.length
      if (size > MAX_MESSAGE) refuse('sent more than a DNS message can hold')
    })
    stream.on('end', () => {
      // A session that is torn down ends its requests as well, with what they have so far.
      if (stream.aborted || stream.destroyed || session.destroyed || !answered) return settle(broken())
      const parsed = parseResponse(Buffer.concat(pieces))
      if (parsed.kind === 'malformed') refuse('sent what is no DNS message')
      else if (!belongs(parsed.value, question, ID)) refuse('answered another question')
      else if (parsed.value.truncated) refuse('sent half an answer')
      else settle({ kind: 'response', response: parsed.value, age })
    })
    stream.on('error', () => settle(broken()))
    stream.on('close', () => settle(broken()))
    stream.end(bytes)
  })
}
