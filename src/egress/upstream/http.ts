/** An HTTP proxy as upstream: CONNECT (RFC 9110 §9.3.6) to an address, with Basic (RFC 7617) where there is a login. */
import { type Endpoint, formatEndpoint, type Ip } from '../../model/address.ts'
import { readMessage } from '../../pipeline/handshake.ts'
import { encodeBasicCredentials } from '../../wire/basic-credentials.ts'
import { parseResponseHead, serializeRequestHead } from '../../wire/http1.ts'
import { type Field, fieldValues } from '../../wire/http1-fields.ts'
import type { ResponseHead } from '../../wire/http1-head.ts'
import { viaField } from '../../wire/http1-via.ts'
import { type DialCode, destinationFailure, type Handshake, type Hop, hopFailure, hopLeft, say } from './hop.ts'

/** Below what a stream holds for a reader. */
const HEAD_BYTES = 32_768
/** RFC 9110 §15.2 sets no limit; a proxy that goes on and on is none. */
const MAX_INTERIM = 10

export const connectByHttp: Handshake = async (stream, to, hop, stop, via) => {
  const { login } = hop
  const head = serializeRequestHead({
    method: 'CONNECT',
    target: { kind: 'authority', host: { kind: 'ip', ip: to.host }, port: to.port },
    version: '1.1',
    fields: [
      { name: 'Host', value: formatEndpoint(to) },
      // Where proxies have been set up in a circle, ours knows the request again.
      ...(via === null ? [] : [viaField('1.1', via)]),
      ...(login === null ? [] : [{ name: 'Proxy-Authorization', value: encodeBasicCredentials(login) }]),
    ],
  })
  await say(stream, head, hop, stop)
  for (let interim = 0; interim <= MAX_INTERIM; interim++) {
    const answer = await readMessage(stream, (bytes) => parseResponseHead(bytes, { headBytes: HEAD_BYTES }), stop)
    if (answer.kind === 'ended') throw hopLeft(hop, stream)
    if (answer.kind === 'malformed') throw hopFailure(hop, 'upstream.malformed', `speaks no HTTP: ${answer.why}`)
    const { status } = answer.value
    // RFC 9110 §9.3.6: what any 2xx says of a body is to be ignored; the tunnel begins behind the head.
    if (status >= 200 && status <= 299) return
    if (status >= 200 || status === 101) throw failureOf(answer.value, to, hop)
  }
  throw hopFailure(hop, 'upstream.malformed', `sent more than ${MAX_INTERIM} interim answers`)
}

/** RFC 9209 §2.3: what a proxy says of the destination, by its word for it. */
const destinationErrors: Readonly<Record<string, DialCode>> = {
  connection_refused: 'dial.refused',
  connection_timeout: 'dial.timeout',
  connection_read_timeout: 'dial.timeout',
  connection_terminated: 'dial.failed',
  destination_ip_unroutable: 'dial.host-unreachable',
  destination_not_found: 'dial.host-unreachable',
  destination_unavailable: 'dial.failed',
}

function failureOf({ status, fields }: ResponseHead, to: Endpoint<Ip>, hop: Hop) {
  const said = `status ${status}`
  // RFC 9110 §15.5.8 wants 407; tinyproxy says 401 where a login is wrong. To CONNECT no other server could have said it.
  if (status === 407 || status === 401)
    return hopFailure(
      hop,
      'upstream.unauthenticated',
      hop.login === null ? `wants a login (${said})` : `does not accept the login (${said})`,
    )
  const error = proxyError(fields)
  const told = destinationErrors[error ?? '']
  if (told !== undefined) return destinationFailure(to, hop, told, said)
  if (status === 508 || error === 'proxy_loop_detected')
    return hopFailure(hop, 'upstream.refused', `says that requests go round in a circle (${said})`)
  if (status >= 400 && status <= 499) return hopFailure(hop, 'upstream.refused', `does not permit this destination (${said})`)
  if (status === 504) return destinationFailure(to, hop, 'dial.timeout', said)
  if (status >= 500 && status <= 599) return destinationFailure(to, hop, 'dial.failed', said)
  return hopFailure(hop, 'upstream.malformed', `answered CONNECT with ${said}`)
}

/** Of several proxies, the first in Proxy-Status is the one nearest to the destination (RFC 9209 §2). */
const proxyError = (fields: readonly Field[]): string | null =>
  /;[ \t]*error=([a-z_]+)/.exec(fieldValues(fields, 'proxy-status').join(', '))?.[1] ?? null
