/**
 * One TCP connection attempt to one judged address: the only caller of `net.connect`. It chooses nothing and retries
 * nothing; `happy-eyeballs.ts` does.
 */
import net from 'node:net'
import { type Endpoint, formatEndpoint, type Ip, parseIp } from '../model/address.ts'
import type { PinnedEndpoint } from '../model/verdict.ts'
import { ByteStream } from '../pipeline/byte-stream.ts'
import type { Upstream } from '../pipeline/ports.ts'
import { TcpConnection } from '../pipeline/tcp-connection.ts'
import type { Wire } from '../pipeline/wire.ts'
import { dialCodeOf, dialFailure } from './dial-failure.ts'
import { givenUp } from './given-up.ts'
import type { Attempt } from './happy-eyeballs.ts'

// Time for three SYNs, at 0, 1 and 3 s (RFC 6298 §2: one second, doubled).
const DIAL_ATTEMPT_MS = 4_000

export interface DirectSettings {
  readonly attemptMs: number
  readonly monotonic: () => number
}

export function createDirect({
  attemptMs = DIAL_ATTEMPT_MS,
  monotonic = () => performance.now(),
}: Partial<DirectSettings> = {}): Attempt<Upstream> {
  return (to, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(givenUp(signal, 'dial.timeout', doing(to)))
        return
      }
      const startedAt = monotonic()
      const wire = TcpConnection.connect(to) ?? net.connect(optionsFor(to))
      const stream = ByteStream.over(wire)

      const stopWaiting = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        wire.off('connect', onConnect)
        wire.off('error', onError)
      }
      const fail = (error: Error) => {
        stopWaiting()
        wire.destroy()
        reject(error)
      }
      const onAbort = () => fail(givenUp(signal, 'dial.timeout', doing(to)))
      const onError = (error: Error) => fail(dialFailure(to, dialCodeOf(error), error))
      const onConnect = () => {
        const problem = whyNotPeer(to, wire)
        if (problem !== null) return fail(problem)
        stopWaiting()
        resolve({ stream, remote: to, via: null, connectMs: monotonic() - startedAt })
      }
      const timer = setTimeout(() => fail(dialFailure(to, 'dial.timeout')), attemptMs)
      signal.addEventListener('abort', onAbort)
      wire.on('connect', onConnect)
      wire.on('error', onError)
    })
}

const optionsFor = ({ host, port }: PinnedEndpoint) => ({
  host,
  port,
  autoSelectFamily: false,
  allowHalfOpen: true,
  noDelay: true,
  lookup: neverResolve,
})

function neverResolve(host: string): never {
  throw new Error(`a name reached net.connect: ${host}`)
}

/** The far end must be the one that was judged. Nothing but a fault of ours makes it another. */
function whyNotPeer(to: PinnedEndpoint, { remoteAddress, remotePort }: Wire): Error | null {
  // A reset right behind the handshake leaves a socket without a peer.
  if (remoteAddress === undefined || remotePort === undefined) return dialFailure(to, 'dial.failed')
  const peer: Endpoint<Ip | null> = { host: parseIp(remoteAddress), port: remotePort }
  if (peer.host === to.host && peer.port === to.port) return null
  return new Error(`dialled ${formatEndpoint(to)} and reached ${remoteAddress} port ${remotePort}`)
}

const doing = (to: PinnedEndpoint): string => `connecting to ${formatEndpoint(to)}`
