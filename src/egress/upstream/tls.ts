/** TLS to an upstream proxy, before a word is said to it: logins and names of destinations do not cross the network in clear. */

import type { Stop } from '../../model/stop.ts'
import { ByteStream } from '../../pipeline/byte-stream.ts'
import { secureOver, tlsFailure } from '../tls.ts'
import { type Hop, type HopTls, hopFailure, soon } from './hop.ts'

/** By their ALPN names. SOCKS has none. */
const protocols: Readonly<Record<Hop['type'], readonly string[]>> = { http: ['http/1.1'], socks5: [] }

/**
 * Shakes hands over a connection with the proxy, which is then the returned stream's. Rejects with RingfenceError
 * `upstream.unreachable` where the certificate is not good for the proxy, and the reason of `stop`; nothing is left open.
 */
export function secureHop(below: ByteStream, tls: HopTls, hop: Hop, stop: Stop): Promise<ByteStream> {
  return soon(hop, stop, (late) => shakeHands(below, tls, hop, late))
}

function shakeHands(below: ByteStream, { host, ca }: HopTls, hop: Hop, stop: Stop): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    if (stop.aborted) {
      below.destroy()
      return reject(stop.reason)
    }
    const socket = secureOver(below.handOver(), host, ca, protocols[hop.type])
    const stopWaiting = () => {
      stop.removeEventListener('abort', onStop)
      socket.off('secureConnect', onSecure)
    }
    const fail = (error: unknown) => {
      stopWaiting()
      socket.destroy()
      below.destroy()
      reject(error)
    }
    const onStop = () => fail(stop.reason)
    const onSecure = () => {
      stopWaiting()
      socket.off('error', onError)
      resolve(ByteStream.secured(socket, below))
    }
    const onError = (cause: Error) =>
      fail(hopFailure(hop, 'upstream.unreachable', `is not reached: ${tlsFailure(host, cause).message}`, cause))
    stop.addEventListener('abort', onStop)
    socket.on('secureConnect', onSecure)
    socket.on('error', onError)
  })
}
