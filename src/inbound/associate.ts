/**
 * SOCKS5 UDP ASSOCIATE (RFC 1928 §4, §7): a UDP socket of the client's own, at the address where it reached the door, for
 * as long as the TCP connection lasts that asked for it. Who may send what to whom is the business of `Association`.
 */
import type { Socket } from 'node:dgram'
import { type Endpoint, familyOf, type Ip, parseIp } from '../model/address.ts'
import { RingfenceError } from '../model/errors.ts'
import { scopeOf } from '../model/scope.ts'
import { StopSource } from '../model/stop.ts'
import { datagramSocketFor, isFull } from '../pipeline/datagram-socket.ts'
import { IdleTimer } from '../pipeline/idle-timer.ts'
import { encodeReply, type Socks5Request, socks5Reply } from '../wire/socks5.ts'
import { Association } from './association.ts'
import type { Door, Guest } from './door.ts'
import { sayFarewell } from './farewell.ts'

/** A client that vanished says nothing more: the kernel asks for it after so long. */
const KEEP_ALIVE_MS = 60_000

/** Bytes of one datagram at most, by the family that carries it: lengths have 16 bits, which headers share. */
const LARGEST = { 4: 65_507, 6: 65_527 } as const

/**
 * Serves one association to its end. `named`: where the client says that it will send from. Behind a load balancer it is
 * the client whom that names: datagrams do not go through the balancer, so they come from the client itself or not at all.
 */
export async function associate(guest: Guest, named: Pick<Socks5Request, 'host' | 'port'>, door: Door): Promise<void> {
  const { stream, client } = guest
  const refuse = () => sayFarewell(stream, encodeReply(socks5Reply.failed, null))
  const { localAddress } = stream.wire
  if (localAddress === undefined) return stream.destroy() // it left before we looked
  if (familyOf(addressOf(localAddress)) !== familyOf(client.host)) {
    door.malformed(client, `SOCKS5: a UDP association at ${localAddress}, which the client's address cannot reach`, 'associations')
    return refuse()
  }
  const leave = door.associations.enter(client.host)
  if (leave === null) {
    door.malformed(client, 'SOCKS5: more UDP associations than limits.associations_per_client permits', 'associations')
    return refuse()
  }
  const socket = await bind(localAddress)
  if (socket === null) {
    leave()
    return refuse()
  }
  const bound = { host: addressOf(localAddress), port: socket.address().port }
  const unlisten = door.associations.listensAt(bound)
  try {
    await serve(guest, portNamedBy(named, client), socket, bound, door)
  } finally {
    socket.close()
    unlisten()
    leave()
  }
}

/**
 * `null`: it does not say. The address in its request binds nobody, for behind NAT it is one that nobody here has ever
 * seen; but where it is such, the port beside it is, too.
 */
function portNamedBy({ host, port }: Pick<Socks5Request, 'host' | 'port'>, client: Endpoint<Ip>): number | null {
  const isSeenHere = host.kind === 'ip' && (host.ip === client.host || scopeOf(host.ip) === 'unspecified')
  return isSeenHere && port !== 0 ? port : null
}

async function serve(guest: Guest, port: number | null, socket: Socket, bound: Endpoint<Ip>, door: Door): Promise<void> {
  const { stream, client } = guest
  const over = new StopSource()
  const rested = () => {
    if (door.stopping.aborted && association.size === 0) over.abort(door.stopping.reason)
  }
  const association = new Association({
    guest,
    port,
    door,
    over,
    send: (datagram, to) => {
      if (over.aborted || isFull(socket) || datagram.length > LARGEST[familyOf(bound.host)]) return false
      // One that the client's machine refuses is lost.
      socket.send(datagram, to.port, to.host, () => idle.touch())
      return true
    },
    rested,
  })
  // Like a tunnel: rests as long as one may.
  const idle = new IdleTimer(door.clock, door.limits.relay.idleMs, (ms) =>
    over.abort(new RingfenceError('relay.idle', `no datagram for ${Math.round(ms / 1000)} s`)),
  )
  socket.on('message', (bytes, { address, port: from }) => {
    if (association.take(bytes, { host: addressOf(address), port: from })) idle.touch()
  })
  socket.on('error', (cause) => over.abort(new RingfenceError('relay.reset', `the UDP socket failed: ${cause.message}`, { cause })))
  door.stopping.addEventListener('abort', rested)
  stream.closed.addEventListener('abort', () => over.abort(stream.closed.reason))
  stream.wire.setKeepAlive(true, KEEP_ALIVE_MS)
  // Before any datagram is answered, and with the address that the client already knows to lead here.
  stream.wire.write(encodeReply(socks5Reply.granted, bound))
  stream.receive(
    () => true,
    () => over.abort(null),
  )
  if (stream.closed.aborted) over.abort(stream.closed.reason)
  rested()
  if (!over.aborted) await new Promise<void>((resolve) => over.addEventListener('abort', resolve))
  idle.stop()
  door.stopping.removeEventListener('abort', rested)
  await association.settled()
  const { lost } = association
  if (Object.values(lost).some((count) => count > 0)) door.datagramsLost(client, lost)
  sayFarewell(stream, NOTHING)
}

const NOTHING = new Uint8Array(0)

/** `null`: there is no socket to be had. Bound to the text, which of a link-local address names the interface. */
function bind(address: string): Promise<Socket | null> {
  return new Promise((resolve) => {
    const socket = datagramSocketFor(addressOf(address))
    const fail = () => {
      socket.close()
      resolve(null)
    }
    socket.once('error', fail)
    socket.bind({ address, port: 0 }, () => {
      socket.off('error', fail)
      resolve(socket)
    })
  })
}

function addressOf(text: string): Ip {
  const ip = parseIp(text.replace(/%.*$/, ''))
  if (ip === null) throw new Error(`the system calls an address ${text}`)
  return ip
}
