/**
 * A TCP connection from this machine as any program of it would open one: whether that goes through is what
 * `ringfence setup --check` is asked. It goes to doors, to the page, and to probes that the person named.
 */
import net from 'node:net'
import tls from 'node:tls'

/** A connection that is answered at all is so within this time, from wherever on earth. */
const CONNECT_MS = 3_000
/** A door that has accepted may be busy. */
const ANSWER_MS = 10_000

export type Connected =
  | { readonly kind: 'open'; readonly socket: net.Socket }
  /** Somebody said no: a host, or a firewall on the way or on this machine. */
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'no-route' }
  | { readonly kind: 'silent' }

const noRoute = ['ENETUNREACH', 'EADDRNOTAVAIL', 'ENETDOWN', 'EAFNOSUPPORT']

export function connectTo({ host, port }: { readonly host: string; readonly port: number }, milliseconds = CONNECT_MS): Promise<Connected> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port })
    const timer = setTimeout(() => settle({ kind: 'silent' }), milliseconds)
    const settle = (result: Connected) => {
      clearTimeout(timer)
      if (result.kind !== 'open') socket.destroy()
      resolve(result)
    }
    // One listener for its whole life: what comes after the first answer is the caller's end of file.
    socket.on('error', ({ code = 'unknown' }: NodeJS.ErrnoException) => {
      if (code === 'ETIMEDOUT') settle({ kind: 'silent' })
      else settle(noRoute.includes(code) ? { kind: 'no-route' } : { kind: 'refused', code })
    })
    socket.once('connect', () => settle({ kind: 'open', socket }))
  })
}

/**
 * TLS over it, as to a door with a certificate; any certificate will do to see who answers. Whether programs trust it,
 * `trusted` says. A handshake that fails reads as the end of the connection.
 */
export function secured(socket: net.Socket, host: string): Promise<{ readonly socket: tls.TLSSocket; readonly trusted: boolean } | null> {
  return new Promise((resolve) => {
    const name = net.isIP(host) === 0 ? { servername: host } : {}
    // Where it is told no host, Node takes the certificate for one of localhost.
    const inner = tls.connect({ socket, host, rejectUnauthorized: false, ...name })
    const settle = (result: { readonly socket: tls.TLSSocket; readonly trusted: boolean } | null) => {
      clearTimeout(timer)
      if (result === null) inner.destroy()
      resolve(result)
    }
    const timer = setTimeout(() => settle(null), ANSWER_MS)
    inner.on('error', () => settle(null))
    inner.once('secureConnect', () => settle({ socket: inner, trusted: isTrusted(inner, host) }))
  })
}

const isTrusted = (socket: tls.TLSSocket, host: string): boolean =>
  socket.authorized && tls.checkServerIdentity(host, socket.getPeerCertificate()) === undefined

/** Sends bytes and reads until `isWhole` says so, the end, or the deadline. The connection stays open, for another question. */
export function exchange(
  socket: net.Socket,
  bytes: Uint8Array | string,
  isWhole: (read: Buffer) => boolean,
  milliseconds = ANSWER_MS,
): Promise<Buffer> {
  return new Promise((resolve) => {
    let read = Buffer.alloc(0)
    const settle = () => {
      clearTimeout(timer)
      socket.off('data', onData).off('close', settle).off('end', settle)
      resolve(read)
    }
    const onData = (chunk: Buffer) => {
      read = Buffer.concat([read, chunk])
      if (read.length > MOST || isWhole(read)) settle()
    }
    const timer = setTimeout(settle, milliseconds)
    socket.on('data', onData).on('close', settle).on('end', settle)
    socket.write(bytes)
  })
}

const MOST = 1_048_576
