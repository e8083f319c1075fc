/**
 * One name server over one transport as a `NameServer`: asks for both families at once, keeps what it was told for as
 * long as that holds, also what it was told too late, and remembers whether the server is there.
 */
import { isNonEmpty } from '../../model/brand.ts'
import type { Hostname } from '../../model/hostname.ts'
import { type Stop, StopSource } from '../../model/stop.ts'
import type { AddressType } from '../../wire/dns.ts'
import { Health } from '../health.ts'
import type { Answer, NameServer, Unusable } from './answer.ts'
import type { Exchange } from './exchange.ts'
import { timedOut } from './failure-words.ts'
import { type FamilyAnswer, lookUpFamily } from './family-look-up.ts'
import { Flights } from './flights.ts'
import type { KeptAnswers } from './kept-answers.ts'
import { overdue } from './servers-in-order.ts'

/** RFC 8305 §3. */
export const RESOLUTION_DELAY_MS = 50
/** For so long IPv6 addresses that missed the delay are still waited for, for the look-ups to come, and for so many names. */
const LATE_MS = 2_000
const MAX_LATE = 64

export interface StubSettings {
  readonly resolutionDelayMs: number
  readonly monotonic: () => number
  readonly kept: KeptAnswers
}

/** `key`: what its answers are kept under, where the label does not tell it from every other. */
export function createStub(
  label: string,
  exchange: Exchange,
  { resolutionDelayMs, monotonic, kept }: StubSettings,
  key = label,
): NameServer {
  const health = new Health(monotonic)

  const family = async (name: Hostname, type: AddressType, stop: Stop): Promise<FamilyAnswer | Unusable> => {
    const known = kept.get(key, name, type)
    if (known !== null) return known
    // The TTL counts from before the question: the response may have been on its way for long.
    const askedAt = monotonic()
    const answer = await lookUpFamily(listening(exchange, health), name, type, stop)
    if (answer.kind === 'addresses' || answer.kind === 'not-found') kept.put(key, name, type, answer, askedAt)
    return answer
  }

  const sixes = new Flights((name, stop) => family(name, 'AAAA', stop))
  let late = 0
  /** One more who waits for it, with little patience, when its asker goes on without. It has no look-up's place any more. */
  const waitOn = (name: Hostname) => {
    if (late >= MAX_LATE) return
    late++
    const patience = new StopSource()
    const timer = setTimeout(() => patience.abort(overdue), LATE_MS).unref()
    const over = () => {
      clearTimeout(timer)
      late--
    }
    sixes.join(name, patience).then(over, over)
  }

  return {
    label,
    get failing() {
      return health.failing
    },
    recall: (name) => {
      const v4 = kept.get(key, name, 'A')
      const v6 = kept.get(key, name, 'AAAA')
      return v4 === null || v6 === null ? null : combine(v4, v6)
    },
    ask: async (name, stop) => {
      const askedAt = monotonic()
      const done = new StopSource()
      const onStop = () => done.abort(stop.reason)
      if (stop.aborted) onStop()
      stop.addEventListener('abort', onStop)
      try {
        const six = sixes.join(name, done).catch(() => timedOut)
        const v4 = await family(name, 'A', done)
        // Once there are IPv4 addresses, IPv6 gets only the resolution delay. The reverse does not hold: steering wants
        // every address of a name, and most names have an A record, so A is worth its whole time.
        const v6 = await (v4.kind === 'addresses' ? within(six, resolutionDelayMs) : six)
        if (v4.kind === 'addresses' && v6 === timedOut && !stop.aborted) waitOn(name)
        const answer = combine(v4, v6)
        // Who leaves early proves nothing about the server.
        if (answer.kind === 'failed' || (answer.kind === 'timeout' && stop.reason === overdue)) health.unanswered(askedAt)
        return answer
      } finally {
        stop.removeEventListener('abort', onStop)
        done.abort(null)
      }
    },
  }
}

/** Any response, whatever it says, shows that the server is there. */
const listening = (exchange: Exchange, health: Health): Exchange => ({
  exchange: async (question, stop) => {
    const reply = await exchange.exchange(question, stop)
    if (reply.kind === 'response') health.heard()
    return reply
  },
})

/**
 * Addresses of either family are an answer. A name is not found only where both families say so: RFC 4074 §4 lists
 * servers that fail, or even deny the name, when asked for AAAA.
 */
function combine(v4: FamilyAnswer | Unusable, v6: FamilyAnswer | Unusable): Answer {
  const ips = [v4, v6].flatMap((answer) => (answer.kind === 'addresses' ? answer.ips : []))
  if (isNonEmpty(ips)) return { kind: 'addresses', ips }
  if (v4.kind === 'not-found' && v6.kind === 'not-found') return { kind: 'not-found', cause: v4.cause }
  const unusable = [v4, v6].filter((answer) => answer.kind !== 'addresses' && answer.kind !== 'not-found')
  const worst = unusable.find(({ kind }) => kind === 'exhausted') ?? unusable.find(({ kind }) => kind === 'failed')
  return worst ?? unusable[0] ?? timedOut
}

function within(query: Promise<FamilyAnswer | Unusable>, milliseconds: number): Promise<FamilyAnswer | Unusable> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(timedOut), milliseconds)
    void query.then((answer) => {
      clearTimeout(timer)
      resolve(answer)
    })
  })
}
