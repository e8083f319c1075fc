/**
 * TLS on a door: `tls: { certificate, key, clients }`. The door answers with its own certificate, so that names and
 * passwords do not cross the network in clear, and may ask clients for theirs. It reads no files; whoever does hands
 * new ones in while the door is open.
 */
import { constants } from 'node:crypto'
import type { Socket } from 'node:net'
import tls from 'node:tls'
import { RingfenceError } from '../model/errors.ts'
import type { Identity } from '../model/identity.ts'
import type { Stop } from '../model/stop.ts'
import { ByteStream } from '../pipeline/byte-stream.ts'
import { isProxyHeader } from '../wire/proxy-protocol.ts'
import { identityIn } from './certificate-identity.ts'
import { Mistake, type MistakeKind, strayHeader, TLS_HANDSHAKE } from './mistakes.ts'

/** PEM texts that belong together. */
export interface TlsMaterial {
  /** The door's certificate, and what leads from it to a root. */
  readonly certificate: string
  readonly key: string
  /** The authority of the clients' certificates; `null`: none are asked for. */
  readonly clients: string | null
}

export interface Secured {
  readonly stream: ByteStream
  /** By the client's certificate; `null`: it showed none. */
  readonly shown: Identity | null
}

interface Waiting {
  done(socket: tls.TLSSocket): void
  failed(error: Error): void
}

export class DoorTls {
  readonly #asksClients: boolean
  readonly #needsCertificate: boolean
  readonly #server: tls.Server
  /** Handshakes under way, by the ends of their connection. */
  readonly #waiting = new Map<string, Waiting>()

  /** `needsCertificate`: whoever shows none is turned away. */
  constructor(material: TlsMaterial, needsCertificate: boolean) {
    this.#asksClients = material.clients !== null
    this.#needsCertificate = needsCertificate
    this.#server = tls.createServer({
      ...contextOf(material),
      ALPNProtocols: ['http/1.1'],
      requestCert: this.#asksClients,
      // Judged here, where the reason is known.
      rejectUnauthorized: false,
    })
    this.#server.on('secureConnection', (socket) => this.#waiting.get(endsOf(socket))?.done(socket))
    this.#server.on('tlsClientError', (error, socket) => this.#waiting.get(endsOf(socket))?.failed(error))
  }

  /** What the handshakes from now on go by. Throws where the texts don't fit each other, and changes nothing then. */
  use(material: TlsMaterial): void {
    // On the server, what is not accepted may be half in force.
    tls.createSecureContext(contextOf(material))
    this.#server.setSecureContext(contextOf(material))
  }

  /** Shakes hands over a connection, which is then this one's. Throws RingfenceError where that fails, or the stop's reason. */
  async secure(below: ByteStream, inTime: Stop): Promise<Secured> {
    await beginsAsTls(below, inTime)
    const socket = await this.#shakeHands(below, inTime)
    const stream = ByteStream.secured(socket, below)
    try {
      return { stream, shown: this.#shownBy(socket) }
    } catch (error) {
      // By TLS 1.3 the client takes itself for connected: a mere end would make some try again at once, without end.
      stream.reset()
      throw error
    }
  }

  #shakeHands(below: ByteStream, inTime: Stop): Promise<tls.TLSSocket> {
    return new Promise((resolve, reject) => {
      const ends = endsOf(below.wire)
      const finish = (tell: () => void) => {
        if (!this.#waiting.delete(ends)) return
        below.closed.removeEventListener('abort', onGone)
        inTime.removeEventListener('abort', onLate)
        tell()
      }
      const onGone = () => finish(() => reject(failure('left', CLOSED, below.error)))
      const onLate = () => finish(() => reject(inTime.reason))
      this.#waiting.set(ends, {
        done: (socket) => {
          socket.allowHalfOpen = true
          finish(() => resolve(socket))
        },
        failed: (error) => finish(() => reject(failureOf(error))),
      })
      below.closed.addEventListener('abort', onGone)
      inTime.addEventListener('abort', onLate)
      if (below.closed.aborted) onGone()
      else if (inTime.aborted) onLate()
      else this.#server.emit('connection', notHalfOpen(below.handOver()))
    })
  }

  #shownBy(socket: tls.TLSSocket): Identity | null {
    if (!this.#asksClients) return null
    const certificate = socket.getPeerCertificate()
    if (certificate === null || Object.keys(certificate).length === 0) {
      if (this.#needsCertificate) throw failure('no-certificate', 'the client showed no certificate')
      return null
    }
    if (!socket.authorized) throw failure('certificate', `the certificate of the client is not trusted: ${socket.authorizationError}`)
    const named = identityIn(certificate)
    if ('problem' in named) throw failure('certificate', `the certificate of the client names nobody: ${named.problem}`)
    return named
  }
}

/** Whoever ends during the handshake has left; what speaks TLS on the connection takes this over from it. */
function notHalfOpen(socket: Socket): Socket {
  socket.allowHalfOpen = false
  return socket
}

/** OpenSSL wants more bytes than a greeting of SOCKS has before it says that this is no TLS. */
async function beginsAsTls(below: ByteStream, inTime: Stop): Promise<void> {
  await below.grown(0, inTime)
  const [first] = below.held
  // Balancers look in this way whether there is a door.
  if (first === undefined) throw new RingfenceError('client.gone', `TLS: ${CLOSED}`, { cause: below.error })
  if (isProxyHeader(below.held)) throw new Mistake(strayHeader.kind, strayHeader.why)
  if (first !== TLS_HANDSHAKE) throw failure('no-tls', 'the client does not speak TLS')
}

const contextOf = ({ certificate, key, clients }: TlsMaterial): tls.SecureContextOptions => ({
  cert: certificate,
  key,
  ...(clients === null ? {} : { ca: clients }),
  minVersion: 'TLSv1.2',
  // A new handshake costs the server more than the client; whoever wants another one may connect again.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
})

/** Both sides of a connection, of which no two are open at a time. */
const endsOf = ({ localAddress, localPort, remoteAddress, remotePort }: tls.TLSSocket | ByteStream['wire']): string =>
  `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`

const CLOSED = 'the connection closed during the handshake'

const failure = (kind: MistakeKind, why: string, cause?: unknown): Mistake => new Mistake(kind, `TLS: ${why}`, { cause })

const reasons: Readonly<Record<string, string>> = {
  ECONNRESET: CLOSED,
  ERR_SSL_WRONG_VERSION_NUMBER: 'the client does not speak TLS',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'the client speaks no TLS of 1.2 or later',
  ERR_SSL_NO_SHARED_CIPHER: 'the client knows none of the ciphers',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'the client does not want HTTP/1.1',
}

/** RFC 8446 §6.2: what a client says of a certificate of ours that it does not take. */
const distrust = /_ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|(UNSUPPORTED_)?CERTIFICATE_?\w*)$/

function failureOf(error: Error): Mistake {
  if (distrust.test(codeOf(error))) return failure('distrust', "the client does not trust the door's certificate", error)
  const why = reasonOf(error)
  return failure(why === CLOSED ? 'left' : 'tls', why, error)
}

const reasonOf = (error: Error): string => reasons[codeOf(error)] ?? (codeOf(error) || error.message)
const codeOf = (error: Error): string => ('code' in error ? String(error.code) : '')
