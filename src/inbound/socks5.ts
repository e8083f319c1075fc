/** SOCKS5 (RFC 1928): CONNECT and UDP ASSOCIATE, with name and password (RFC 1929) where the door wants them. BIND is refused: a server that calls back cannot be judged before it does. */
import { type Endpoint, type Ip, parseIp } from '../model/address.ts'
import { errorKind } from '../model/errors.ts'
import { isHost, parseHost } from '../model/hostname.ts'
import type { Identity } from '../model/identity.ts'
import type { Stop } from '../model/stop.ts'
import { readMessage } from '../pipeline/handshake.ts'
import type { Upstream } from '../pipeline/ports.ts'
import {
  encodeLoginStatus,
  encodeMethodChoice,
  encodeReply,
  parseGreeting,
  parseLogin,
  parseRequest,
  socks5Command,
  socks5Method,
  socks5Reply,
} from '../wire/socks5.ts'
import { associate } from './associate.ts'
import type { Door, Visitor } from './door.ts'
import { sayFarewell } from './farewell.ts'
import { isTooMany, logIn, withoutLogin } from './login.ts'
import { type Dialect, tunnelOffer } from './tunnel.ts'

const dialect: Dialect = {
  granted: (upstream) => encodeReply(socks5Reply.granted, upstream && ownEndOf(upstream)),
  refused: ({ code }) => encodeReply(errorKind(code).socks5, null),
}

/** BND.ADDR and BND.PORT (RFC 1928 §6): where the destination sees the connection come from; `null` where a proxy between is what it sees. */
function ownEndOf({ via, stream }: Upstream): Endpoint<Ip> | null {
  const { localAddress, localPort } = stream.wire
  const host = via !== null || localAddress === undefined ? null : parseIp(localAddress.replace(/%.*$/, ''))
  return host === null || localPort === undefined ? null : { host, port: localPort }
}

export async function serveSocks5(visitor: Visitor, door: Door): Promise<void> {
  const { stream, client, inTime: deadline } = visitor
  const turnAway = (why: string, reply: Uint8Array) => {
    door.malformed(client, why)
    sayFarewell(stream, reply)
  }

  const greeting = await readMessage(stream, parseGreeting, deadline)
  if (greeting.kind === 'ended') return stream.destroy()
  if (greeting.kind === 'malformed') return turnAway(greeting.why, encodeMethodChoice(socks5Method.noneAcceptable))
  const known = withoutLogin(door, visitor)
  const method = known === null ? socks5Method.password : socks5Method.none
  if (!greeting.value.methods.includes(method)) {
    const lacking = known === null ? 'no login by password' : 'no method without authentication'
    return turnAway(`SOCKS5: the client offers ${lacking}`, encodeMethodChoice(socks5Method.noneAcceptable))
  }
  await stream.write(encodeMethodChoice(method), deadline)
  const who = known ?? (await byPassword(visitor, door, deadline))
  if (who === null) return

  const request = await readMessage(stream, parseRequest, deadline)
  if (request.kind === 'ended') return stream.destroy()
  if (request.kind === 'malformed') return turnAway(request.why, encodeReply(socks5Reply.failed, null))
  const { command, host, port } = request.value
  if (host.kind === 'unread' || (command !== socks5Command.connect && command !== socks5Command.udpAssociate))
    return turnAway(`SOCKS5: command ${command}`, encodeReply(socks5Reply.commandNotSupported, null))
  if (host.kind === 'unsupported')
    return turnAway(`SOCKS5: address type ${host.type}`, encodeReply(socks5Reply.addressTypeNotSupported, null))
  if (command === socks5Command.udpAssociate) {
    deadline.clear()
    return await associate({ ...visitor, who }, { host, port }, door)
  }
  const asked = host.kind === 'ip' ? host : parseHost(host.text)
  if (!isHost(asked)) return turnAway(`SOCKS5: ${asked.problem}`, encodeReply(socks5Reply.failed, null))
  if (port === 0) return turnAway('SOCKS5: port 0', encodeReply(socks5Reply.failed, null))

  deadline.clear()
  await door.carry(tunnelOffer({ ...visitor, who }, { host: asked, port }, door, dialect))
}

/** `null`: it failed, and the client has been told. RFC 1929 §2: after a failure the connection is closed. */
async function byPassword(visitor: Visitor, door: Door, deadline: Stop): Promise<Identity | null> {
  const { stream, client } = visitor
  const fail = () => {
    sayFarewell(stream, encodeLoginStatus(false))
    return null
  }
  const login = await readMessage(stream, parseLogin, deadline)
  if (login.kind === 'ended') {
    stream.destroy()
    return null
  }
  if (login.kind === 'malformed') {
    door.malformed(client, `SOCKS5: ${login.why}`)
    return fail()
  }
  const who = await logIn(login.value, door, visitor, deadline)
  if (who === null || isTooMany(who)) return fail()
  await stream.write(encodeLoginStatus(true), deadline)
  return who
}
