/**
 * The UDP "dial": a socket of its own for each session, connected to one judged address, so that the kernel itself
 * passes on nothing but what that address sends, and a refusal by ICMP is heard.
 */
import type { Socket } from 'node:dgram'
import { formatEndpoint } from '../model/address.ts'
import { isNonEmpty } from '../model/brand.ts'
import { RingfenceError } from '../model/errors.ts'
import { type Stop, StopSource } from '../model/stop.ts'
import type { PinnedEndpoint } from '../model/verdict.ts'
import { datagramSocketFor, isFull } from '../pipeline/datagram-socket.ts'
import type { DatagramUpstream, Dialer } from '../pipeline/ports.ts'
import type { DatagramPort, DatagramReceiver } from '../pipeline/relay-datagrams.ts'
import { allFailed, dialCodeOf, dialFailure } from './dial-failure.ts'
import { givenUp } from './given-up.ts'

/** Errors of one datagram, not of the session: larger than the way allows, or no room for it just now. */
const LOST: ReadonlySet<string> = new Set(['EMSGSIZE', 'ENOBUFS', 'EAGAIN'])

/**
 * Dials the first of the pinned endpoints to which this machine has a route, and the session stays with it. Nothing is
 * sent, so nobody can tell more of them.
 */
export const datagramDialer: Dialer<DatagramUpstream> = {
  async dial(to, stop, via) {
    if (via !== null) throw new Error('UDP was to go through an upstream proxy, which the road refuses')
    const failures: { readonly to: PinnedEndpoint; readonly error: RingfenceError }[] = []
    for (const endpoint of to) {
      try {
        const datagrams = await connect(endpoint)
        if (!stop.aborted) return { datagrams, remote: endpoint, via: null, connectMs: null }
        datagrams.close()
      } catch (error) {
        if (!(error instanceof RingfenceError)) throw error
        failures.push({ to: endpoint, error })
      }
      if (stop.aborted) throw givenUp(stop, 'dial.timeout', `connecting to ${formatEndpoint(endpoint)}`)
    }
    if (!isNonEmpty(failures)) throw new Error('no attempt was made')
    throw allFailed(failures)
  },
}

function connect(to: PinnedEndpoint): Promise<DatagramPort> {
  const socket = datagramSocketFor(to.host)
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      socket.close()
      reject(dialFailure(to, dialCodeOf(error), error))
    }
    socket.once('error', fail)
    socket.connect(to.port, to.host, (error?: Error) => {
      socket.off('error', fail)
      if (error === undefined || error === null) resolve(new ConnectedPort(socket, to))
      else fail(error)
    })
  })
}

class ConnectedPort implements DatagramPort {
  readonly closed: Stop
  readonly #closed = new StopSource()
  readonly #socket: Socket
  readonly #to: PinnedEndpoint
  #open = true

  constructor(socket: Socket, to: PinnedEndpoint) {
    this.closed = this.#closed
    this.#socket = socket
    this.#to = to
    socket.on('error', (error) => this.#failed(error))
  }

  send(datagram: Uint8Array): boolean {
    if (!this.#open || isFull(this.#socket)) return false
    this.#socket.send(datagram, (error) => {
      if (error !== null) this.#failed(error)
    })
    return true
  }

  receive(receiver: DatagramReceiver): void {
    this.#socket.on('message', receiver)
  }

  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#socket.close()
  }

  #failed(error: Error): void {
    if (!this.#open || ('code' in error && LOST.has(String(error.code)))) return
    this.close()
    this.#closed.abort(dialFailure(this.#to, dialCodeOf(error), error))
  }
}
