/** SOCKS5 (RFC 1928): CONNECT without authentication; BIND and UDP ASSOCIATE are refused as not supported. */
import { errorKind } from '../model/errors.ts'
import { isHost, parseHost } from '../model/hostname.ts'
import { encodeMethodChoice, encodeReply, parseGreeting, parseRequest, socks5Command, socks5Method, socks5Reply } from '../wire/socks5.ts'
import type { Door, Visitor } from './door.ts'
import { sayFarewell } from './farewell.ts'
import { readMessage } from './handshake.ts'
import { type Dialect, tunnelOffer } from './tunnel.ts'

// RFC 1928 §6: BND.ADDR must be present; it is zero, since no client of CONNECT needs it and the grant may precede the dial.
const dialect: Dialect = {
  granted: encodeReply(socks5Reply.granted, null),
  refused: ({ code }) => encodeReply(errorKind(code).socks5, null),
}

export async function serveSocks5(visitor: Visitor, door: Door): Promise<void> {
  const { stream, client } = visitor
  const deadline = AbortSignal.timeout(door.limits.headMs)
  const turnAway = (why: string, reply: Uint8Array) => {
    door.malformed(client, why)
    sayFarewell(stream, reply)
  }

  const greeting = await readMessage(stream, parseGreeting, deadline)
  if (greeting.kind === 'ended') return stream.destroy()
  if (greeting.kind === 'malformed') return turnAway(greeting.why, encodeMethodChoice(socks5Method.noneAcceptable))
  if (!greeting.value.methods.includes(socks5Method.none)) {
    return turnAway('SOCKS5: the client offers no method without authentication', encodeMethodChoice(socks5Method.noneAcceptable))
  }
  await stream.write(encodeMethodChoice(socks5Method.none), deadline)

  const request = await readMessage(stream, parseRequest, deadline)
  if (request.kind === 'ended') return stream.destroy()
  if (request.kind === 'malformed') return turnAway(request.why, encodeReply(socks5Reply.failed, null))
  const { command, host, port } = request.value
  if (command !== socks5Command.connect) return turnAway(`SOCKS5: command ${command}`, encodeReply(socks5Reply.commandNotSupported, null))
  if (host.kind === 'unsupported')
    return turnAway(`SOCKS5: address type ${host.type}`, encodeReply(socks5Reply.addressTypeNotSupported, null))
  const asked = host.kind === 'ip' ? host : parseHost(host.text)
  if (!isHost(asked)) return turnAway(`SOCKS5: ${asked.problem}`, encodeReply(socks5Reply.failed, null))
  if (port === 0) return turnAway('SOCKS5: port 0', encodeReply(socks5Reply.failed, null))

  await door.carry(tunnelOffer(visitor, { host: asked, port }, door, dialect))
}
