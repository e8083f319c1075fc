/**
 * Heads as a proxy passes them on (RFC 9110 §7.6, RFC 9112 §3.2.2): written anew from what was understood, without the
 * fields that are meant for the next hop alone. Pure; what is done with the connection, the door decides.
 */
import { formatEndpoint } from '../model/address.ts'
import { type Host, hostText } from '../model/hostname.ts'
import { endToEndFields, type Field, fieldValues, hasToken } from './http1-fields.ts'
import { type Framing, isEmpty } from './http1-framing.ts'
import type { RequestHead, ResponseHead } from './http1-head.ts'
import type { Target } from './http1-target.ts'

export type AbsoluteTarget = Extract<Target, { kind: 'absolute' }>

/** RFC 9110 §7.6.3. */
const VIA: Field = { name: 'Via', value: '1.1 ringfence' }

const HTTP_PORT = 80

/** The request as the origin gets it, on a connection of its own. */
export function requestToOrigin(head: RequestHead, { host, port, path }: AbsoluteTarget, framing: Framing): RequestHead {
  const fields: readonly Field[] = [
    // The target's authority, whatever the client's Host said (RFC 9112 §3.2.2).
    { name: 'Host', value: authority(host, port) },
    ...endToEndFields(head.fields).filter(({ name }) => name.toLowerCase() !== 'host'),
    VIA,
    ...(framing.kind === 'chunked' ? [CHUNKED] : []),
    ...(asksForUpgrade(head, framing) ? upgradeFields(head.fields) : [CLOSE]),
  ]
  const target: Target = head.method === 'OPTIONS' && path === '*' ? { kind: 'asterisk' } : { kind: 'origin', path }
  return { method: head.method, target, version: '1.1', fields }
}

/** The final answer as the client gets it. */
export const responseToClient = (
  response: ResponseHead,
  { chunked, keepAlive }: { chunked: boolean; keepAlive: boolean },
): ResponseHead => ({
  ...response,
  version: '1.1',
  fields: [...endToEndFields(response.fields), VIA, ...(chunked ? [CHUNKED] : []), ...(keepAlive ? [] : [CLOSE])],
})

/** An interim answer (1xx); that of a switched protocol keeps what says so. */
export const interimToClient = (response: ResponseHead): ResponseHead => ({
  ...response,
  version: '1.1',
  fields: [...endToEndFields(response.fields), ...(response.status === 101 ? upgradeFields(response.fields) : []), VIA],
})

/** Whether the client may be answered with a switch of protocols (RFC 9110 §7.8). */
export const asksForUpgrade = ({ version, fields }: RequestHead, framing: Framing): boolean =>
  version === '1.1' && hasToken(fields, 'connection', 'upgrade') && fieldValues(fields, 'upgrade').length > 0 && isEmpty(framing)

/** HTTP/1.0 clients are answered and closed: their keep-alive needs a Content-Length that we may not have. */
export const wantsKeepAlive = ({ version, fields }: RequestHead): boolean =>
  version === '1.1' && !hasToken(fields, 'connection', 'close') && !hasToken(fields, 'proxy-connection', 'close')

const CHUNKED: Field = { name: 'Transfer-Encoding', value: 'chunked' }
const CLOSE: Field = { name: 'Connection', value: 'close' }

const upgradeFields = (fields: readonly Field[]): readonly Field[] => [
  { name: 'Connection', value: 'Upgrade' },
  { name: 'Upgrade', value: fieldValues(fields, 'upgrade').join(', ') },
]

/** The default port is left out, as browsers do (RFC 9110 §4.2.1). */
function authority(host: Host, port: number): string {
  const text = formatEndpoint({ host: hostText(host), port })
  return port === HTTP_PORT ? text.slice(0, text.lastIndexOf(':')) : text
}
