/** `https://ADDR:PORT/PATH#NAME`: DNS over HTTPS (RFC 8484) by HTTP/2, which its §5.2 recommends as the least to speak. */
import { formatEndpoint } from '../../model/address.ts'
import type { HttpsServer } from '../resolver-server.ts'
import type { NameServer } from './answer.ts'
import { carryOverHttp2 } from './http2-carrier.ts'
import type { ResolverSettings } from './index.ts'
import { keepConnection } from './kept-connection.ts'
import { createStub } from './stub.ts'
import { nameSuffix } from './tls.ts'

export function createHttps(server: HttpsServer, settings: ResolverSettings): NameServer {
  const label = `https://${formatEndpoint(server)}${server.path}${nameSuffix(server)}`
  return createStub(
    label,
    keepConnection(() => carryOverHttp2(server, settings)),
    settings,
  )
}
