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
import { type Hop, hopFailure } from './hop.ts'
import { upstreamTypes } from './index.ts'
import { secureHop } from './tls.ts'

/** Between two addresses of one destination: a proxy answers only once it has connected, or tried to. */
const ATTEMPT_DELAY_MS = 1_000

export interface UpstreamSettings {
  readonly hops: NonEmpty<Hop>
  /** How a connection to a hop itself is made. */
  readonly attempt: Attempt<Upstream>
  /** What Via calls this process, or `null`. */
  readonly via: string | null
  readonly delayMs?: number
}

/** The road's dialler, whether or not upstream proxies are set. */
export const createEgress = (hops: readonly Hop[], attempt: Attempt<Upstream>, via: string | null): Dialer =>
  isNonEmpty(hops) ? createUpstreamDialer({ hops, attempt, via }) : createDialer(attempt)

export function createUpstreamDialer({ hops, attempt, via, delayMs = ATTEMPT_DELAY_MS }: UpstreamSettings): Dialer {
  const lead = async (to: PinnedEndpoint, at: PinnedEndpoint, stop: Stop): Promise<Upstream> => {
    const hop = hops.find(({ server }) => isSame(server, at))
    if (hop === undefined) throw new Error(`no upstream proxy is set at ${formatEndpoint(at)}`)
    const { stream: below, connectMs } = await attempt(at, stop).catch((error: unknown) => {
      throw error instanceof RingfenceError && error.code.startsWith('dial.') && !stop.aborted ? unreached(hop, error) : error
    })
    const stream = hop.tls === null ? below : await secureHop(below, hop.tls, hop, stop)
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
    for (const at of through) {
      try {
        return await lead(to, at, stop)
      } catch (error) {
        if (!(error instanceof RingfenceError) || !isOutOfOrder(error) || stop.aborted) throw error
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

const unreached = (hop: Hop, cause: RingfenceError): RingfenceError =>
  hopFailure(hop, 'upstream.unreachable', `is not reached: ${cause.message}`, cause)

const isSame = (a: Endpoint<Ip>, b: Endpoint<Ip>): boolean => a.host === b.host && a.port === b.port
