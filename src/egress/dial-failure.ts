/** Failed connection attempts as accidents with codes: the one place that reads the errno of a connect. */
import { type Endpoint, formatEndpoint } from '../model/address.ts'
import { isNonEmpty, type NonEmpty } from '../model/brand.ts'
import { type ErrorCode, RingfenceError } from '../model/errors.ts'

type DialCode = Extract<ErrorCode, `dial.${string}` | 'limit.descriptors'>

const byErrno: Readonly<Record<string, DialCode>> = {
  ECONNREFUSED: 'dial.refused',
  ETIMEDOUT: 'dial.timeout',
  EHOSTUNREACH: 'dial.host-unreachable',
  EHOSTDOWN: 'dial.host-unreachable',
  ENETUNREACH: 'dial.network-unreachable',
  ENETDOWN: 'dial.network-unreachable',
  EAFNOSUPPORT: 'dial.network-unreachable',
  // No source address of that family (or, rarely, no free port) on this machine.
  EADDRNOTAVAIL: 'dial.network-unreachable',
  // Linux: this machine's own firewall or routing table forbids the destination.
  EACCES: 'dial.host-unreachable',
  EPERM: 'dial.host-unreachable',
  // Of this process, and of the whole machine.
  EMFILE: 'limit.descriptors',
  ENFILE: 'limit.descriptors',
}

/**
 * The most telling first: one that refused is there; silence and odd failures say something about the destination.
 * Unreachable comes last, since on a machine without IPv6 every IPv6 address is, whatever is wrong with the others.
 */
const telling: readonly ErrorCode[] = [
  'dial.refused',
  'limit.descriptors',
  'dial.timeout',
  'dial.failed',
  'dial.host-unreachable',
  'dial.network-unreachable',
]

const reasons: Readonly<Record<DialCode, string>> = {
  'dial.refused': 'refused',
  'dial.host-unreachable': 'unreachable',
  'dial.network-unreachable': 'unreachable',
  'dial.timeout': 'timed out',
  'dial.failed': 'failed',
  'limit.descriptors': 'no descriptor left',
}

/** One failed attempt. `cause`: what the socket said; none for our own deadline. */
export function dialFailure(to: Endpoint<string>, code: DialCode, cause?: unknown): RingfenceError {
  return new RingfenceError(code, `no connection to ${formatEndpoint(to)} (${reason(code, cause)})`, { cause })
}

export const dialCodeOf = (error: Error): DialCode => byErrno[errnoOf(error) ?? ''] ?? 'dial.failed'

/** All attempts of one dial as one accident that names every address with its reason. */
export function allFailed(attempts: NonEmpty<{ readonly to: Endpoint<string>; readonly error: RingfenceError }>): RingfenceError {
  const errors = attempts.map(({ error }) => error)
  if (!isNonEmpty(errors) || errors.every(({ message }) => message === errors[0]?.message)) return attempts[0].error
  const code = telling.find((candidate) => errors.some((error) => error.code === candidate)) ?? errors[0].code
  const tried = attempts.map(
    ({ to, error }) => `${formatEndpoint(to)} (${isDialCode(error.code) ? reason(error.code, error.cause) : error.code})`,
  )
  const message = `no connection to ${tried.join(', ')}`
  return new RingfenceError(code, message, { cause: new AggregateError(errors, message) })
}

const isDialCode = (code: ErrorCode): code is DialCode => code in reasons

/** The errno is shown where the code alone says too little. */
function reason(code: DialCode, cause: unknown): string {
  const errno = errnoOf(cause)
  return errno !== null && (code === 'dial.failed' || reasons[code] === 'unreachable') ? `${reasons[code]}: ${errno}` : reasons[code]
}

const errnoOf = (cause: unknown): string | null =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null
