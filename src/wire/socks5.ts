/**
 * SOCKS5 (RFC 1928) and its login (RFC 1929): the messages of a client and the answers of a door. It knows shapes, not manners: what
 * no door serves (an unknown command or address type, port 0) is a value here, so that the door can say so in a reply.
 */
import { type Endpoint, type Ip, ipFromBytes, ipToBytes } from '../model/address.ts'
import { Cursor } from './cursor.ts'
import { malformed, needMore, type Parsed, value } from './parsed.ts'
import { utf8 } from './text.ts'

const VERSION = 5
/** Of the login, RFC 1929 §2. */
const LOGIN_VERSION = 1
const ADDRESS_V4 = 1
const ADDRESS_NAME = 3
const ADDRESS_V6 = 4

/** Commands of RFC 1928 §4. */
export const socks5Command = { connect: 1, bind: 2, udpAssociate: 3 } as const

const commands: ReadonlySet<number> = new Set(Object.values(socks5Command))

/** Methods of RFC 1928 §3. */
export const socks5Method = { none: 0, password: 2, noneAcceptable: 0xff } as const

/** Replies of RFC 1928 §6 that a door gives on its own; the others come from the table of `model/errors.ts`. */
export const socks5Reply = { granted: 0, failed: 1, commandNotSupported: 7, addressTypeNotSupported: 8 } as const

/** A destination as a SOCKS client wrote it; `text` is still to be canonicalised by `parseHost`. */
export type SocksHost = { readonly kind: 'ip'; readonly ip: Ip } | { readonly kind: 'text'; readonly text: string }

export interface Socks5Greeting {
  readonly methods: readonly number[]
}

export interface Socks5Request {
  readonly command: number
  /** `unread`: what follows an unknown command has no known shape. */
  readonly host: SocksHost | { readonly kind: 'unsupported'; readonly type: number } | { readonly kind: 'unread' }
  /** 0 to 65535; 0 where the host is neither `ip` nor `text`, because nobody can tell where it ends. */
  readonly port: number
}

/** Reads a client's first message (RFC 1928 §3); an empty list of methods is a value, to be answered with 0xff. */
export function parseGreeting(bytes: Uint8Array): Parsed<Socks5Greeting> {
  const cursor = new Cursor(bytes)
  const version = cursor.u8()
  if (!cursor.short && version !== VERSION) return malformed(`SOCKS version ${version}`)
  const methods = cursor.take(cursor.u8())
  return cursor.short ? needMore : value({ methods: [...methods] }, cursor.offset)
}

export interface Socks5Login {
  readonly name: string
  readonly password: string
}

/** Reads a name and a password (RFC 1929 §2). What is wrong with them is told without quoting them. */
export function parseLogin(bytes: Uint8Array): Parsed<Socks5Login> {
  const cursor = new Cursor(bytes)
  const version = cursor.u8()
  if (!cursor.short && version !== LOGIN_VERSION) return malformed(`login of version ${version}`)
  const name = utf8(cursor.take(cursor.u8()))
  const password = utf8(cursor.take(cursor.u8()))
  if (cursor.short) return needMore
  if (name === null || password === null) return malformed('the login is not UTF-8')
  return value({ name, password }, cursor.offset)
}

/** Reads a request (RFC 1928 §4); bytes behind it belong to whatever protocol follows the grant. */
export function parseRequest(bytes: Uint8Array): Parsed<Socks5Request> {
  const cursor = new Cursor(bytes)
  const version = cursor.u8()
  if (!cursor.short && version !== VERSION) return malformed(`SOCKS version ${version}`)
  const command = cursor.u8()
  if (!cursor.short && !commands.has(command)) return value({ command, host: { kind: 'unread' }, port: 0 }, cursor.offset)
  cursor.u8() // RSV must be zero, but nothing depends on it.
  const type = cursor.u8()
  if (cursor.short) return needMore
  const host = readAddress(cursor, type)
  if (host === null) return malformed('the host name is not UTF-8')
  if (host.kind === 'unsupported') return value({ command, host, port: 0 }, cursor.offset)
  const port = cursor.u16()
  if (host.kind === 'text' && host.text === '' && !cursor.short) return malformed('the host name is empty')
  return cursor.short ? needMore : value({ command, host, port }, cursor.offset)
}

/** ATYP and what it announces (RFC 1928 §5), where ATYP was read already; `null`: the name is not UTF-8. */
export function readAddress(cursor: Cursor, type: number): Exclude<Socks5Request['host'], { readonly kind: 'unread' }> | null {
  switch (type) {
    case ADDRESS_V4:
    case ADDRESS_V6: {
      const length = type === ADDRESS_V4 ? 4 : 16
      const address = cursor.take(length)
      return { kind: 'ip', ip: ipFromBytes(cursor.short ? new Uint8Array(length) : address) }
    }
    case ADDRESS_NAME: {
      const text = utf8(cursor.take(cursor.u8()))
      return text === null ? null : { kind: 'text', text }
    }
    default:
      return { kind: 'unsupported', type }
  }
}

/** The door's choice among the offered methods (RFC 1928 §3); 0xff: none is acceptable. */
export const encodeMethodChoice = (method: number): Uint8Array => Uint8Array.of(VERSION, method)

/** The door's answer to a login (RFC 1929 §2); after a failure the connection must be closed. */
export const encodeLoginStatus = (isGood: boolean): Uint8Array => Uint8Array.of(LOGIN_VERSION, isGood ? 0 : 1)

/** A reply (RFC 1928 §6). BND.ADDR is present even on failure: clients hang without it; `null` is sent as 0.0.0.0:0. */
export function encodeReply(code: number, bound: Endpoint<Ip> | null): Uint8Array {
  return Uint8Array.of(VERSION, code, 0, ...(bound === null ? NOWHERE : encodeAddress(bound)))
}

const NOWHERE = [ADDRESS_V4, 0, 0, 0, 0, 0, 0]

/** ATYP, address and port (RFC 1928 §5). */
export function encodeAddress({ host, port }: Endpoint<Ip>): readonly number[] {
  const address = ipToBytes(host)
  return [address.length === 4 ? ADDRESS_V4 : ADDRESS_V6, ...address, port >> 8, port & 0xff]
}
