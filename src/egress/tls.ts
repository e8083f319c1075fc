/**
 * TLS over a connection that was judged: the certificate must be valid for the host that was asked for and lead to a
 * root that Node trusts. No setting and no environment variable turns that off.
 */
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import { RingfenceError } from '../model/errors.ts'
import { type Host, hostText } from '../model/hostname.ts'

/** Starts the handshake. `ca`: PEM certificates to trust instead of Node's roots, or `null`; `protocols`: by their ALPN names. */
export function secureOver(
  connection: Duplex,
  host: Host,
  ca: readonly string[] | null,
  protocols: readonly string[] = ['http/1.1'],
): tls.TLSSocket {
  return tls.connect({
    socket: connection,
    // Whom the certificate must name; RFC 6066 §3: an address is never sent as the server name.
    host: hostText(host),
    ...(host.kind === 'name' ? { servername: host.name } : {}),
    ALPNProtocols: [...protocols],
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    ...(ca === null ? {} : { ca: [...ca] }),
  })
}

const reasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired; is the clock of this machine right?',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is the clock of this machine right?',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate comes from an authority that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes from an authority that is not trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host',
  ECONNRESET: 'it closed the connection during the handshake',
  EPROTO: 'it does not speak TLS as we do',
}

/** A handshake that failed, as an accident. */
export function tlsFailure(host: Host, cause: unknown): RingfenceError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const why = reasons[code] ?? (code.startsWith('ERR_SSL') ? reasons.EPROTO : code || 'the handshake failed')
  return new RingfenceError('dial.failed', `no secure connection to ${hostText(host)}: ${why}`, { cause })
}
