/**
 * The ClientHello at the start of a TLS connection (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2): the server names and the
 * protocols that a client offers in clear. It is no judge of hellos: what some server may still read is read, from
 * records of any size (clients with post-quantum keys cut theirs, as do those who hide from middleboxes) and past the
 * records that servers skip. It reads claims; an encrypted hello inside (ECH) and a resumed session keep theirs.
 */
import { Cursor } from './cursor.ts'
import { malformed, needMore, type Parsed, value } from './parsed.ts'
import { latin1 } from './text.ts'

const CHANGE_CIPHER_SPEC = 0x14
const ALERT = 0x15
const HANDSHAKE = 0x16
const CLIENT_HELLO = 1
const RECORD_HEADER = 5
const MESSAGE_HEADER = 4
const MAX_RECORD = 1 << 14 // RFC 8446 §5.1

/** How far a hello is looked for, with its record headers. Browsers send about 2 KiB; OpenSSL takes 128 KiB. */
export const MAX_HELLO_BYTES = 1 << 16

const SERVER_NAME = 0
const HOST_NAME = 0
const ALPN = 16
const ENCRYPTED_CLIENT_HELLO = 0xfe0d

export interface ClientHello {
  /** As sent, one character a byte. RFC 6066 §3 permits one; of several, which one counts is the server's choice. */
  readonly serverNames: readonly string[]
  /** Lengths around the names do not fit: another reader may find other names. */
  readonly garbled: boolean
  /** RFC 7301 names in the client's order, one character a byte (greased ones are not text); none if they do not fit. */
  readonly alpn: readonly string[]
  /** The extension is there. Chrome and Firefox send a greased one to everybody, made to look like the real thing. */
  readonly ech: boolean
}

/** Reads a ClientHello from the first bytes of a stream; `consumed` ends with the last byte of the hello. */
export const parseClientHello = (bytes: Uint8Array): Parsed<ClientHello> => new ClientHelloReader().push(bytes)

/** Reads one ClientHello piece by piece; each byte is looked at once, whatever the cuts between pushes. */
export class ClientHelloReader {
  readonly #message = new MessageBuffer()
  #recordHeader: number[] = []
  #inRecord = 0
  #taken = 0
  #isTls = false

  /** Whether the first two bytes could begin a TLS connection, however it goes on. */
  get isTls(): boolean {
    return this.#isTls
  }

