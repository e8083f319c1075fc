/**
 * The road's `Dialer` where upstream proxies are set: nothing is dialled but them. Of the hops that were judged and
 * permitted, the first that works leads to the destination, which it is given as an address; without one there is no
 * connection. It takes a hop's refusal as the answer: another proxy is no way round it.
 */
import { type Endpoint, formatEndpoint, type Ip } from '../../model/address.ts'
import { isNonEmpty, type NonEmpty } from '../../model/brand.ts'
import { RingfenceError } from '../../model/errors.ts'
import type { Stop } from '../../model/stop.ts'
import type { PinnedEndpoint } from '../../model/verdict.ts'
import type { Dialer, Upstream } from '../../pipeline/ports.ts'
import { type Attempt, createDialer, race } from '../happy-eyeballs.ts'
import { Health } from '../health.ts'
import type { Hop } from './hop.ts'
import { upstreamTypes } from './index.ts'
import { reach } from './reach.ts'

/** Between two addresses of one destination: a proxy answers only once it has connected, or tried to. */
const ATTEMPT_DELAY_MS = 1_000

/** How long one that was not reached goes last: to find out costs a flow some seconds. */
const FAILING_MS = 60_000

export interface UpstreamSettings {
  readonly hops: NonEmpty<Hop>
  /** How a connection to a hop itself is made. */
  readonly attempt: Attempt<Upstream>
  /** What Via calls this process, or `null`. */
  readonly via: string | null
  readonly delayMs?: number
  readonly monotonic?: () => number
}

/** The road's dialler, whether or not upstream proxies are set. */
export const createEgress = (hops: readonly Hop[], attempt: Attempt<Upstream>, via: string | null): Dialer =>
  isNonEmpty(hops) ? createUpstreamDialer({ hops, attempt, via }) : createDialer(attempt)

export function createUpstreamDialer({
  hops,
  attempt,
  via,
  delayMs = ATTEMPT_DELAY_MS,
  monotonic = () => performance.now(),
}: UpstreamSettings): Dialer {
  const healths = new Map(hops.map((hop) => [hop, new Health(monotonic, FAILING_MS)]))
  const hopAt = (at: PinnedEndpoint): readonly [Hop, Health] => {
    const found = [...healths].find(([{ server }]) => isSame(server, at))
    if (found === undefined) throw new Error(`no upstream proxy is set at ${formatEndpoint(at)}`)
    return found
  }
  const lead = async (to: PinnedEndpoint, at: PinnedEndpoint, hop: Hop, stop: Stop): Promise<Upstream> => {
    const { stream, connectMs } = await reach(hop, at, attempt, stop)
    try {
      await upstreamTypes[hop.type](stream, to, hop, stop, via)
    } catch (error) {
      stream.destroy()
      throw error
    }
    return { stream, remote: to, via: hop.server, connectMs }
  }
  const throughAny = async (to: PinnedEndpoint, through: NonEmpty<PinnedEndpoint>, stop: Stop): Promise<Upstream> => {
    const failures: RingfenceError[] = []
    const isFailing = (at: PinnedEndpoint) => hopAt(at)[1].failing
    // Last, and never left out: nothing else may be there.
    for (const at of [...through.filter((each) => !isFailing(each)), ...through.filter(isFailing)]) {
      const [hop, health] = hopAt(at)
      const since = monotonic()
      try {
        const led = await lead(to, at, hop, stop)
        health.heard()
        return led
      } catch (error) {
        if (!(error instanceof RingfenceError) || stop.aborted) throw error
        if (!isOutOfOrder(error)) {
          health.heard()
          throw error
        }
        health.unanswered(since)
        failures.push(error)
      }
    }
    const [first, ...others] = failures
    if (first === undefined || others.length === 0) throw first ?? new Error('there is no hop')
    const message = failures.map((failure) => failure.message).join('; ')
    throw new RingfenceError(first.code, message, { cause: new AggregateError(failures, message) })
  }
  return {
    async dial(to, stop, through) {
      if (through === null) throw new Error(`no hop was judged on the way to ${to.map(formatEndpoint).join(', ')}`)
      let turnedAway: RingfenceError | null = null
      const attempt: Attempt<Upstream> = async (each, halt) => {
        // Another destination does not mend the login, and proxies count those that fail.
        if (turnedAway !== null) throw turnedAway
        try {
          return await throughAny(each, through, halt)
        } catch (error) {
          if (error instanceof RingfenceError && error.code === 'upstream.unauthenticated') turnedAway = error
          throw error
        }
      }
      return await race(to, { attempt, discard: ({ stream }) => stream.destroy(), delayMs }, stop)
    },
  }
}

/** Whether this hop leads nowhere at all, so that the next is worth a try. */
const isOutOfOrder = ({ code }: RingfenceError): boolean => code === 'upstream.unreachable' || code === 'upstream.malformed'

const isSame = (a: Endpoint<Ip>, b: Endpoint<Ip>): boolean => a.host === b.host && a.port === b.port
