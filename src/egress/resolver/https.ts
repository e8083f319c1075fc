/** `https://ADDR:PORT/PATH#NAME`: DNS over HTTPS (RFC 8484) by HTTP/2, which its §5.2 recommends, or else by HTTP/1.1. */
import { formatEndpoint } from '../../model/address.ts'
import type { HttpsServer } from '../resolver-server.ts'
import type { NameServer } from './answer.ts'
import { carryOverHttps, type Sharing } from './https-carrier.ts'
import type { ResolverSettings } from './index.ts'
import { keepConnections } from './kept-connection.ts'
import { createStub } from './stub.ts'
import { nameSuffix } from './tls.ts'

export function createHttps(server: HttpsServer, settings: ResolverSettings): NameServer {
  const label = `https://${formatEndpoint(server)}${server.path}${nameSuffix(server)}`
  const sharing = createSharing()
  return createStub(
    label,
    keepConnections(() => carryOverHttps(server, sharing, settings)),
    settings,
  )
}

/** Until a connection stands the best is hoped for. */
function createSharing(): Sharing {
  let shared = true
  return {
    get shared() {
      return shared
    },
    learnt: (now) => {
      shared = now
    },
  }
}
