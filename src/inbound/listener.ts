/** Binds, accepts, and knows every open connection of a door, so that it can be stopped. */
import net from 'node:net'
import { type Endpoint, formatEndpoint, type Ip, parseIp } from '../model/address.ts'
import { OperatorError, RingfenceError } from '../model/errors.ts'
import { ByteStream } from '../pipeline/byte-stream.ts'
import type { Visitor } from './door.ts'

export interface Listener {
  /** Where it really listens: port 0 in the settings has become a number. */
  readonly bound: Endpoint<Ip>
  /**
   * Accepts nothing more, and resets what is still open after `graceMs`. Resolves when the last connection is closed.
   * Called again with a shorter grace, that one counts.
   */
  stop(graceMs: number): Promise<void>
}

export interface ListenOptions {
  readonly listen: Endpoint<Ip>
  permits(client: Ip): boolean
  /** Handles one connection to its end; what it throws is the connection's own misfortune. */
  serve(visitor: Visitor): Promise<void>
  onRefused(client: Endpoint<Ip>): void
  onFailed(client: Endpoint<Ip>, error: unknown): void
  /** A connection could not be accepted (out of descriptors, say); the door goes on. */
  onTrouble(error: Error): void
}

/** Throws OperatorError where the address cannot be had. */
export async function listen({ listen, permits, serve, onRefused, onFailed, onTrouble }: ListenOptions): Promise<Listener> {
  const open = new Set<ByteStream>()
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    const client = clientOf(socket)
    if (client === null) return socket.destroy() // it left before we looked
    if (!permits(client.host)) {
      onRefused(client)
      return socket.resetAndDestroy()
    }
    const stream = ByteStream.accepted(socket)
    open.add(stream)
    stream.closed.addEventListener('abort', () => open.delete(stream))
    serve({ stream, client }).catch((error: unknown) => {
      onFailed(client, error)
      stream.destroy()
    })
  })
  await bind(server, listen)
  server.on('error', onTrouble)
  let closing: Promise<void> | null = null
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  return {
    bound: { host: listen.host, port: address.port },
    async stop(graceMs) {
      closing ??= new Promise<void>((resolve) => server.close(() => resolve()))
      const timer = setTimeout(() => {
        for (const stream of open) stream.reset(new RingfenceError('run.shutdown', 'the proxy is shutting down'))
      }, graceMs)
      await closing
      // The server counts a moved socket as closed, so the open streams are waited for here.
      await Promise.all([...open].map((stream) => new Promise<void>((resolve) => stream.closed.addEventListener('abort', () => resolve()))))
      clearTimeout(timer)
    },
  }
}

function clientOf(socket: net.Socket): Endpoint<Ip> | null {
  const host = socket.remoteAddress === undefined ? null : parseIp(socket.remoteAddress.replace(/%.*$/, ''))
  return host === null || socket.remotePort === undefined ? null : { host, port: socket.remotePort }
}

const advice: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there; stop it or choose another port with --listen',
  EACCES: 'ports below 1024 need more rights; choose a higher one with --listen',
  EADDRNOTAVAIL: 'this machine has no such address; choose one of its own with --listen',
}

async function bind(server: net.Server, at: Endpoint<Ip>): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host: at.host, port: at.port, ipv6Only: true }, () => {
        server.off('error', reject)
        resolve()
      })
    })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    throw new OperatorError(`cannot listen on ${formatEndpoint(at)}: ${advice[code] ?? (cause instanceof Error ? cause.message : code)}`, {
      cause,
    })
  }
}
