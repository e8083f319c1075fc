/** Pinned endpoints → a connection, within one deadline for all attempts, given up when the client leaves. */
import { formatEndpoint } from '../model/address.ts'
import type { NonEmpty } from '../model/brand.ts'
import { RingfenceError } from '../model/errors.ts'
import type { PinnedEndpoint } from '../model/verdict.ts'
import type { Dialer, Upstream } from './ports.ts'

export async function dial(to: NonEmpty<PinnedEndpoint>, dialer: Dialer, deadlineMs: number, gone: AbortSignal): Promise<Upstream> {
  const stop = new AbortController()
  // A stream that closed says why: its client left, or the door stops.
  const left = () => (gone.reason instanceof RingfenceError ? gone.reason : new RingfenceError('client.gone', 'the client left'))
  const leave = () => stop.abort(left())
  if (gone.aborted) leave()
  gone.addEventListener('abort', leave)
  const timer = setTimeout(() => {
    const targets = to.map(formatEndpoint).join(', ')
    stop.abort(new RingfenceError('dial.timeout', `dial.timeout: no answer from ${targets} within ${deadlineMs / 1000} s`))
  }, deadlineMs)
  try {
    return await dialer.dial(to, stop.signal)
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error
  } finally {
    clearTimeout(timer)
    gone.removeEventListener('abort', leave)
  }
}
