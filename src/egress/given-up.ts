/** Why somebody stopped waiting, as an accident with a code: an abort signal carries its reason as anything at all. */
import { type ErrorCode, RingfenceError } from '../model/errors.ts'
import type { Stop } from '../model/stop.ts'

/**
 * A signal's reason where that is an accident already (shutdown, policy cut); `late` where the signal was a deadline
 * (`AbortSignal.timeout`); else the client has gone. `doing`: what was under way, as in "looking up example.com".
 */
export function givenUp(signal: Stop, late: ErrorCode, doing: string): RingfenceError {
  const reason: unknown = signal.reason
  if (reason instanceof RingfenceError) return reason
  if (reason instanceof DOMException && reason.name === 'TimeoutError')
    return new RingfenceError(late, `the time was over while ${doing}`, { cause: reason })
  return new RingfenceError('client.gone', `the client left while ${doing}`, { cause: reason })
}
