/** Why there is no answer: what the system says of a connection that failed, and silence, in the words of messages: "udp://192.0.2.53:53 (could not be reached)". */
import type { Unusable } from './answer.ts'

export const timedOut: Unusable = { kind: 'timeout', why: 'timed out' }

export const UNREACHABLE = 'could not be reached'

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETDOWN: UNREACHABLE,
  EHOSTDOWN: UNREACHABLE,
  EAFNOSUPPORT: UNREACHABLE,
  // Linux: this machine's own firewall or routing table forbids it.
  EACCES: UNREACHABLE,
  EPERM: UNREACHABLE,
  EADDRNOTAVAIL: UNREACHABLE,
  ETIMEDOUT: UNREACHABLE,
  ECONNRESET: 'closed the connection',
  EPIPE: 'closed the connection',
  EMFILE: 'no file descriptor is left to this process: see ulimit -n',
  ENFILE: 'no file descriptor is left on this machine: see sysctl fs.file-max',
}

const exhausted: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE'])

export function connectionFailed(cause: unknown): Unusable {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'the connection failed'
  return { kind: exhausted.has(code) ? 'exhausted' : 'failed', why: words[code] ?? code, cause }
}
