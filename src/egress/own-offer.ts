/**
 * The offer of a flow that Ringfence opens for itself: there is no client to answer, so a refusal goes to the caller
 * inside the program, and the bytes are moved by whatever the errand does with the connection.
 */
import { asRingfenceError, type ErrorCode, errorKind, RingfenceError } from '../model/errors.ts'
import type { Ending } from '../model/event.ts'
import type { Flow } from '../model/flow.ts'
import { hostText } from '../model/hostname.ts'
import type { Meter, Offer, Upstream } from '../pipeline/ports.ts'
import { givenUp } from './given-up.ts'

export interface Errand {
  readonly flow: Flow
  /** The caller's word that it is no longer wanted. */
  readonly signal: AbortSignal
  /** Uses the connection; rejects with the reason of `stop` when that fires. */
  run(upstream: Upstream, meter: Meter, stop: AbortSignal): Promise<void>
  /** Is told once of what ended the errand, whether the policy, the network or the caller. */
  failed(error: RingfenceError): void
}

export function ownOffer({ flow, signal, run, failed }: Errand): Offer {
  let told = false
  const tell = (error: RingfenceError) => {
    if (!told) failed(error)
    told = true
  }
  return {
    flow,
    gone: signal,
    firstBytes: null,
    grant() {
      // Nobody waits for it.
    },
    refuse: ({ code, sentence }) => tell(new RingfenceError(code, sentence)),
    async relay(upstream, meter, cut) {
      const stop = new AbortController()
      const onCut = () => stop.abort(asCut(cut.reason))
      const onGone = () => stop.abort(givenUp(signal, 'relay.idle', `fetching from ${hostText(flow.asked.host)}`))
      cut.addEventListener('abort', onCut)
      signal.addEventListener('abort', onGone)
      if (cut.aborted) onCut()
      if (signal.aborted) onGone()
      try {
        await run(upstream, meter, stop.signal)
        return { ending: 'completed', code: null, message: null }
      } catch (thrown) {
        const error = asRingfenceError(thrown)
        tell(error)
        // The road reports our own faults.
        if (errorKind(error.code).blame === 'bug') throw error
        return { ending: endings[error.code] ?? 'failed', code: error.code, message: error.message }
      } finally {
        cut.removeEventListener('abort', onCut)
        signal.removeEventListener('abort', onGone)
        upstream.stream.destroy()
      }
    },
  }
}

const asCut = (reason: unknown): RingfenceError =>
  reason instanceof RingfenceError ? reason : new RingfenceError('policy.cut', 'the flow was cut')

const endings: Partial<Record<ErrorCode, Ending>> = {
  'client.gone': 'client-gone',
  'policy.cut': 'cut',
  'relay.idle': 'idle',
  'relay.reset': 'reset',
  'run.shutdown': 'shutdown',
}
