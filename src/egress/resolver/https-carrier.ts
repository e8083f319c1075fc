/**
 * One connection to a DNS server over HTTPS: TLS, and in it HTTP/2, or HTTP/1.1 where the server speaks nothing newer.
 * Which one it is shows only when the connection stands (RFC 7301), so the first questions wait for that.
 */
import type { TLSSocket } from 'node:tls'
import { formatEndpoint } from '../../model/address.ts'
import { hostText } from '../../model/hostname.ts'
import type { Stop } from '../../model/stop.ts'
import type { HttpsServer } from '../resolver-server.ts'
import { secureOver } from '../tls.ts'
import type { Unusable } from './answer.ts'
import { ConnectionUse } from './connection-use.ts'
import type { Question, Reply } from './exchange.ts'
import { connectionFailed, timedOut } from './failure-words.ts'
import { requestsOverHttp1 } from './http1-requests.ts'
import { requestsOverHttp2 } from './http2-requests.ts'
import type { ResolverSettings } from './index.ts'
import type { Broken, Carrier } from './kept-connection.ts'
import { connectTo } from './tcp.ts'
import { certified, handshakeFailed } from './tls.ts'

/** Questions as requests on a connection that stands. */
export interface Requests {
  /** Whether it takes another one now. */
  readonly free: boolean
  /** `null`: the connection ended before the answer. Never rejects: `timeout` when `stop` fires. */
  post(question: Question, stop: Stop): Promise<Reply | null>
  end(): void
}

export interface RequestsOptions {
  readonly connection: TLSSocket
  /** As in a URL: whom the request is for. */
  readonly authority: string
  readonly path: string
  /** Something came from the server. */
  heard(): void
}

/** Whether connections to the server take many questions at once, as far as is known. */
export interface Sharing {
  readonly shared: boolean
  learnt(shared: boolean): void
}

const closed: Unusable = { kind: 'failed', why: 'closed the connection' }
const noHttp: Unusable = { kind: 'failed', why: 'speaks neither HTTP/2 nor HTTP/1.1' }

/** RFC 7301 §3.2: a server that speaks none of the protocols ends the handshake so; others go on and name none. */
const isOtherProtocol = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).endsWith('NO_APPLICATION_PROTOCOL')

export function carryOverHttps(
  server: HttpsServer,
  sharing: Sharing,
  { ca, monotonic }: Pick<ResolverSettings, 'ca' | 'monotonic'>,
): Carrier {
  const host = certified(server)
  const connection = connectTo(server)
  const secured = secureOver(connection, host, ca, ['h2', 'http/1.1'])
  const waiting = new Set<() => void>()
  let requests: Requests | null = null
  let failure: Unusable | null = null

  const settleWaiting = () => {
    for (const settle of [...waiting]) settle()
  }
  const end = () => {
    failure ??= closed
    requests?.end()
    secured.destroy()
    connection.destroy()
    settleWaiting()
  }
  const use = new ConnectionUse(connection, end, monotonic)
  const failed = (why: Unusable) => {
    failure ??= why
    use.retire()
    end()
  }
  connection.on('error', (error) => failed(connectionFailed(error)))
  secured.on('error', (error) => {
    if (requests !== null) failed(connectionFailed(error))
    else failed(isOtherProtocol(error) ? { ...noHttp, cause: error } : handshakeFailed(host, error))
  })
  secured.on('close', () => failed(closed))
  secured.once('secureConnect', () => {
    const shared = secured.alpnProtocol === 'h2'
    const authority = formatEndpoint({ host: hostText(host), port: server.port })
    const options = { connection: secured, authority, path: server.path, heard: () => use.heard() }
    requests = shared ? requestsOverHttp2(options) : requestsOverHttp1(options)
    sharing.learnt(shared)
    settleWaiting()
  })

  const stands = (stop: Stop) =>
    new Promise<void>((resolve) => {
      const settle = () => {
        waiting.delete(settle)
        stop.removeEventListener('abort', settle)
        resolve()
      }
      waiting.add(settle)
      stop.addEventListener('abort', settle)
    })
  const broken = (): Broken => ({ kind: 'broken', established: requests !== null, failure: failure ?? closed })
  const put = async (question: Question, stop: Stop) => {
    if (requests === null && failure === null) await stands(stop)
    if (stop.aborted) return timedOut
    if (requests === null || failure !== null) return broken()
    if (!requests.free) return { kind: 'busy' } as const
    return (await requests.post(question, stop)) ?? broken()
  }

  return {
    get over() {
      return use.retired || failure !== null
    },
    get open() {
      return !use.retired && failure === null && (requests === null ? sharing.shared || use.idle : requests.free)
    },
    ask: async (question, stop) => {
      if (stop.aborted) return timedOut
      const over = use.begin()
      const reply = await put(question, stop)
      // Its requests learn that a connection ends before the connection does: the next question must not go the same way.
      if (reply.kind === 'broken') use.retire()
      over(reply.kind === 'timeout')
      return reply
    },
  }
}
