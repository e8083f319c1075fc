/**
 * SOCKS4 (Ying-Da Lee's protocol text) and its extension 4a, in which the client leaves the look-up of the name to the
 * proxy. There is no RFC; the field names are those of the two texts.
 */
import { ipFromBytes } from '../model/address.ts'
import { Cursor } from './cursor.ts'
import { malformed, needMore, type Parsed, value } from './parsed.ts'
import type { SocksHost } from './socks5.ts'
import { latin1, utf8 } from './text.ts'

const VERSION = 4
const GRANTED = 90
const REJECTED = 91

// The protocol sets no bound. A length of SOCKS5 has one byte, so nothing longer could be said there either.
const MAX_TEXT = 255

/** Commands of SOCKS4. */
export const socks4Command = { connect: 1, bind: 2 } as const

export interface Socks4Request {
  readonly command: number
  readonly host: SocksHost
  /** 0 to 65535. */
  readonly port: number
  /** What the client says it is, one character a byte; nobody checked it. */
  readonly userId: string
}

/** Reads a request of SOCKS4, or of 4a where DSTIP is 0.0.0.x with x ≠ 0; an unknown command is a value. */
export function parseRequest(bytes: Uint8Array): Parsed<Socks4Request> {
  const cursor = new Cursor(bytes)
  const version = cursor.u8()
  if (!cursor.short && version !== VERSION) return malformed(`SOCKS version ${version}`)
  const command = cursor.u8()
  const port = cursor.u16()
  const address = cursor.take(4)
  if (cursor.short) return needMore
  const user = readText(cursor)
  if (user.kind !== 'value') return user
  const userId = latin1(user.value)
  if (!isNamed(address)) return value({ command, host: { kind: 'ip', ip: ipFromBytes(address) }, port, userId }, cursor.offset)
  const name = readText(cursor)
  if (name.kind !== 'value') return name
  const text = utf8(name.value)
  if (text === null) return malformed('the host name is not UTF-8')
  if (text === '') return malformed('the host name is empty')
  return value({ command, host: { kind: 'text', text }, port, userId }, cursor.offset)
}

const isNamed = (ip: Uint8Array): boolean => ip[0] === 0 && ip[1] === 0 && ip[2] === 0 && ip[3] !== 0

function readText(cursor: Cursor): Parsed<Uint8Array> {
  const available = cursor.left
  const text = cursor.takeToNul()
  if (text.length > MAX_TEXT || (cursor.short && available > MAX_TEXT)) return malformed(`a text of more than ${MAX_TEXT} bytes`)
  return cursor.short ? needMore : value(text, cursor.offset)
}

/** The answer: request granted (90) or rejected (91). DSTPORT and DSTIP are ignored by clients of CONNECT and sent as zeros. */
export const encodeReply = (granted: boolean): Uint8Array => Uint8Array.of(0, granted ? GRANTED : REJECTED, 0, 0, 0, 0, 0, 0)
