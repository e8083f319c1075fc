/** Pinned endpoints → a connection, within one deadline for all attempts, given up when the client leaves or the flow is cut. */
import { formatEndpoint } from '../model/address.ts'
import type { NonEmpty } from '../model/brand.ts'
import { RingfenceError } from '../model/errors.ts'
import { type Stop, StopSource } from '../model/stop.ts'
import type { PinnedEndpoint } from '../model/verdict.ts'
import type { Dialer, Reached } from './ports.ts'

export async function dial<U extends Reached>(
  to: NonEmpty<PinnedEndpoint>,
  dialer: Dialer<U>,
  deadlineMs: number,
  reasons: readonly Stop[],
  via: NonEmpty<PinnedEndpoint> | null = null,
): Promise<U> {
  const stop = new StopSource()
  // A stream that closed says why: its client left, or the door stops.
  const leave = () => {
    const reason = reasons.find(({ aborted }) => aborted)?.reason
    stop.abort(reason instanceof RingfenceError ? reason : new RingfenceError('client.gone', 'the client left'))
  }
  if (reasons.some(({ aborted }) => aborted)) leave()
  for (const each of reasons) each.addEventListener('abort', leave)
  const timer = setTimeout(() => {
    const through = via === null ? '' : ` through the upstream proxy ${via.map(formatEndpoint).join(', ')}`
    const targets = to.map(formatEndpoint).join(', ')
    stop.abort(new RingfenceError('dial.timeout', `dial.timeout: no answer from ${targets}${through} within ${deadlineMs / 1000} s`))
  }, deadlineMs)
  try {
    return await dialer.dial(to, stop, via)
  } catch (error) {
    throw stop.aborted ? stop.reason : error
  } finally {
    clearTimeout(timer)
    for (const each of reasons) each.removeEventListener('abort', leave)
  }
}
