/**
 * The header by which a load balancer says whose connection it hands on: PROXY protocol, version 1 (one line of text) and
 * 2 (binary), after HAProxy's `proxy-protocol.txt`, whose sections are cited. It says nothing of whether the sender may
 * be believed.
 */
import { type Endpoint, type Ip, ipFromBytes, parseIp } from '../model/address.ts'
import { crc32c } from './crc32c.ts'
import { Cursor } from './cursor.ts'
import { malformed, needMore, type Parsed, value } from './parsed.ts'
import { latin1 } from './text.ts'

/** `own`: a connection of the balancer's own (a health check), or one of which it does not say whose it is. */
export type ProxyHeader = { readonly kind: 'proxied'; readonly client: Endpoint<Ip> } | { readonly kind: 'own' }

const own: ProxyHeader = { kind: 'own' }

/** Reads one header, of either version. */
export function parseProxyHeader(bytes: Uint8Array): Parsed<ProxyHeader> {
  if (startsAlike(bytes, V1_PREFIX)) return parseV1(bytes)
  if (startsAlike(bytes, V2_SIGNATURE)) return parseV2(bytes)
  return malformed('no PROXY header')
}

/** Whether this much is one, or the beginning of one, whatever comes behind. */
export const isProxyHeader = (bytes: Uint8Array): boolean =>
  [V1_PREFIX, V2_SIGNATURE].some((beginning) => bytes.length >= beginning.length && startsAlike(bytes, beginning))

/** Whether the bytes begin with these, as far as they go. */
const startsAlike = (bytes: Uint8Array, beginning: Uint8Array): boolean =>
  beginning.subarray(0, bytes.length).every((byte, i) => bytes[i] === byte)

// --- version 1 (§2.1) ---------------------------------------------------------------------------------------------------

const V1_PREFIX = Uint8Array.from(Buffer.from('PROXY '))
/** The longest line that version 1 can need, its end included. */
const MAX_LINE = 107
const CR = 0x0d
const LF = 0x0a

function parseV1(bytes: Uint8Array): Parsed<ProxyHeader> {
  const window = bytes.subarray(0, MAX_LINE)
  const end = window.findIndex((byte) => byte === CR || byte === LF)
  if (end < 0) return bytes.length < MAX_LINE ? needMore : malformed(`a PROXY line of more than ${MAX_LINE} bytes`)
  if (window[end] === LF) return malformed('a PROXY line that a bare LF ends')
  if (end + 1 === window.length) return bytes.length < MAX_LINE ? needMore : malformed(`a PROXY line of more than ${MAX_LINE} bytes`)
  if (window[end + 1] !== LF) return malformed('a PROXY line with a bare CR')
  const header = readLine(latin1(window.subarray(V1_PREFIX.length, end)))
  return 'problem' in header ? malformed(header.problem) : value(header, end + 2)
}

function readLine(text: string): ProxyHeader | { readonly problem: string } {
  // What stands behind UNKNOWN must be ignored.
  if (/^UNKNOWN( |$)/.test(text)) return own
  const [protocol, source = '', destination = '', sourcePort = '', destinationPort = '', ...more] = text.split(' ')
  if (protocol !== 'TCP4' && protocol !== 'TCP6') return { problem: 'a PROXY line that is of neither TCP4, TCP6 nor UNKNOWN' }
  const [host, port] = [addressIn(protocol, source), portIn(sourcePort)]
  if (host === null || port === null || addressIn(protocol, destination) === null || portIn(destinationPort) === null || more.length > 0)
    return { problem: 'a PROXY line without two addresses and two ports' }
  return { kind: 'proxied', client: { host, port } }
}

const addressIn = (protocol: 'TCP4' | 'TCP6', text: string): Ip | null =>
  text.includes(':') === (protocol === 'TCP6') ? parseIp(text) : null

/** 0 to 65535, without leading zeros. */
const portIn = (text: string): number | null => (/^(0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 65_535 ? Number(text) : null)

// --- version 2 (§2.2) ---------------------------------------------------------------------------------------------------

const V2_SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a)
/** The protocol has room for 65,535; what balancers add (a client's certificate at most) fits in this. */
const MAX_REST = 16_384
const VERSION_LOCAL = 0x20
const VERSION_PROXY = 0x21

/** Family and transport. */
const UNSPECIFIED = 0x00
const TCP4 = 0x11
const TCP6 = 0x21
const UNIX_STREAM = 0x31

/** Bytes of both addresses, and of the ports where there are any, by family and transport. */
const addressBytes: ReadonlyMap<number, number> = new Map([
  [UNSPECIFIED, 0],
  [TCP4, 12],
  [TCP6, 36],
  // It has no address that could be judged.
  [UNIX_STREAM, 216],
])

function parseV2(bytes: Uint8Array): Parsed<ProxyHeader> {
  const cursor = new Cursor(bytes)
  cursor.take(V2_SIGNATURE.length)
  const versionAndCommand = cursor.u8()
  if (cursor.short) return needMore
  if (versionAndCommand !== VERSION_LOCAL && versionAndCommand !== VERSION_PROXY)
    return malformed('a PROXY header of unknown version or command')
  const family = cursor.u8()
  if (cursor.short) return needMore
  const addresses = addressBytes.get(family)
  // What a balancer says of its own connections is to be skipped, whatever it is.
  if (versionAndCommand === VERSION_PROXY && addresses === undefined) return malformed('a PROXY header of something else than TCP')
  const length = cursor.u16()
  if (cursor.short) return needMore
  if (length > MAX_REST) return malformed(`a PROXY header of more than ${MAX_REST} bytes`)
  if (versionAndCommand === VERSION_PROXY && length < (addresses ?? 0)) return malformed('a PROXY header too short for its addresses')
  const rest = cursor.take(length)
  if (cursor.short) return needMore
  if (versionAndCommand === VERSION_LOCAL) return value(own, cursor.offset)
  const problem = problemOfVectors(bytes.subarray(0, cursor.offset), cursor.offset - length + (addresses ?? 0))
  if (problem !== null) return malformed(problem)
  return value(clientIn(family, rest), cursor.offset)
}

function clientIn(family: number, addresses: Uint8Array): ProxyHeader {
  if (family !== TCP4 && family !== TCP6) return own
  const width = family === TCP4 ? 4 : 16
  const cursor = new Cursor(addresses)
  const host = ipFromBytes(cursor.take(width))
  cursor.take(width)
  return { kind: 'proxied', client: { host, port: cursor.u16() } }
}

/** §2.2.3: the sum over the whole header, with its own four bytes as zeros. */
const CRC32C = 0x03

/** Walks the type-length-values behind the addresses, of which the sum alone is read. */
function problemOfVectors(header: Uint8Array, from: number): string | null {
  const cursor = new Cursor(header)
  cursor.take(from)
  let sums = 0
  while (cursor.left > 0) {
    const type = cursor.u8()
    const length = cursor.u16()
    const at = cursor.offset
    const bytes = cursor.take(length)
    if (cursor.short) return 'a PROXY header whose values are cut off'
    if (type !== CRC32C) continue
    if (length !== 4 || ++sums > 1) return 'a PROXY header with more than one sum'
    const told = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
    if (crc32c(header.subarray(0, at), new Uint8Array(4), header.subarray(at + 4)) !== told) return 'a PROXY header whose sum is wrong'
  }
  return null
}
