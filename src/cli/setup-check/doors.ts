/**
 * Whether each door answers as Ringfence does. It is asked for itself, which it refuses under every policy and names as
 * the reason: nothing leaves the machine. Each question leaves a record of a refusal.
 */
import type { Socket } from 'node:net'
import { type Finding, fail, ok, warn } from '../doctor/check.ts'
import type { Parameters } from '../setup/target.ts'
import { type Connected, connectTo, exchange, secured } from './connect.ts'
import type { CheckWorld, SetupCheck } from './world.ts'

export const doors: SetupCheck = async (world) => await Promise.all(world.doors.map((door) => doorFinding(door, world)))

type Door = Parameters['door']

async function doorFinding(door: Door, { parameters: { command } }: CheckWorld): Promise<Finding> {
  const where = `door ${door.at}`
  const first = await open(door)
  if (first.kind !== 'open')
    return fail(`${where}: ${unreachable(first)}`, `"${command} run" starts the proxy; "${command} doctor" says what is in its way`)
  const head = (await exchange(first.socket, askForItself(door), (read) => read.includes('\r\n\r\n'))).toString('latin1')
  first.socket.destroy()
  const http = httpAnswer(head)
  const other = 'stop what listens there, or take another port under "listen"'
  if (http === 'other') return fail(`${where}: what answers there is not Ringfence${head === '' ? silence(door) : ''}`, other)
  const second = await open(door)
  const socks = second.kind === 'open' ? await socksAnswer(second.socket, door) : 'other'
  if (socks === 'other') return fail(`${where}: answers over HTTP, but not over SOCKS5`, other)
  const says = `${where}: Ringfence answers over HTTP and SOCKS5${door.secure ? ' in TLS' : ''}${http === 'login' ? ', and asks for a name and a password' : ''}`
  return first.trusted
    ? ok(says)
    : warn(
        `${says}; its certificate is not one that programs trust for that name`,
        'a certificate of an authority that they know, for the name that they use (--proxy-host)',
      )
}

type Opened =
  | (Extract<Connected, { kind: 'open' }> & { readonly trusted: boolean })
  | Exclude<Connected, { kind: 'open' }>
  | { readonly kind: 'no-tls' }

async function open(door: Door): Promise<Opened> {
  const connected = await connectTo(door)
  if (connected.kind !== 'open' || !door.secure) return connected.kind === 'open' ? { ...connected, trusted: true } : connected
  const over = await secured(connected.socket, door.host)
  return over === null ? { kind: 'no-tls' } : { kind: 'open', ...over }
}

/** A door that asks for certificates of its clients says nothing to who has none. */
const silence = ({ secure }: Door): string => (secure ? ', or asks for a certificate of the client' : ' (it says nothing)')

const askForItself = ({ port }: Door): string => `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`

/** By its own word in Proxy-Status (RFC 9209). */
function httpAnswer(head: string): 'refused' | 'login' | 'other' {
  const status = /^HTTP\/1\.1 ([0-9]{3}) /.exec(head)?.[1]
  if (!/^proxy-status: *"?ringfence\b/im.test(head)) return 'other'
  return status === '403' ? 'refused' : status === '407' ? 'login' : 'other'
}

/** RFC 1928: both methods offered; where none is asked for, the same question as over HTTP. */
async function socksAnswer(socket: Socket, { port }: Door): Promise<'refused' | 'login' | 'other'> {
  const method = await exchange(socket, Buffer.from([5, 2, 0, 2]), (read) => read.length >= 2)
  const request = Buffer.from([5, 1, 0, 1, 127, 0, 0, 1, port >> 8, port & 255])
  const reply = method[0] === 5 && method[1] === 0 ? await exchange(socket, request, (read) => read.length >= 2) : null
  socket.destroy()
  if (reply !== null) return reply[0] === 5 && reply[1] === NOT_ALLOWED ? 'refused' : 'other'
  return method[0] === 5 && method[1] === 2 ? 'login' : 'other'
}

/** RFC 1928 §6: connection not allowed by ruleset. */
const NOT_ALLOWED = 2

function unreachable(result: Exclude<Opened, { kind: 'open' }>): string {
  switch (result.kind) {
    case 'refused':
      return `nothing listens there (${result.code})`
    case 'no-route':
      return 'there is no route to it'
    case 'no-tls':
      return 'what answers there speaks no TLS'
    case 'silent':
      return 'no answer within 3 s'
    default:
      return result satisfies never
  }
}
