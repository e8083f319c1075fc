/** SOCKS4 and 4a: CONNECT, where nobody must log in: the user id is no authentication and is not kept. BIND is refused. */
import { isHost, parseHost } from '../model/hostname.ts'
import { readMessage } from '../pipeline/handshake.ts'
import { encodeReply, parseRequest, socks4Command } from '../wire/socks4.ts'
import type { Door, Visitor } from './door.ts'
import { sayFarewell } from './farewell.ts'
import { withoutLogin } from './login.ts'
import { type Dialect, tunnelOffer } from './tunnel.ts'

const dialect: Dialect = { granted: () => encodeReply(true), refused: () => encodeReply(false) }

export async function serveSocks4(visitor: Visitor, door: Door): Promise<void> {
  const { stream, client } = visitor
  const turnAway = (why: string) => {
    door.malformed(client, `SOCKS4: ${why}`)
    sayFarewell(stream, encodeReply(false))
  }

  const request = await readMessage(stream, parseRequest, visitor.inTime)
  visitor.inTime.clear()
  if (request.kind === 'ended') return stream.destroy()
  if (request.kind === 'malformed') return turnAway(request.why)
  const who = withoutLogin(door, visitor)
  if (who === null) return turnAway('the door asks for a login, which SOCKS4 has no words for')
  const { command, host, port } = request.value
  if (command !== socks4Command.connect) return turnAway(`command ${command}`)
  const asked = host.kind === 'ip' ? host : parseHost(host.text)
  if (!isHost(asked)) return turnAway(asked.problem)
  if (port === 0) return turnAway('port 0')

  await door.carry(tunnelOffer({ ...visitor, who }, { host: asked, port }, door, dialect))
}
