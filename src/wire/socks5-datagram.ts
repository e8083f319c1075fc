/** The header of a datagram between a SOCKS5 client and its proxy (RFC 1928 §7). Pure; a datagram is whole or it is malformed. */
import type { Endpoint, Ip } from '../model/address.ts'
import { Cursor } from './cursor.ts'
import { encodeAddress, readAddress, type SocksHost } from './socks5.ts'

export type Socks5Datagram =
  | { readonly kind: 'datagram'; readonly host: SocksHost; readonly port: number /** Not copied. */; readonly payload: Uint8Array }
  /** A piece of a larger one: §7 lets an implementation drop what is fragmented. */
  | { readonly kind: 'fragment' }
  | { readonly kind: 'malformed'; readonly why: string }

const malformed = (why: string): Socks5Datagram => ({ kind: 'malformed', why })

/** Never throws. The host is still to be canonicalised by `parseHost`, and port 0 is a value. */
export function parseDatagram(bytes: Uint8Array): Socks5Datagram {
  const cursor = new Cursor(bytes)
  const reserved = cursor.u16()
  const fragment = cursor.u8()
  const type = cursor.u8()
  if (cursor.short) return malformed('the header is cut')
  if (reserved !== 0) return malformed('the reserved bytes are not zero')
  if (fragment !== 0) return { kind: 'fragment' }
  const host = readAddress(cursor, type)
  if (host === null) return malformed('the host name is not UTF-8')
  if (host.kind === 'unsupported') return malformed(`address type ${type}`)
  const port = cursor.u16()
  if (cursor.short) return malformed('the header is cut')
  if (host.kind === 'text' && host.text === '') return malformed('the host name is empty')
  return { kind: 'datagram', host, port, payload: cursor.take(cursor.left) }
}

/** What came from there, as it goes to the client. */
export function encodeDatagram(from: Endpoint<Ip>, payload: Uint8Array): Uint8Array {
  const header = [0, 0, 0, ...encodeAddress(from)]
  const datagram = new Uint8Array(header.length + payload.length)
  datagram.set(header)
  datagram.set(payload, header.length)
  return datagram
}
