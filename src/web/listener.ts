/**
 * The page's own listener, apart from the doors: reached directly from this machine, never through the proxy. Node's
 * HTTP server reads the requests; they are few, small, and checked by `guard.ts` before anything looks at them.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Endpoint, formatEndpoint, type Ip } from '../model/address.ts'
import { OperatorError } from '../model/errors.ts'
import { type Answer, problem, rawAnswer, securityFields } from './answer.ts'
import { refusalOf } from './guard.ts'
import { answerTo, type PageParts, sharedPaths } from './routes.ts'

const HEAD_BYTES = 8_192
const HEAD_MS = 10_000
const IDLE_MS = 5_000
const CONNECTIONS = 64
const REQUESTS_PER_CONNECTION = 100

export interface PageListener {
  /** Where it really listens: port 0 in the settings has become a number. */
  readonly bound: Endpoint<Ip>
  stop(): Promise<void>
}

export interface ListenOptions {
  readonly listen: Endpoint<Ip>
  readonly parts: PageParts
  /** A fault of ours while answering, or of the listener once it listens. */
  onTrouble(error: Error): void
}

/** `null` where another program listens there. Throws OperatorError where the address can't be had for another reason. */
export async function listen({ listen: at, parts, onTrouble }: ListenOptions): Promise<PageListener | null> {
  const server = createServer({
    maxHeaderSize: HEAD_BYTES,
    headersTimeout: HEAD_MS,
    requestTimeout: HEAD_MS,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: 1_000,
    // The guard counts Host fields itself: one that is missing is misdirected, too.
    requireHostHeader: false,
  })
  server.maxConnections = CONNECTIONS
  server.maxRequestsPerSocket = REQUESTS_PER_CONNECTION
  server.timeout = HEAD_MS + IDLE_MS
  if (!(await bind(server, at))) return null
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  const bound = { host: at.host, port: address.port }
  const answer = (request: IncomingMessage): Answer => {
    try {
      return refusalOf(request, bound, sharedPaths) ?? answerTo(request.url ?? '', parts)
    } catch (error) {
      onTrouble(error instanceof Error ? error : new Error(String(error)))
      return problem(500, 'Something went wrong; the log says what.')
    }
  }
  server.on('request', (request, response) => send(answer(request), request, response))
  // Otherwise Node says "100 Continue" to a request whose content nobody wants, or ends the connection without a word.
  server.on('checkContinue', (request, response) => send(answer(request), request, response))
  server.on('checkExpectation', (request, response) => send(answer(request), request, response))
  server.on('connect', (_request, socket: Socket) => end(socket, problem(405, 'This is a page, not a proxy.')))
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => end(socket, faultOf(error)))
  server.on('error', onTrouble)
  return {
    bound,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function send({ status, type, body, fields }: Answer, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(status, {
    ...securityFields,
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    // Content that was not asked for is not read to its end.
    ...(status === 200 ? {} : { Connection: 'close' }),
    ...fields,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function faultOf({ code }: NodeJS.ErrnoException): Answer {
  if (code === 'HPE_HEADER_OVERFLOW') return problem(431, `The head of a request may have ${HEAD_BYTES} bytes.`)
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return problem(408, `A request must be here within ${HEAD_MS / 1_000} s.`)
  return problem(400, 'This is no HTTP request.')
}

function end(socket: Socket, answer: Answer): void {
  socket.on('error', () => {}) // it may have left
  if (socket.writable) socket.end(rawAnswer(answer), () => socket.destroy())
  else socket.destroy()
}

/** Whether the address could be had; `false` where it is taken. */
async function bind(server: Server, at: Endpoint<Ip>): Promise<boolean> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: at.host, port: at.port, ipv6Only: true }, () => {
        server.off('error', reject)
        resolve()
      })
    })
    return true
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (code === 'EADDRINUSE') return false
    throw new OperatorError(
      `web.listen: cannot listen on ${formatEndpoint(at)}: ${advice[code] ?? (cause instanceof Error ? cause.message : code)}`,
      {
        cause,
      },
    )
  }
}

const advice: Readonly<Record<string, string>> = {
  EACCES: 'ports below 1024 need more rights; choose a higher one',
  EADDRNOTAVAIL: 'this machine has no such address; choose one of its own',
}
