/**
 * Heads as a proxy passes them on (RFC 9110 §7.6, RFC 9112 §3.2.2): written anew from what was understood, without the
 * fields that are meant for the next hop alone. Pure; what is done with the connection, the door decides.
 */
import { formatEndpoint } from '../model/address.ts'
import { type Host, hostText } from '../model/hostname.ts'
import { withoutVoidExpect } from './http1-expect.ts'
import { endToEndFields, type Field, fieldValues, hasToken } from './http1-fields.ts'
import { type Framing, isEmpty } from './http1-framing.ts'
import type { RequestHead, ResponseHead } from './http1-head.ts'
import { oneHopLess } from './http1-max-forwards.ts'
import type { Target } from './http1-target.ts'
import { viaField } from './http1-via.ts'

export type AbsoluteTarget = Extract<Target, { kind: 'absolute' }>

const HTTP_PORT = 80

/** The request as the origin gets it, on a connection of its own. `pseudonym`: what Via calls us. */
export function requestToOrigin(head: RequestHead, { host, port, path }: AbsoluteTarget, framing: Framing, pseudonym: string): RequestHead {
  const fields: readonly Field[] = [
    // The target's authority, whatever the client's Host said (RFC 9112 §3.2.2).
    { name: 'Host', value: authority(host, port) },
    ...withoutVoidExpect(head, endToEndFields(oneHopLess(head)))
      .filter(({ name }) => name.toLowerCase() !== 'host')
      .map(plainLength),
    viaField(head.version, pseudonym),
    ...(framing.kind === 'chunked' ? [CHUNKED] : []),
    ...(asksForUpgrade(head, framing) ? upgradeFields(offeredBy(head)) : [CLOSE]),
  ]
  const target: Target = head.method === 'OPTIONS' && path === '*' ? { kind: 'asterisk' } : { kind: 'origin', path }
  return { method: head.method, target, version: '1.1', fields }
}

export interface Passing {
  /** What Via calls us. */
  readonly pseudonym: string
  /** Milliseconds since the epoch, for an answer without Date. */
  readonly now: number
  /** The body goes on in chunks. */
  readonly chunked: boolean
  readonly keepAlive: boolean
}

/** The final answer as the client gets it. */
export function responseToClient(response: ResponseHead, { pseudonym, now, chunked, keepAlive }: Passing): ResponseHead {
  const fields = endToEndFields(response.fields).map(plainLength)
  return {
    ...response,
    version: '1.1',
    fields: [
      ...(response.status === 205 ? [...fields.filter(({ name }) => name.toLowerCase() !== 'content-length'), EMPTY] : fields),
      // RFC 9110 §6.6.1: whoever passes on an answer without Date says when it came.
      ...(fieldValues(fields, 'date').length === 0 ? [{ name: 'Date', value: new Date(now).toUTCString() }] : []),
      viaField(response.version, pseudonym),
      ...(chunked ? [CHUNKED] : []),
      // RFC 9110 §15.5.22: the answer is nothing without the protocols that it names.
      ...(response.status === 426 ? upgradeFields(protocolsOf(response.fields)) : []),
      ...(keepAlive ? [] : [CLOSE]),
    ],
  }
}

/** An interim answer (1xx); that of a switched protocol keeps what says so. */
export const interimToClient = (response: ResponseHead, pseudonym: string): ResponseHead => ({
  ...response,
  version: '1.1',
  fields: [
    ...endToEndFields(response.fields),
    ...(response.status === 101 ? upgradeFields(protocolsOf(response.fields)) : []),
    viaField(response.version, pseudonym),
  ],
})

/** Whether the client may be answered with a switch of protocols (RFC 9110 §7.8). */
export const asksForUpgrade = (head: RequestHead, framing: Framing): boolean =>
  head.version === '1.1' && hasToken(head.fields, 'connection', 'upgrade') && offeredBy(head).length > 0 && isEmpty(framing)

/** Whether the server switched to what it was offered, and to nothing else (RFC 9110 §7.8). */
export function isSwitchAsAsked(request: RequestHead, framing: Framing, response: ResponseHead): boolean {
  const offered = offeredBy(request).map((protocol) => protocol.toLowerCase())
  const chosen = protocolsOf(response.fields)
  return asksForUpgrade(request, framing) && chosen.length > 0 && chosen.every((protocol) => offered.includes(protocol.toLowerCase()))
}

/** RFC 9112 §9.3: a proxy keeps no connection with an HTTP/1.0 client, though it asks for it: one in between may not know what it asked. */
export const wantsKeepAlive = ({ version, fields }: RequestHead): boolean =>
  version === '1.1' && !hasToken(fields, 'connection', 'close') && !hasToken(fields, 'proxy-connection', 'close')

const CHUNKED: Field = { name: 'Transfer-Encoding', value: 'chunked' }
const CLOSE: Field = { name: 'Connection', value: 'close' }
const EMPTY: Field = { name: 'Content-Length', value: '0' }

/** `007` is a length by the grammar, but some would read it as octal. Its framing was read already. */
const plainLength = (field: Field): Field =>
  field.name.toLowerCase() === 'content-length' ? { ...field, value: String(Number(field.value)) } : field

const upgradeFields = (protocols: readonly string[]): readonly Field[] =>
  protocols.length === 0
    ? []
    : [
        { name: 'Connection', value: 'Upgrade' },
        { name: 'Upgrade', value: protocols.join(', ') },
      ]

const protocolsOf = (fields: readonly Field[]): readonly string[] =>
  fieldValues(fields, 'upgrade')
    .flatMap((value) => value.split(/[ \t]*,[ \t]*/))
    .filter((protocol) => protocol !== '')

/**
 * h2c is not offered on: RFC 7540 §3.2.1 ties it to a field of one hop that we cannot answer for, RFC 9113 §3.1 has given
 * it up, and behind the switch would go requests that nobody has read.
 */
const offeredBy = ({ fields }: RequestHead): readonly string[] => protocolsOf(fields).filter((protocol) => protocol.toLowerCase() !== 'h2c')

/** The default port is left out, as browsers do (RFC 9110 §4.2.1). */
function authority(host: Host, port: number): string {
  const text = formatEndpoint({ host: hostText(host), port })
  return port === HTTP_PORT ? text.slice(0, text.lastIndexOf(':')) : text
}
