/**
 * Web sites for clients that are not ours: Node's own servers, in clear, in TLS, and by HTTP/2 in TLS. They say what
 * they saw of each request, and how many bytes each connection carried: those that the record must name.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import { onTestFinished } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Made } from './certificates.ts'

export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly version: string
  readonly headers: http.IncomingHttpHeaders
  /** Of the body. */
  readonly bytes: number
  readonly sha256: string
}

export interface WebSite {
  readonly port: number
  /** Requests whose body has come to its end, in order. */
  readonly seen: readonly SeenRequest[]
  readonly connections: readonly net.Socket[]
}

export interface Page {
  readonly type: string
  readonly body: string | Uint8Array
}

export interface WebSiteOptions {
  readonly over?: 'clear' | 'tls' | 'http2'
  readonly certificate?: Made
  /** Pages beside those below, by their paths. */
  readonly pages?: Readonly<Record<string, Page>>
}

/** So many bytes, of which the nth is n modulo 251: no power of two, so that no buffer's size is a period. */
export const patternBytes = (count: number): Buffer => Buffer.alloc(count, period)

const period = Uint8Array.from({ length: 251 }, (_, i) => i)

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

type Asked = http.IncomingMessage | http2.Http2ServerRequest
/** What is used of an answer in either version. */
interface Answer {
  statusCode: number
  readonly destroyed: boolean
  readonly socket: net.Socket | null
  setHeader(name: string, value: string | number): unknown
  write(data: Uint8Array, written?: () => void): boolean
  end(data?: string | Uint8Array): unknown
  on(event: 'drain', listener: () => void): unknown
}

/**
 * `/bytes/N`: N bytes of the pattern, or the range asked for · `/chunks/N`: the same without a length · `/endless` ·
 * `/truncated/N`, `/truncated-chunks/N`: N bytes, half a body, then FIN · `/reset/N`: then RST · `/early`: 413 before the body ·
 * WebSocket at any path: an echo · else what was seen, as JSON.
 */
export async function startWebSite({ over = 'clear', certificate, pages = {} }: WebSiteOptions = {}): Promise<WebSite> {
  const seen: SeenRequest[] = []
  const connections: net.Socket[] = []
  const respond = (request: Asked, response: Answer): void => {
    const { method = '', url = '', httpVersion: version, headers } = request
    if (url === '/early') {
      refuseEarly(response)
      return
    }
    const hash = createHash('sha256')
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      hash.update(chunk)
    })
    request.on('end', () => {
      const one = { method, path: url, version, headers, bytes, sha256: hash.digest('hex') }
      seen.push(one)
      const page = pages[url]
      if (page === undefined) serve(one, response)
      else answer(response, page)
    })
  }
  const secret = certificate === undefined ? {} : { key: certificate.key, cert: certificate.certificate }
  const servers = {
    clear: () => http.createServer(respond),
    tls: () => https.createServer(secret, respond),
    http2: () => http2.createSecureServer(secret, respond),
  }
  const server = servers[over]()
  if (server instanceof http.Server || server instanceof https.Server) {
    server.on('checkContinue', (request: http.IncomingMessage, response: http.ServerResponse) => {
      if (request.url !== '/early') response.writeContinue()
      respond(request, response)
    })
    echoWebSockets(server)
  }
  // Below TLS: what passed the proxy is what this one carried.
  const listener = net.createServer((socket) => {
    connections.push(socket)
    socket.on('error', () => undefined)
    server.emit('connection', socket)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  onTestFinished(() => {
    listener.close()
    for (const socket of connections) socket.destroy()
  })
  const address = listener.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, seen, connections }
}

function serve(asked: SeenRequest, response: Answer): void {
  const [, kind = '', count = ''] = asked.path.split('/')
  if (kind === 'bytes') serveRange(asked, patternBytes(Number(count)), response)
  else if (kind === 'chunks') serveChunks(patternBytes(Number(count)), response)
  else if (kind === 'endless') serveEndless(response)
  else if (kind === 'truncated' || kind === 'truncated-chunks' || kind === 'reset') breakOff(kind, Number(count || 1_000), response)
  else answer(response, { type: 'application/json', body: JSON.stringify(asked) })
}

function answer(response: Answer, { type, body }: Page): void {
  response.setHeader('content-type', type)
  response.end(body)
}

function serveRange({ headers }: SeenRequest, content: Buffer, response: Answer): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '')
  if (range === null) {
    response.setHeader('content-length', content.length)
    response.end(content)
    return
  }
  const [from, to] = [Number(range[1]), range[2] === '' ? content.length - 1 : Number(range[2])]
  response.statusCode = 206
  response.setHeader('content-range', `bytes ${from}-${to}/${content.length}`)
  response.end(content.subarray(from, to + 1))
}

function serveChunks(content: Buffer, response: Answer): void {
  response.write(content.subarray(0, 1_000))
  response.end(content.subarray(1_000))
}

/** As fast as it is taken. */
function serveEndless(response: Answer): void {
  const piece = patternBytes(65_536)
  const more = () => {
    while (!response.destroyed && response.write(piece));
  }
  response.on('drain', more)
  more()
}

function breakOff(how: 'truncated' | 'truncated-chunks' | 'reset', half: number, response: Answer): void {
  if (how !== 'truncated-chunks') response.setHeader('content-length', 2 * half)
  const { socket } = response
  // Only once it is on its way: a reset throws away what still waits.
  response.write(patternBytes(half), () => setTimeout(() => (how === 'reset' ? socket?.resetAndDestroy() : socket?.end()), 50))
}

/** RFC 9110 §10.1.1: a final status in place of 100, and the body is not waited for. */
function refuseEarly(response: Answer): void {
  response.statusCode = 413
  response.setHeader('connection', 'close')
  response.end('too large')
}

function echoWebSockets(server: http.Server): void {
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (opened: WebSocket) => {
      opened.on('message', (data, isBinary) => opened.send(data, { binary: isBinary }))
    })
  })
}
