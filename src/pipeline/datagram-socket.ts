/** UDP sockets that never ask a resolver: Node's own look up whatever they are given, even an address. */
import dgram from 'node:dgram'
import { type Family, familyOf, type Ip } from '../model/address.ts'

/** Bytes that may wait in a socket for a network that takes none; what comes then is lost. */
const MAX_QUEUED = 256 * 1024

/** One of the address's family, not yet bound. */
export const datagramSocketFor = (ip: Ip): dgram.Socket =>
  familyOf(ip) === 4
    ? dgram.createSocket({ type: 'udp4', lookup: itself })
    : dgram.createSocket({ type: 'udp6', ipv6Only: true, lookup: itself })

/** Whether it holds so much unsent that more would only be old when it leaves. */
export const isFull = (socket: dgram.Socket): boolean => socket.getSendQueueSize() > MAX_QUEUED

function itself(address: string, family: unknown, tell: (error: null, address: string, family: Family) => void): void {
  tell(null, address, family === 6 ? 6 : 4)
}
