/**
 * Everything that can go wrong on the road, in one table: a stable code, whose fault it is, what it says to people and
 * how each door says it to its client. Doors translate from here and know no errno. Codes are API: match on them.
 */

export type Blame = 'network' | 'client' | 'policy' | 'operator' | 'bug'

interface ErrorKind {
  readonly blame: Blame
  readonly says: string
  /** RFC 1928 §6 reply field. */
  readonly socks5: number
  readonly http: number
  /** RFC 9209 §2.3 `error` parameter of Proxy-Status. */
  readonly proxyStatus: string
}

const kind = (blame: Blame, says: string, socks5: number, http: number, proxyStatus: string): ErrorKind => ({
  blame,
  says,
  socks5,
  http,
  proxyStatus,
})

export const errorKinds = {
  'policy.blocked': kind('policy', 'the policy does not permit this destination', 2, 403, 'http_request_denied'),
  'policy.cut': kind('policy', 'the policy no longer permits this flow', 2, 403, 'http_request_denied'),
  'refuse.local-answer': kind('policy', 'a public name was answered with a local address', 2, 403, 'destination_ip_prohibited'),
  'refuse.cloud-metadata': kind(
    'policy',
    'cloud metadata services are never reached through the proxy',
    2,
    403,
    'destination_ip_prohibited',
  ),
  'refuse.own-door': kind('policy', "the destination is Ringfence's own door", 2, 403, 'proxy_loop_detected'),
  'refuse.unspecified': kind('policy', 'the unspecified address is not a destination', 2, 403, 'destination_ip_prohibited'),
  'refuse.denied-port': kind('policy', 'this port is denied', 2, 403, 'http_request_denied'),
  'resolve.not-found': kind('network', 'the name does not exist or has no address', 4, 502, 'dns_error'),
  'resolve.failed': kind('network', 'the name servers gave no usable answer', 4, 502, 'dns_error'),
  'resolve.timeout': kind('network', 'the name servers did not answer in time', 4, 504, 'dns_timeout'),
  'dial.refused': kind('network', 'the destination refused the connection', 5, 502, 'connection_refused'),
  'dial.network-unreachable': kind(
    'network',
    'no way leads from here to the network of the destination',
    3,
    502,
    'destination_ip_unroutable',
  ),
  'dial.host-unreachable': kind('network', 'the destination cannot be reached from here', 4, 502, 'destination_ip_unroutable'),
  'dial.timeout': kind('network', 'the destination did not answer in time', 6, 504, 'connection_timeout'),
  'dial.failed': kind('network', 'the connection failed', 1, 502, 'destination_unavailable'),
  'upstream.unreachable': kind('network', 'the upstream proxy cannot be reached', 1, 502, 'destination_unavailable'),
  'upstream.refused': kind('network', 'the upstream proxy refused to connect', 1, 502, 'connection_refused'),
  'upstream.unauthenticated': kind('operator', 'the upstream proxy does not accept our login', 1, 500, 'proxy_configuration_error'),
  'upstream.malformed': kind('network', 'the upstream proxy sent no valid answer', 1, 502, 'http_protocol_error'),
  'upstream.no-udp': kind('network', 'upstream proxies are in use, and no UDP goes through them', 7, 502, 'proxy_configuration_error'),
  'relay.reset': kind('network', 'the connection was reset', 1, 502, 'connection_terminated'),
  'relay.idle': kind('network', 'nothing was sent for too long', 1, 504, 'connection_read_timeout'),
  'relay.malformed-response': kind('network', 'the origin server sent no valid HTTP', 1, 502, 'http_protocol_error'),
  'relay.truncated': kind('network', 'the origin server closed before its answer was complete', 1, 502, 'http_response_incomplete'),
  'client.gone': kind('client', 'the client left', 1, 499, 'connection_terminated'),
  'client.malformed': kind('client', 'the client sent a request that is not valid', 1, 400, 'http_request_error'),
  'client.unauthenticated': kind('client', 'the client did not log in', 1, 407, 'http_request_denied'),
  'client.loop': kind('operator', 'the request has come round to the proxy that sent it', 1, 508, 'proxy_loop_detected'),
  'limit.full': kind('operator', 'the proxy has no room for more', 1, 503, 'proxy_internal_error'),
  'limit.descriptors': kind('operator', 'this machine has no descriptor left for another connection', 1, 503, 'proxy_internal_error'),
  'record.failed': kind('operator', 'the record could not be written', 1, 503, 'proxy_internal_error'),
  'run.shutdown': kind('operator', 'the proxy is shutting down', 1, 503, 'proxy_internal_response'),
  'bug.unexpected': kind('bug', 'an unexpected failure inside Ringfence', 1, 500, 'proxy_internal_error'),
} as const satisfies Record<string, ErrorKind>

export type ErrorCode = keyof typeof errorKinds

export const errorKind = (code: ErrorCode): ErrorKind => errorKinds[code]

/** An accident with a stable code. The message names the culprit; `cause` keeps what the system said. */
export class RingfenceError extends Error {
  override readonly name = 'RingfenceError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** Whatever was thrown, as an accident with a code: a programming error becomes `bug.unexpected` and keeps its stack. */
export const asRingfenceError = (error: unknown): RingfenceError =>
  error instanceof RingfenceError
    ? error
    : new RingfenceError('bug.unexpected', error instanceof Error ? error.message : String(error), { cause: error })

/** Where in an operator's file something stands. Lines and columns count from 1. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

export interface Problem {
  readonly position: Position
  /** `fences[2].never[0]`, or empty for the document as a whole. */
  readonly path: string
  readonly message: string
}

export const formatProblem = ({ position, path, message }: Problem): string =>
  `${position.file}:${position.line}:${position.column}${path === '' ? '' : ` ${path}`}: ${message}`

/** Every fault of an operator's files at once, sorted by place. The command line prints them and exits with 2. */
export class ConfigErrors extends Error {
  override readonly name = 'ConfigErrors'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    const sorted = [...problems].sort(
      (a, b) =>
        a.position.file.localeCompare(b.position.file) || a.position.line - b.position.line || a.position.column - b.position.column,
    )
    super(sorted.map(formatProblem).join('\n'))
    this.problems = sorted
  }
}

/** The operator asked for something that cannot be had (port taken, folder not writable, bad argument): one clear line, exit code 2. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'
}
