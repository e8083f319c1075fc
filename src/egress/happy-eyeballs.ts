/**
 * The race of RFC 8305 §5 among addresses that were judged, in the order given: whoever ordered them (`decide`) had
 * its reasons. It knows no sockets; an attempt is a function.
 */
import { formatEndpoint } from '../model/address.ts'
import { isNonEmpty, type NonEmpty } from '../model/brand.ts'
import { RingfenceError } from '../model/errors.ts'
import { type Stop, StopSource } from '../model/stop.ts'
import type { PinnedEndpoint } from '../model/verdict.ts'
import type { Dialer, Upstream } from '../pipeline/ports.ts'
import { allFailed } from './dial-failure.ts'
import { givenUp } from './given-up.ts'

/** RFC 8305 §8: recommended 250 ms, never below 100 ms. */
const CONNECTION_ATTEMPT_DELAY_MS = 250

const LOST = new RingfenceError('client.gone', 'another attempt was faster')

/**
 * One try at one address. It rejects with a RingfenceError and leaves nothing behind, also when its signal fires;
 * once it has resolved, the signal means nothing to it.
 */
export type Attempt<T> = (to: PinnedEndpoint, stop: Stop) => Promise<T>

export interface Racing<T> {
  readonly attempt: Attempt<T>
  /** Closes what an attempt made when the race was over already. */
  readonly discard: (made: T) => void
  readonly delayMs?: number
}

/** The road's `Dialer` where no upstream proxy is set: the first of the pinned endpoints to answer. */
export function createDialer(attempt: Attempt<Upstream>): Dialer {
  return {
    async dial(to, stop, via) {
      // Fail closed: what was to go through an upstream proxy never goes round it.
      if (via !== null)
        throw new Error(`hops were judged on the way to ${to.map(formatEndpoint).join(', ')}, and nothing here goes through them`)
      return await race(to, { attempt, discard: ({ stream }) => stream.destroy() }, stop)
    },
  }
}

/** The first success; the other attempts are aborted. When all fail, one error tells of each. An error without a code is a bug and ends the race. */
export function race<T>(to: NonEmpty<PinnedEndpoint>, racing: Racing<T>, stop: Stop): Promise<T> {
  const { attempt, discard, delayMs = CONNECTION_ATTEMPT_DELAY_MS } = racing
  return new Promise((resolve, reject) => {
    const running = new Map<PinnedEndpoint, StopSource>()
    const failures = new Map<PinnedEndpoint, RingfenceError>()
    const waiting = [...to]
    let over = false
    let timer: NodeJS.Timeout | undefined

    const finish = (tell: () => void) => {
      over = true
      clearTimeout(timer)
      stop.removeEventListener('abort', onAbort)
      for (const source of running.values()) source.abort(LOST)
      tell()
    }
    const onAbort = () => finish(() => reject(givenUp(stop, 'dial.timeout', `connecting to ${to.map(formatEndpoint).join(', ')}`)))
    const won = (endpoint: PinnedEndpoint, made: T) => {
      running.delete(endpoint)
      if (over) discard(made)
      else finish(() => resolve(made))
    }
    const lost = (endpoint: PinnedEndpoint, error: unknown) => {
      running.delete(endpoint)
      if (over) return
      if (!(error instanceof RingfenceError)) return finish(() => reject(error))
      failures.set(endpoint, error)
      if (waiting.length > 0) startNext()
      else if (running.size === 0) finish(() => reject(allFailed(inOrder(to, failures))))
    }
    const startNext = () => {
      clearTimeout(timer)
      const endpoint = waiting.shift()
      if (endpoint === undefined) return
      if (waiting.length > 0) timer = setTimeout(startNext, delayMs)
      const source = new StopSource()
      running.set(endpoint, source)
      attempt(endpoint, source).then(
        (made) => won(endpoint, made),
        (error: unknown) => lost(endpoint, error),
      )
    }

    stop.addEventListener('abort', onAbort)
    if (stop.aborted) onAbort()
    else startNext()
  })
}

function inOrder(to: NonEmpty<PinnedEndpoint>, failures: ReadonlyMap<PinnedEndpoint, RingfenceError>) {
  const attempts = to.flatMap((endpoint) => {
    const error = failures.get(endpoint)
    return error === undefined ? [] : [{ to: endpoint, error }]
  })
  if (!isNonEmpty(attempts)) throw new Error('no attempt was made')
  return attempts
}
