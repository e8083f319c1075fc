/** The made-up name server over TLS (RFC 7858) and over HTTPS (RFC 8484), with the certificate that a test gives it. */
import { once } from 'node:events'
import http2 from 'node:http2'
import https from 'node:https'
import type net from 'node:net'
import tls from 'node:tls'
import { onTestFinished } from 'vitest'
import type { Certificate } from './dated-certificates.ts'
import { answerFrom, type NameServer, onMessages, withLength, type ZoneFunction, type ZoneTable } from './name-server.ts'

export interface SecureNameServer extends Pick<NameServer, 'port' | 'count' | 'queries'> {
  /** How many connections were made so far. */
  readonly connections: number
  /** Octets of each query so far. */
  readonly sizes: readonly number[]
  /** Ends all that are open. */
  hangUp(): void
}

interface Options {
  readonly zone: ZoneTable | ZoneFunction
  readonly certificate: Certificate
}

export async function startTlsNameServer({ zone, certificate }: Options): Promise<SecureNameServer> {
  const { answer, count, queries, stop } = answerFrom(zone)
  const sizes: number[] = []
  const server = tls.createServer({ ...certificate, ALPNProtocols: ['dot'] }, (socket) => {
    socket.on('error', () => socket.destroy())
    onMessages(socket, (message) => {
      sizes.push(message.length)
      answer(message, true, (bytes) => socket.writable && socket.write(withLength(bytes)))
    })
  })
  return Object.assign(await open(server, stop), { count, queries, sizes })
}

export interface Requested {
  readonly method: string
  readonly path: string
  readonly authority: string
  readonly type: string
}

/** What the server says in place of an answer, by the path that is asked for. */
export type Answers = Readonly<Record<string, (stream: http2.ServerHttp2Stream, query: Buffer) => void>>

export interface HttpsNameServer extends SecureNameServer {
  readonly requests: readonly Requested[]
}

export async function startHttpsNameServer({ zone, certificate, instead = {} }: Options & { instead?: Answers }): Promise<HttpsNameServer> {
  const { answer, count, queries, stop } = answerFrom(zone)
  const requests: Requested[] = []
  const sizes: number[] = []
  const server = http2.createSecureServer(certificate)
  server.on('stream', (stream, headers) => {
    const path = String(headers[':path'])
    requests.push({
      method: String(headers[':method']),
      path,
      authority: String(headers[':authority']),
      type: String(headers['content-type']),
    })
    const pieces: Buffer[] = []
    stream.on('error', () => undefined)
    stream.on('data', (piece: Buffer) => pieces.push(piece))
    stream.on('end', () => {
      sizes.push(Buffer.concat(pieces).length)
      const other = instead[path]
      if (other !== undefined) return other(stream, Buffer.concat(pieces))
      answer(Buffer.concat(pieces), true, (bytes) => {
        if (stream.closed) return
        stream.respond({ ':status': 200, 'content-type': 'application/dns-message' })
        stream.end(bytes)
      })
    })
  })
  return Object.assign(await open(server, stop), { count, queries, requests, sizes })
}

export interface Http1Options extends Options {
  /** What the server says in place of an answer, byte by byte as it stands, by the path that is asked for. */
  readonly raw?: Readonly<Record<string, (socket: net.Socket, answer: Buffer) => void>>
  /** By their ALPN names; `null`: it knows no ALPN. */
  readonly protocols?: readonly string[] | null
}

/** The same for clients that speak HTTP/1.1. */
export async function startHttp1NameServer({
  zone,
  certificate,
  raw = {},
  protocols = ['http/1.1'],
}: Http1Options): Promise<HttpsNameServer> {
  const { answer, count, queries, stop } = answerFrom(zone)
  const requests: Requested[] = []
  const sizes: number[] = []
  const alpn = protocols === null ? {} : { ALPNProtocols: [...protocols] }
  const server = https.createServer({ ...certificate, ...alpn, keepAliveTimeout: 60_000 }, (request, response) => {
    const { method = '', url: path = '', headers } = request
    requests.push({ method, path, authority: headers.host ?? '', type: headers['content-type'] ?? '' })
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const query = Buffer.concat(pieces)
      sizes.push(query.length)
      answer(query, true, (bytes) => {
        const other = raw[path]
        if (other !== undefined) return other(request.socket, bytes)
        response.writeHead(200, { 'content-type': 'application/dns-message' })
        response.end(bytes)
      })
    })
  })
  return Object.assign(await open(server, stop), { count, queries, requests, sizes })
}

async function open(server: net.Server, stop: () => void) {
  const sockets = new Set<net.Socket>()
  let connections = 0
  server.on('connection', (socket: net.Socket) => {
    connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  server.on('tlsClientError', () => undefined)
  server.on('sessionError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const hangUp = () => {
    for (const socket of sockets) socket.destroy()
  }
  onTestFinished(() => {
    stop()
    hangUp()
    server.close()
  })
  return {
    port: (server.address() as net.AddressInfo).port,
    get connections() {
      return connections
    },
    hangUp,
  }
}
