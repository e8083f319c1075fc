/** The world of the road, as tables: names to addresses, addresses to countries, pinned endpoints to origins on loopback. */
import { datagramDialer } from '../../src/egress/datagrams.ts'
import { createDirect } from '../../src/egress/direct.ts'
import { createDialer } from '../../src/egress/happy-eyeballs.ts'
import { formatEndpoint, type Ip, parseIp } from '../../src/model/address.ts'
import { isNonEmpty, type NonEmpty } from '../../src/model/brand.ts'
import type { CountryCode } from '../../src/model/country.ts'
import { RingfenceError } from '../../src/model/errors.ts'
import type { Decided, Ended, EventBody, Rejudged } from '../../src/model/event.ts'
import { type Hostname, isHost, parseHost } from '../../src/model/hostname.ts'
import type { Location } from '../../src/model/location.ts'
import { scopeOf } from '../../src/model/scope.ts'
import type { PinnedEndpoint } from '../../src/model/verdict.ts'
import type { DatagramUpstream, Dialer, FlowWriter, Locator, Resolver } from '../../src/pipeline/ports.ts'

export function name(text: string): Hostname {
  const host = parseHost(text)
  if (!isHost(host) || host.kind !== 'name') throw new Error(`not a name: ${text}`)
  return host.name
}

export function ip(text: string): Ip {
  const parsed = parseIp(text)
  if (parsed === null) throw new Error(`not an address: ${text}`)
  return parsed
}

export const ips = (...texts: readonly string[]): NonEmpty<Ip> => {
  const all = texts.map(ip)
  if (!isNonEmpty(all)) throw new Error('no address')
  return all
}

/** As `decide` would have pinned it. */
export const pinned = (host: string, port: number): PinnedEndpoint => ({ host: ip(host), port }) as PinnedEndpoint

export interface FakeResolver extends Resolver {
  readonly asked: readonly string[]
}

/** Name → addresses; `never` is a look-up without end. What is not listed is not found. */
export function tableResolver(table: Readonly<Record<string, readonly string[] | 'never'>> = {}): FakeResolver {
  const asked: string[] = []
  return {
    asked,
    async resolve(of, signal) {
      asked.push(of)
      const addresses = table[of]
      if (addresses === 'never') {
        await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(new RingfenceError('client.gone', 'the client left'))),
        )
      }
      if (addresses === undefined || addresses === 'never') throw new RingfenceError('resolve.not-found', `${of} does not exist`)
      return ips(...addresses)
    },
  }
}

/** Address → its country, several where the sources differ, `anycast`, or nothing for unknown. */
export function tableLocator(table: Readonly<Record<string, string>> = {}): Locator {
  return {
    hash: 'table',
    locate(of): Location {
      const said = table[of]
      const countries = (said === undefined || said === 'anycast' ? [] : said.split(' ')) as CountryCode[]
      return {
        ip: of,
        scope: scopeOf(of),
        answers: countries.map((country, i) => ({ source: `source ${i + 1}`, country })),
        possible: [...countries].sort(),
        best: countries[0] ?? null,
        stated: null,
        registry: null,
        anycast: said === 'anycast',
        network: null,
        located: true,
      }
    },
  }
}

export interface CollectingWriter extends FlowWriter {
  readonly events: readonly EventBody[]
  readonly decided: readonly Decided[]
  readonly rejudged: readonly Rejudged[]
  readonly ended: readonly Ended[]
  /** From now on every append fails. */
  break(): void
  /** From now on appends wait until the function that this returns is called. */
  hold(): () => void
}

export function collectingWriter(): CollectingWriter {
  const events: EventBody[] = []
  let broken = false
  let held: Promise<void> | null = null
  const of = <Type extends EventBody['type']>(type: Type) =>
    events.filter((event): event is Extract<EventBody, { type: Type }> => event.type === type)
  return {
    events,
    get decided() {
      return of('decided')
    },
    get rejudged() {
      return of('rejudged')
    },
    get ended() {
      return of('ended')
    },
    async append(event) {
      if (held !== null) await held
      if (broken) throw new RingfenceError('record.failed', 'the record could not be written: no space left')
      events.push(event)
    },
    break() {
      broken = true
    },
    hold() {
      let go = () => {}
      held = new Promise((resolve) => {
        go = resolve
      })
      return () => {
        held = null
        go()
      }
    },
  }
}

/** Where an address leads: the port of an origin on loopback, nobody there, or no answer at all. */
export type Route = number | 'refuses' | 'silent'

export interface RecordingDialer extends Dialer {
  /** Every endpoint that was tried, as text, in order. */
  readonly tried: readonly string[]
  /** Attempts that are under way. */
  readonly pending: number
}

/** The real dialer over real sockets, but public addresses (or one port of them) lead to loopback; what has no route is refused. */
export function routedDialer(routes: Readonly<Record<string, Route>>): RecordingDialer {
  const tried: string[] = []
  let pending = 0
  const direct = createDirect()
  const { dial } = createDialer(async (to, signal) => {
    tried.push(formatEndpoint(to))
    const route = routes[formatEndpoint(to)] ?? routes[to.host] ?? 'refuses'
    pending++
    try {
      if (route === 'silent') {
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new RingfenceError('dial.timeout', 'given up'))))
      }
      if (typeof route !== 'number') throw new RingfenceError('dial.refused', `no connection to ${formatEndpoint(to)} (refused)`)
      return { ...(await direct(pinned('127.0.0.1', route), signal)), remote: to }
    } finally {
      pending--
    }
  })
  return {
    tried,
    get pending() {
      return pending
    },
    dial,
  }
}

/** The same for datagrams: the real dialler, but public addresses lead to loopback. */
export const routedDatagramDialer = (routes: Readonly<Record<string, Route>>): Dialer<DatagramUpstream> => ({
  async dial(to, stop, via) {
    const [remote] = to
    const route = routes[remote.host] ?? 'refuses'
    if (route === 'silent') await new Promise((_, reject) => stop.addEventListener('abort', () => reject(new Error('given up'))))
    if (typeof route !== 'number') throw new RingfenceError('dial.refused', `no connection to ${formatEndpoint(remote)} (refused)`)
    return { ...(await datagramDialer.dial([pinned('127.0.0.1', route)], stop, via)), remote }
  },
})
