/** A connection to an upstream proxy itself, in TLS where that is set, before a word of its protocol. */
import { RingfenceError } from '../../model/errors.ts'
import type { Stop } from '../../model/stop.ts'
import type { PinnedEndpoint } from '../../model/verdict.ts'
import type { Upstream } from '../../pipeline/ports.ts'
import type { Attempt } from '../happy-eyeballs.ts'
import { type Hop, hopFailure } from './hop.ts'
import { secureHop } from './tls.ts'

/** `at`: the proxy's own address. Rejects with RingfenceError `upstream.unreachable`, or the reason of `stop`. */
export async function reach(
  hop: Hop,
  at: PinnedEndpoint,
  attempt: Attempt<Upstream>,
  stop: Stop,
): Promise<Pick<Upstream, 'stream' | 'connectMs'>> {
  const { stream, connectMs } = await attempt(at, stop).catch((error: unknown) => {
    if (!(error instanceof RingfenceError) || !error.code.startsWith('dial.') || stop.aborted) throw error
    throw hopFailure(hop, 'upstream.unreachable', `is not reached: ${error.message}`, error)
  })
  return { stream: hop.tls === null ? stream : await secureHop(stream, hop.tls, hop, stop), connectMs }
}
