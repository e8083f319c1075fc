/**
 * The ClientHello at the start of a TLS connection (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2): the server name and the
 * protocols that a client offers in clear. Joins a hello that is split over records, as clients with post-quantum
 * keys (and those who hide from middleboxes) send it. It reads claims; that somebody else answers is not seen here.
 */
import { Cursor } from './cursor.ts'
import { malformed, needMore, type Parsed, value } from './parsed.ts'
import { latin1 } from './text.ts'

const HANDSHAKE = 0x16
const CLIENT_HELLO = 1
const RECORD_HEADER = 5
const MESSAGE_HEADER = 4
const MAX_RECORD = 1 << 14 // RFC 8446 §5.1
// A hello of a browser cut into single bytes, twice over. Each arrival walks all records, so more would cost real time.
const MAX_RECORDS = 4_096
const MAX_BYTES = 1 << 16 // with the headers of its records; browsers send about 2 KiB

const SERVER_NAME = 0
const HOST_NAME = 0
const ALPN = 16
const ENCRYPTED_CLIENT_HELLO = 0xfe0d

export interface ClientHello {
  /** As sent (RFC 6066 §3), ASCII; `null` when the client names no server. */
  readonly serverName: string | null
  /** RFC 7301 names in the client's order, one character a byte (greased ones are not text). */
  readonly alpn: readonly string[]
  /** The extension is there. Chrome and Firefox send a greased one to everybody, made to look like the real thing. */
  readonly ech: boolean
}

/** Reads a ClientHello from the first bytes of a stream; `consumed` counts the records that carry it. */
export function parseClientHello(bytes: Uint8Array): Parsed<ClientHello> {
  const joined = joinRecords(bytes)
  if (joined.kind !== 'value') return joined
  const hello = readHello(joined.value)
  return hello === null ? malformed('a ClientHello whose lengths do not fit') : value(hello, joined.consumed)
}

/** The body of the first handshake message, taken out of as many records as it needs (RFC 8446 §5.1). */
function joinRecords(bytes: Uint8Array): Parsed<Uint8Array> {
  // Called again at every arrival, on what may be thousands of tiny records: nothing is allocated before it is whole.
  const header: number[] = []
  let size = 0
  let wanted = MESSAGE_HEADER
  let end = 0
  for (let count = 0; size < wanted; count++) {
    if (count === MAX_RECORDS) return malformed(`a ClientHello in more than ${MAX_RECORDS} records`)
    const start = end + RECORD_HEADER
    if (end < bytes.length && bytes[end] !== HANDSHAKE) return malformed('not a TLS handshake record')
    if (end + 1 < bytes.length && bytes[end + 1] !== 3) return malformed('not a TLS version')
    if (start > bytes.length) return needMore
    const length = recordLength(bytes, end)
    if (length === 0 || length > MAX_RECORD) return malformed(`a TLS record of ${length} bytes`)
    end = start + length
    if (end > MAX_BYTES) return tooLong
    // What has come of an unfinished record is looked at too, so that what is no hello is told at once.
    for (let at = start; at < Math.min(end, bytes.length) && header.length < MESSAGE_HEADER; at++) header.push(bytes[at] ?? 0)
    const [type, high = 0, middle = 0, low = 0] = header
    if (type !== undefined && type !== CLIENT_HELLO) return malformed('not a ClientHello')
    if (header.length === MESSAGE_HEADER) wanted = MESSAGE_HEADER + ((high << 16) | (middle << 8) | low)
    if (wanted > MAX_BYTES) return tooLong
    if (end > bytes.length) return needMore
    size += length
  }
  return value(fragmentsOf(bytes.subarray(0, end), size).subarray(MESSAGE_HEADER, wanted), end)
}

const tooLong = malformed(`a ClientHello of more than ${MAX_BYTES} bytes`)

const recordLength = (bytes: Uint8Array, at: number): number => ((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0)

function fragmentsOf(records: Uint8Array, size: number): Uint8Array {
  const joined = new Uint8Array(size)
  let filled = 0
  for (let at = 0; at < records.length; ) {
    const fragment = records.subarray(at + RECORD_HEADER, at + RECORD_HEADER + recordLength(records, at))
    joined.set(fragment, filled)
    filled += fragment.length
    at += RECORD_HEADER + fragment.length
  }
  return joined
}

function readHello(body: Uint8Array): ClientHello | null {
  const cursor = new Cursor(body)
  cursor.take(2 + 32) // legacy_version, random
  cursor.take(cursor.u8()) // legacy_session_id
  cursor.take(cursor.u16()) // cipher_suites
  cursor.take(cursor.u8()) // legacy_compression_methods
  if (cursor.short) return null
  const none: ClientHello = { serverName: null, alpn: [], ech: false }
  if (cursor.left === 0) return none // RFC 5246 §7.4.1.2: the extensions may be missing as a whole
  const extensions = readExtensions(cursor.take(cursor.u16()))
  if (cursor.short || cursor.left > 0 || extensions === null) return null
  const name = extensions.get(SERVER_NAME)
  const protocols = extensions.get(ALPN)
  const serverName = name === undefined ? null : readServerName(name)
  const alpn = protocols === undefined ? [] : readAlpn(protocols)
  if (serverName === undefined || alpn === undefined) return null
  return { serverName, alpn, ech: extensions.has(ENCRYPTED_CLIENT_HELLO) }
}

function readExtensions(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> | null {
  const found = new Map<number, Uint8Array>()
  const cursor = new Cursor(bytes)
  while (cursor.left > 0) {
    const type = cursor.u16()
    const body = cursor.take(cursor.u16())
    // RFC 8446 §4.2: one of a type. With two server names, ours and the server's choice could differ.
    if (cursor.short || found.has(type)) return null
    found.set(type, body)
  }
  return found
}

/** RFC 6066 §3: at most one name of each type, in ASCII. */
function readServerName(extension: Uint8Array): string | null | undefined {
  const cursor = new Cursor(extension)
  const list = new Cursor(cursor.take(cursor.u16()))
  if (cursor.short || cursor.left > 0) return undefined
  let serverName: string | null = null
  while (list.left > 0) {
    const type = list.u8()
    const name = list.take(list.u16())
    if (list.short) return undefined
    if (type !== HOST_NAME) continue
    if (serverName !== null || name.length === 0 || name.some((byte) => byte <= 0x20 || byte >= 0x7f)) return undefined
    serverName = latin1(name)
  }
  return serverName
}

/** RFC 7301 §3.1. */
function readAlpn(extension: Uint8Array): readonly string[] | undefined {
  const cursor = new Cursor(extension)
  const list = new Cursor(cursor.take(cursor.u16()))
  if (cursor.short || cursor.left > 0) return undefined
  const names: string[] = []
  while (list.left > 0) {
    const name = list.take(list.u8())
    if (list.short || name.length === 0) return undefined
    names.push(latin1(name))
  }
  return names
}
