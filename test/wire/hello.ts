/** ClientHellos for tests: written by hand, and by OpenSSL (through Node's `tls`, on a stream that goes nowhere). */
import { Duplex } from 'node:stream'
import { type ConnectionOptions, connect } from 'node:tls'
import { ascii, concat } from './support.ts'

const u16 = (n: number): Uint8Array => Uint8Array.of(n >> 8, n & 255)
const with16 = (bytes: Uint8Array): Uint8Array => concat(u16(bytes.length), bytes)
const with8 = (bytes: Uint8Array): Uint8Array => concat(Uint8Array.of(bytes.length), bytes)

export const extension = (type: number, body: Uint8Array): Uint8Array => concat(u16(type), with16(body))
export const serverName = (...names: readonly string[]): Uint8Array =>
  extension(0, with16(concat(...names.map((name) => concat(Uint8Array.of(0), with16(ascii(name)))))))
export const alpn = (...names: readonly string[]): Uint8Array => extension(16, with16(concat(...names.map((name) => with8(ascii(name))))))

/** A handshake message of type 1; `null` leaves the extensions out as a whole. */
export function message(extensions: readonly Uint8Array[] | null): Uint8Array {
  const fixed = concat(
    Uint8Array.of(3, 3),
    new Uint8Array(32),
    with8(new Uint8Array(32)),
    with16(Uint8Array.of(0x13, 1)),
    with8(Uint8Array.of(0)),
  )
  const body = concat(fixed, extensions === null ? new Uint8Array() : with16(concat(...extensions)))
  return concat(Uint8Array.of(1, body.length >> 16), u16(body.length & 0xffff), body)
}

export const record = (fragment: Uint8Array, type = 0x16): Uint8Array => concat(Uint8Array.of(type, 3, 1), with16(fragment))

/** One record for each piece, at most as long as a record may be. */
export const records = (bytes: Uint8Array, length = 16_384): Uint8Array =>
  concat(...Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) => record(bytes.subarray(i * length, (i + 1) * length))))

/** What OpenSSL sends first with these options. */
export function opensslHello(options: ConnectionOptions): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const nowhere = new Duplex({
      read() {},
      write(chunk: Uint8Array, _encoding, done) {
        resolve(Uint8Array.from(chunk))
        done()
        setImmediate(() => this.destroy())
      },
    })
    connect({ ...options, socket: nowhere }).on('error', () => {})
  })
}