  /** Takes the next bytes; `consumed` counts from the first push. Not to be called again after value or malformed. */
  push(bytes: Uint8Array): Parsed<ClientHello> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#taken === MAX_HELLO_BYTES) return tooLong
      if (this.#inRecord === 0) {
        const problem = this.#takeHeader(bytes[at] ?? 0)
        if (problem !== null) return problem
        this.#taken++
        at++
        continue
      }
      const isHello = this.#recordHeader[0] === HANDSHAKE
      const length = Math.min(this.#inRecord, bytes.length - at, MAX_HELLO_BYTES - this.#taken, isHello ? this.#message.missing : Infinity)
      if (isHello) this.#message.append(bytes.subarray(at, at + length))
      at += length
      this.#taken += length
      this.#inRecord -= length
      if (this.#inRecord === 0) this.#recordHeader = []
      if (!this.#message.isHello) return malformed('not a ClientHello')
      if (this.#message.size > MAX_HELLO_BYTES) return tooLong
      if (this.#message.missing === 0) return this.#read()
    }
    return this.#taken === MAX_HELLO_BYTES ? tooLong : needMore
  }

  #takeHeader(byte: number): Parsed<never> | null {
    const header = this.#recordHeader
    header.push(byte)
    // BoringSSL and Go skip warnings before a hello, others a change_cipher_spec: a server that does not refuses them.
    if (header.length === 1 && byte !== HANDSHAKE && byte !== ALERT && byte !== CHANGE_CIPHER_SPEC)
      return malformed('not a TLS handshake record')
    // OpenSSL wants 3, and no certain minor version; Go takes whatever is below 0x10.
    if (header.length === 2 && byte >= 0x10) return malformed('not a TLS version')
    if (header.length === 2) this.#isTls = true
    if (header.length < RECORD_HEADER) return null
    const length = ((header[3] ?? 0) << 8) | byte
    if (length > MAX_RECORD) return malformed(`a TLS record of ${length} bytes`)
    // OpenSSL skips empty records, up to 32 in a row.
    if (length === 0) this.#recordHeader = []
    this.#inRecord = length
    return null
  }

  #read(): Parsed<ClientHello> {
    const hello = readHello(this.#message.body())
    return hello === null ? malformed('a ClientHello whose lengths do not fit') : value(hello, this.#taken)
  }
}

const tooLong = malformed(`no ClientHello within ${MAX_HELLO_BYTES} bytes`)

/** A handshake message that grows out of its fragments. */
class MessageBuffer {
  #bytes = new Uint8Array(2_048)
  #length = 0

  /** With its header; what is known so far while that is not whole. */
  get size(): number {
    if (this.#length < MESSAGE_HEADER) return MESSAGE_HEADER
    const [, high = 0, middle = 0, low = 0] = this.#bytes
    return MESSAGE_HEADER + ((high << 16) | (middle << 8) | low)
  }

  get missing(): number {
    return this.size - this.#length
  }

  get isHello(): boolean {
    return this.#length === 0 || this.#bytes[0] === CLIENT_HELLO
  }

  append(fragment: Uint8Array): void {
    const length = this.#length + fragment.length
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#bytes.length))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes.set(fragment, this.#length)
    this.#length = length
  }

  body(): Uint8Array {
    return this.#bytes.subarray(MESSAGE_HEADER, this.#length)
  }
}

function readHello(body: Uint8Array): ClientHello | null {
  const cursor = new Cursor(body)
  cursor.take(2 + 32) // legacy_version, random
  cursor.take(cursor.u8()) // legacy_session_id
  cursor.take(cursor.u16()) // cipher_suites
  cursor.take(cursor.u8()) // legacy_compression_methods
  if (cursor.short) return null
  if (cursor.left === 0) return { serverNames: [], garbled: false, alpn: [], ech: false } // RFC 5246 §7.4.1.2: all may be missing
  const length = cursor.u16()
  const fits = !cursor.short && length === cursor.left
  return readExtensions(cursor.take(Math.min(length, cursor.left)), fits)
}

function readExtensions(bytes: Uint8Array, fits: boolean): ClientHello {
  const serverNames: string[] = []
  let garbled = !fits
  let alpn: readonly string[] = []
  let ech = false
  const cursor = new Cursor(bytes)
  while (cursor.left > 0) {
    const type = cursor.u16()
    const body = cursor.take(cursor.u16())
    if (cursor.short) return { serverNames, garbled: true, alpn, ech }
    if (type === SERVER_NAME) garbled = !readServerNames(body, serverNames) || garbled
    if (type === ALPN) alpn = readAlpn(body)
    if (type === ENCRYPTED_CLIENT_HELLO) ech = true
  }
  return { serverNames, garbled, alpn, ech }
}

/** Adds the names of an extension (RFC 6066 §3) to `names`; says whether its lengths fit. */
function readServerNames(extension: Uint8Array, names: string[]): boolean {
  const cursor = new Cursor(extension)
  const length = cursor.u16()
  const fits = !cursor.short && length === cursor.left
  const list = new Cursor(cursor.take(Math.min(length, cursor.left)))
  while (list.left > 0) {
    const type = list.u8()
    const name = list.take(list.u16())
    if (list.short) return false
    // OpenSSL takes an empty name for none.
    if (type === HOST_NAME && name.length > 0) names.push(latin1(name))
  }
  return fits
}

/** RFC 7301 §3.1. */
function readAlpn(extension: Uint8Array): readonly string[] {
  const cursor = new Cursor(extension)
  const list = new Cursor(cursor.take(cursor.u16()))
  if (cursor.short || cursor.left > 0) return []
  const names: string[] = []
  while (list.left > 0) {
    const name = list.take(list.u8())
    if (list.short || name.length === 0) return []
    names.push(latin1(name))
  }
  return names
}
