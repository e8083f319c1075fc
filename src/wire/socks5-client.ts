/**
 * SOCKS5 (RFC 1928) and its login (RFC 1929) from the client's side: what is said to an upstream proxy, and its
 * answers. A destination is always an address: an upstream is never given a name to look up.
 */
import { type Endpoint, type Ip, ipFromBytes, ipToBytes } from '../model/address.ts'
import { Cursor } from './cursor.ts'
import { malformed, needMore, type Parsed, value } from './parsed.ts'
import { socks5Command } from './socks5.ts'
import { utf8 } from './text.ts'

const VERSION = 5
/** Of the login, RFC 1929 §2. */
const LOGIN_VERSION = 1
const ADDRESS_V4 = 1
const ADDRESS_NAME = 3
const ADDRESS_V6 = 4

/** RFC 1929 §2: each has 1 to 255 bytes. */
export const MAX_LOGIN_BYTES = 255

export interface Socks5Answer {
  /** RFC 1928 §6: 0 where the connection stands. */
  readonly code: number
  /** Where the proxy connected from; `null` where it says a name. */
  readonly bound: Endpoint<Ip> | null
}

/** The first message (RFC 1928 §3). Throws on an impossible number of methods. */
export function encodeGreeting(methods: readonly number[]): Uint8Array {
  if (methods.length === 0 || methods.length > 255) throw new RangeError(`a greeting has 1 to 255 methods, not ${methods.length}`)
  return Uint8Array.of(VERSION, methods.length, ...methods)
}

/** The login (RFC 1929 §2). Throws on what does not fit: the settings are checked for it. */
export function encodeLogin(name: string, password: string): Uint8Array {
  const [user, secret] = [Buffer.from(name), Buffer.from(password)]
  for (const { length } of [user, secret]) {
    if (length === 0 || length > MAX_LOGIN_BYTES) throw new RangeError(`a SOCKS5 login has 1 to ${MAX_LOGIN_BYTES} bytes each`)
  }
  return Uint8Array.of(LOGIN_VERSION, user.length, ...user, secret.length, ...secret)
}

/** A request for a connection to an address (RFC 1928 §4). */
export function encodeConnect({ host, port }: Endpoint<Ip>): Uint8Array {
  const address = ipToBytes(host)
  const type = address.length === 4 ? ADDRESS_V4 : ADDRESS_V6
  return Uint8Array.of(VERSION, socks5Command.connect, 0, type, ...address, port >> 8, port & 0xff)
}

/** The proxy's choice among the methods (RFC 1928 §3); 0xff: it takes none. */
export function parseMethodChoice(bytes: Uint8Array): Parsed<number> {
  const cursor = new Cursor(bytes)
  const version = cursor.u8()
  if (!cursor.short && version !== VERSION) return malformed(`a choice of method of SOCKS version ${version}`)
  const method = cursor.u8()
  return cursor.short ? needMore : value(method, cursor.offset)
}

/** Whether the login was good (RFC 1929 §2). */
export function parseLoginStatus(bytes: Uint8Array): Parsed<boolean> {
  const cursor = new Cursor(bytes)
  const version = cursor.u8()
  // RFC 1929 says 1; servers that answer with the 5 of SOCKS are old and many, and nothing depends on it.
  if (!cursor.short && version !== LOGIN_VERSION && version !== VERSION) return malformed(`a login status of version ${version}`)
  const status = cursor.u8()
  return cursor.short ? needMore : value(status === 0, cursor.offset)
}

/** A reply (RFC 1928 §6); bytes behind it are the destination's. */
export function parseReply(bytes: Uint8Array): Parsed<Socks5Answer> {
  const cursor = new Cursor(bytes)
  const version = cursor.u8()
  if (!cursor.short && version !== VERSION) return malformed(`a reply of SOCKS version ${version}`)
  const code = cursor.u8()
  cursor.u8() // RSV must be zero, but nothing depends on it.
  const type = cursor.u8()
  if (cursor.short) return needMore
  if (type !== ADDRESS_V4 && type !== ADDRESS_V6 && type !== ADDRESS_NAME) return malformed(`a reply with an address of type ${type}`)
  const length = type === ADDRESS_NAME ? cursor.u8() : type === ADDRESS_V4 ? 4 : 16
  const address = cursor.take(length)
  const port = cursor.u16()
  if (cursor.short) return needMore
  if (type !== ADDRESS_NAME) return value({ code, bound: { host: ipFromBytes(address), port } }, cursor.offset)
  return utf8(address) === null ? malformed('the name in the reply is not UTF-8') : value({ code, bound: null }, cursor.offset)
}
