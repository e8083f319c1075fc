/**
 * Binds, accepts, and knows every open connection of a door, so that it can be stopped. What comes between accepting and
 * serving is here in order: is there room, whose connection is it, may that client come in, is it to speak TLS.
 */
import net from 'node:net'
import { type Endpoint, formatEndpoint, type Ip, parseIp } from '../model/address.ts'
import { OperatorError, RingfenceError } from '../model/errors.ts'
import { acceptFrom } from '../pipeline/accept.ts'
import { ByteStream } from '../pipeline/byte-stream.ts'
import { Deadline } from '../pipeline/deadline.ts'
import type { TcpConnection } from '../pipeline/tcp-connection.ts'
import type { Wire } from '../pipeline/wire.ts'
import type { Place } from './admission.ts'
import type { Visitor } from './door.ts'
import type { NoRoom } from './no-room.ts'
import { clientBehind } from './proxy-protocol.ts'
import type { DoorTls } from './tls.ts'

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
  /** Time for all that comes before a request, from when the connection was accepted. */
  readonly headMs: number
  readonly admission: { enter(): Place | null; outOfDescriptors(): void }
  readonly noRoom: Pick<NoRoom, 'isBusy' | 'tell'>
  /** Whether this is a load balancer, which begins with a header that says whom it hands on. */
  readonly isBalancer: (peer: Ip) => boolean
  /** `null`: the door speaks in clear. */
  readonly tls: Pick<DoorTls, 'secure'> | null
  permits(client: Ip): boolean
  /** Handles one connection to its end; what it throws is the connection's own misfortune. */
  serve(visitor: Visitor): Promise<void>
  onRefused(client: Endpoint<Ip>): void
  onFailed(client: Endpoint<Ip>, error: unknown): void
  /** A connection could not be accepted; the door goes on. */
  onTrouble(error: Error): void
}

/** Throws OperatorError where the address cannot be had. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { listen, headMs, admission, noRoom, isBalancer, tls, permits, serve, onRefused, onFailed, onTrouble } = options
  /** Every connection, with what speaks on it in the end. */
  const open = new Map<ByteStream, ByteStream>()

  /** `null`: it was turned away, and whoever wants to know has been told. */
  const arrival = async (below: ByteStream, peer: Endpoint<Ip>, place: Place, inTime: Deadline): Promise<Visitor | null> => {
    let client = peer
    try {
      if (isBalancer(peer.host)) client = await clientBehind(below, peer, inTime)
      if (!permits(client.host)) onRefused(client)
      else if (place.seat(client.host)) {
        if (tls === null) return { stream: below, client, shown: null, inTime }
        const { stream, shown } = await tls.secure(below, inTime)
        open.set(below, stream)
        return { stream, client, shown, inTime }
      } else if (tls === null) {
        place.leave()
        noRoom.tell(below)
        return null
      }
    } catch (error) {
      onFailed(client, error)
    }
    below.reset()
    return null
  }

  const receive = async (below: ByteStream, peer: Endpoint<Ip>, place: Place, inTime: Deadline) => {
    const visitor = await arrival(below, peer, place, inTime)
    if (visitor === null) return
    try {
      await serve(visitor)
    } catch (error) {
      onFailed(visitor.client, error)
      visitor.stream.destroy()
    }
  }

  const accept = (wire: TcpConnection | net.Socket) => {
    const peer = peerOf(wire)
    if (peer === null) return wire.destroy() // it left before we looked
    if (!isBalancer(peer.host) && !permits(peer.host)) {
      onRefused(peer)
      return wire.resetAndDestroy()
    }
    const place = admission.enter()
    // Over TLS, and behind a balancer's header, nothing could be said without listening longer.
    if (place === null && (tls !== null || noRoom.isBusy || isBalancer(peer.host))) return wire.resetAndDestroy()
    const below = ByteStream.over(wire)
    open.set(below, below)
    below.closed.addEventListener('abort', () => open.delete(below))
    if (place === null) return noRoom.tell(below)
    const inTime = new Deadline(headMs, 'the handshake')
    below.closed.addEventListener('abort', () => {
      place.leave()
      inTime.clear()
    })
    void receive(below, peer, place, inTime)
  }
  const failed = (error: Error) => (isForWantOfDescriptors(error) ? admission.outOfDescriptors() : onTrouble(error))
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, accept)
  await bind(server, listen)
  server.on('error', failed)
  acceptFrom(server, accept, failed)
  let closing: Promise<void> | null = null
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address')
  return {
    bound: { host: listen.host, port: address.port },
    async stop(graceMs) {
      closing ??= new Promise<void>((resolve) => server.close(() => resolve()))
      const timer = setTimeout(() => {
        for (const stream of open.values()) stream.reset(new RingfenceError('run.shutdown', 'the proxy is shutting down'))
      }, graceMs)
      await closing
      // The server does not know of the connections.
      await Promise.all(
        [...open.keys()].map(({ closed }) => new Promise<void>((resolve) => closed.addEventListener('abort', () => resolve()))),
      )
      clearTimeout(timer)
    },
  }
}

const isForWantOfDescriptors = (error: Error): boolean => 'code' in error && (error.code === 'EMFILE' || error.code === 'ENFILE')

/** RFC 4007 §11.2: which link a link-local address is on says nothing of whose it is. */
const withoutZone = (address: string): string => (address.includes('%') ? address.slice(0, address.indexOf('%')) : address)

function peerOf({ remoteAddress, remotePort }: Wire): Endpoint<Ip> | null {
  const host = remoteAddress === undefined ? null : parseIp(withoutZone(remoteAddress))
  return host === null || remotePort === undefined ? null : { host, port: remotePort }
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
