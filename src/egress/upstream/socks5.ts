/** A SOCKS5 proxy as upstream (RFC 1928): greeting, login where it asks for one (RFC 1929), and a request for an address. */
import type { Endpoint, Ip } from '../../model/address.ts'
import type { Stop } from '../../model/stop.ts'
import type { ByteStream } from '../../pipeline/byte-stream.ts'
import { readMessage } from '../../pipeline/handshake.ts'
import type { Parsed } from '../../wire/parsed.ts'
import { socks5Method } from '../../wire/socks5.ts'
import { encodeConnect, encodeGreeting, encodeLogin, parseLoginStatus, parseMethodChoice, parseReply } from '../../wire/socks5-client.ts'
import { type DialCode, destinationFailure, type Handshake, type Hop, hopFailure, hopLeft, say, soon, type UpstreamCode } from './hop.ts'

export const connectBySocks5: Handshake = async (stream, to, hop, stop) => {
  await greet(stream, hop, stop)
  await say(stream, encodeConnect(to), hop, stop)
  const { code } = await read(stream, parseReply, hop, stop)
  if (code !== 0) throw failureOf(code, to, hop)
}

/** All before the request: the choice of method, and the login where the proxy asks for one. Resolves with whether it did. */
export async function greet(stream: ByteStream, hop: Hop, stop: Stop): Promise<boolean> {
  const { login } = hop
  const offered: readonly number[] = login === null ? [socks5Method.none] : [socks5Method.none, socks5Method.password]
  await say(stream, encodeGreeting(offered), hop, stop)
  const method = await soon(hop, stop, (late) => read(stream, parseMethodChoice, hop, late))
  if (method === socks5Method.noneAcceptable)
    throw hopFailure(hop, 'upstream.unauthenticated', login === null ? 'wants a login' : 'takes neither no login nor name and password')
  if (!offered.includes(method)) throw hopFailure(hop, 'upstream.malformed', `chose method ${method}, which was not offered`)
  if (method !== socks5Method.password || login === null) return false
  await say(stream, encodeLogin(login.name, login.password), hop, stop)
  if (!(await read(stream, parseLoginStatus, hop, stop))) throw hopFailure(hop, 'upstream.unauthenticated', 'does not accept the login')
  return true
}

/** RFC 1928 §6. */
const destinationCodes: Readonly<Record<number, DialCode>> = {
  1: 'dial.failed',
  3: 'dial.network-unreachable',
  4: 'dial.host-unreachable',
  5: 'dial.refused',
  // "TTL expired": an address that routers could not reach.
  6: 'dial.host-unreachable',
  // "Address type not supported": this proxy has no IPv6.
  8: 'dial.host-unreachable',
}

const hopCodes: Readonly<Record<number, readonly [UpstreamCode, string]>> = {
  2: ['upstream.refused', 'does not permit this destination (reply 2)'],
  7: ['upstream.refused', 'does not connect at all (reply 7)'],
}

function failureOf(code: number, to: Endpoint<Ip>, hop: Hop) {
  const destination = destinationCodes[code]
  if (destination !== undefined) return destinationFailure(to, hop, destination, `reply ${code}`)
  const [own, what] = hopCodes[code] ?? ['upstream.malformed', `gave reply ${code}, which is none of RFC 1928`]
  return hopFailure(hop, own, what)
}

async function read<T>(stream: ByteStream, parse: (bytes: Uint8Array) => Parsed<T>, hop: Hop, stop: Stop): Promise<T> {
  const message = await readMessage<T, Extract<Parsed<T>, { kind: 'malformed' }>>(stream, parse, stop)
  if (message.kind === 'ended') throw hopLeft(hop, stream)
  if (message.kind === 'malformed') throw hopFailure(hop, 'upstream.malformed', `speaks no SOCKS5: ${message.why}`)
  return message.value
}
