/** `tls://ADDR:PORT#NAME`: one DNS server over TLS (RFC 7858), whose certificate must be valid for NAME, or else for the address. */
import { formatEndpoint } from '../../model/address.ts'
import { type Host, hostText } from '../../model/hostname.ts'
import type { NamedServer } from '../resolver-server.ts'
import { secureOver, tlsFailure } from '../tls.ts'
import type { NameServer, Unusable } from './answer.ts'
import { connectionFailed, UNREACHABLE } from './failure-words.ts'
import type { ResolverSettings } from './index.ts'
import { keepConnections } from './kept-connection.ts'
import { carryOverStream } from './stream-carrier.ts'
import { createStub } from './stub.ts'
import { connectTo } from './tcp.ts'

export function createTls(server: NamedServer, settings: ResolverSettings): NameServer {
  const host = certified(server)
  const exchange = keepConnections(() => {
    const connection = connectTo(server)
    const stream = secureOver(connection, host, settings.ca, ['dot'])
    return carryOverStream(
      { stream, connection, ready: 'secureConnect', encrypted: true, whyFailed: (cause) => handshakeFailed(host, cause) },
      settings.monotonic,
    )
  })
  return createStub(`tls://${formatEndpoint(server)}${nameSuffix(server)}`, exchange, settings)
}

/** Where there was no connection, there is nothing to say of its TLS. */
export function handshakeFailed(host: Host, cause: unknown): Unusable {
  const failed = connectionFailed(cause)
  return failed.why === UNREACHABLE || failed.kind === 'exhausted' ? failed : { ...failed, why: tlsFailure(host, cause).message }
}

export const certified = ({ name, host }: NamedServer): Host => (name === null ? { kind: 'ip', ip: host } : { kind: 'name', name })

export const nameSuffix = (server: NamedServer): string => (server.name === null ? '' : `#${hostText(certified(server))}`)
