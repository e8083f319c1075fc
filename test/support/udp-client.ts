/** Both ends of UDP for tests: a destination on loopback that answers, and a client of UDP ASSOCIATE that speaks its bytes itself. */
import dgram from 'node:dgram'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { ipToBytes } from '../../src/model/address.ts'
import { ip } from './fake-ports.ts'
import { eventually } from './proxy-under-test.ts'
import { Peer } from './socket-pair.ts'

export interface UdpPeer {
  readonly port: number
  /** What came, as text. */
  readonly received: readonly string[]
  readonly bytes: readonly Buffer[]
  /** Where each came from. */
  readonly peers: readonly { readonly port: number; readonly address: string }[]
  send(bytes: Uint8Array, port: number, address?: string): void
  close(): Promise<void>
}

/** A socket on loopback; `answer` makes what is sent back of what came, `null` for nothing. */
export async function startUdp(answer: (text: string) => string | null = () => null, host = '127.0.0.1'): Promise<UdpPeer> {
  const socket = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4')
  const bytes: Buffer[] = []
  const peers: { port: number; address: string }[] = []
  socket.on('message', (message, { port, address }) => {
    bytes.push(message)
    peers.push({ port, address })
    const text = answer(message.toString('latin1'))
    if (text !== null) socket.send(text, port, address)
  })
  socket.bind(0, host)
  await once(socket, 'listening')
  let open = true
  const close = async () => {
    if (!open) return
    open = false
    socket.close()
    await once(socket, 'close')
  }
  onTestFinished(close)
  return {
    port: socket.address().port,
    bytes,
    peers,
    get received() {
      return bytes.map((each) => each.toString('latin1'))
    },
    send: (what, port, address = host) => socket.send(what, port, address),
    close,
  }
}

export const echo = (text: string): string => `echo ${text}`

const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 255)

/** RFC 1928 §5 and §7: RSV, FRAG, ATYP, DST.ADDR, DST.PORT, DATA; what is no address is sent as a name. */
export function datagramTo(host: string, port: number, data: string | Uint8Array, fragment = 0): Buffer {
  const isIp = /^[0-9.]+$/.test(host) || host.includes(':')
  const address = isIp ? ipToBytes(ip(host)) : new TextEncoder().encode(host)
  const type = !isIp ? [3, address.length] : [address.length === 4 ? 1 : 4]
  const payload = typeof data === 'string' ? Buffer.from(data, 'latin1') : data
  return Buffer.concat([Uint8Array.of(0, 0, fragment, ...type), address, u16(port), payload])
}

export interface AssociatedClient {
  /** The connection that the association hangs on. */
  readonly control: Peer
  /** BND.PORT: where datagrams are taken. */
  readonly at: number
  readonly udp: UdpPeer
  /** Sends one through the proxy. */
  send(host: string, port: number, data: string | Uint8Array, fragment?: number): void
  /** Sends bytes as they are. */
  sendRaw(bytes: Uint8Array): void
  /** Waits for a datagram from there with this text. */
  receives(from: string, port: number, text: string): Promise<void>
}

export interface AssociateOptions {
  readonly host?: string
  /** The address and the port that the request names; `own`: the one that is sent from. */
  readonly names?: string
  readonly says?: number | 'own'
  /** Where datagrams are sent from. */
  readonly from?: string
  /** What is said on the connection before SOCKS. */
  readonly before?: string
  /** A connection that is there already. */
  readonly over?: Peer
}

/** Opens an association with a door on `host`. */
export async function associate(
  door: number,
  { host = '127.0.0.1', names = '0.0.0.0', says = 0, from = host, before = '', over }: AssociateOptions = {},
): Promise<AssociatedClient> {
  const udp = await startUdp(undefined, from)
  const control = over ?? (await Peer.connect(door, { host }))
  const request = Buffer.concat([Uint8Array.of(5, 1, 0, 5, 3, 0, 1), ipToBytes(ip(names)), u16(says === 'own' ? udp.port : says)])
  control.send(Buffer.concat([Buffer.from(before), request]))
  const length = host.includes(':') ? 22 : 10
  const bytes = (await control.receivesBytes(2 + length)).subarray(2)
  if (bytes[1] !== 0) throw new Error(`the association was refused: ${bytes.toString('hex')}`)
  if (!bytes.subarray(4, -2).equals(ipToBytes(ip(host)))) throw new Error(`bound elsewhere than asked: ${bytes.toString('hex')}`)
  const at = bytes.readUInt16BE(length - 2)
  const sendRaw = (what: Uint8Array) => udp.send(what, at, host)
  return {
    control,
    at,
    udp,
    sendRaw,
    send: (to, port, data, fragment = 0) => sendRaw(datagramTo(to, port, data, fragment)),
    receives: (from, port, text) =>
      eventually(`"${text}" from ${from}`, () => udp.bytes.some((got) => got.equals(datagramTo(from, port, text)))),
  }
}
