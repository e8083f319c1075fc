/** The record of one flow: `decided` before the client is answered, exactly one ending, whatever happens between. */
import { randomUUID } from 'node:crypto'
import { formatEndpoint } from '../model/address.ts'
import { type App, type AppOrigin, appsNamed, noApps } from '../model/app.ts'
import type { ErrorCode, RingfenceError } from '../model/errors.ts'
import type {
  Decided,
  Ended,
  Ending,
  RecordedApp,
  RecordedCandidate,
  RecordedHop,
  RecordedName,
  RecordedPlace,
  Rejudged,
} from '../model/event.ts'
import type { Flow, KnownName } from '../model/flow.ts'
import { hostText } from '../model/hostname.ts'
import type { Location } from '../model/location.ts'
import type { RuledOut } from '../model/reach.ts'
import type { Candidate, JudgedHop, Verdict, Would } from '../model/verdict.ts'
import type { Policy } from '../policy/policy.ts'
import type { Known } from './identify.ts'
import type { HowEnded, Locator, Meter, Reached, Road } from './ports.ts'

/** What was judged, in the form in which it is told. */
export interface Told {
  readonly verdict: Verdict
  readonly candidates: readonly Candidate[]
  /** The upstream proxies on the way. */
  readonly hops: readonly JudgedHop[]
  readonly known: Pick<Known, 'names' | 'recalled' | 'namedApps' | 'anyName' | 'catalogue' | 'network' | 'port'>
  readonly sentence: string
  /** Whose verdict it is. */
  readonly policy: Policy
}

/** Of a flow that something went wrong with before anything was known. */
const unknown: Told['known'] = { names: [], recalled: [], namedApps: [], anyName: false, network: 'tcp', port: 0, catalogue: noApps }

/** The part of the world that records need. */
export type RecordingRoad = Pick<Road, 'reach' | 'writer' | 'clock'>

export class Entry {
  readonly meter: Meter
  readonly #flow: Flow
  readonly #locator: Locator
  readonly #road: RecordingRoad
  readonly #openedAt: number
  #upstream: Reached | null = null
  #ruledOut: readonly RuledOut[] | null = null
  #candidates: readonly Candidate[] = []
  #state: 'open' | 'decided' | 'closed' = 'open'

  constructor(flow: Flow, locator: Locator, road: RecordingRoad) {
    this.meter = { up: 0, down: 0, ...(flow.network === 'udp' ? { datagrams: { up: 0, down: 0 } } : {}) }
    this.#flow = flow
    this.#locator = locator
    this.#road = road
    this.#openedAt = road.clock.monotonic()
  }

  /** Resolves when the verdict would survive the death of this process. A blocked one is its own ending. */
  async decided(told: Told, shadow: Readonly<Record<string, Would>>): Promise<void> {
    const { inbound, network, asked, client, who } = this.#flow
    const event: Decided = {
      type: 'decided',
      ...this.#judged(told),
      inbound,
      network,
      port: asked.port,
      candidates: told.candidates.map(recordedCandidate),
      ...(told.hops.length === 0 ? {} : { hops: told.hops.map(recordedHop) }),
      table: this.#locator.hash,
      shadow,
      personal: {
        salt: salt(),
        client: formatEndpoint(client),
        user: who.name,
        groups: who.groups,
        asked: hostText(asked.host),
        names: namesOf(told).map((name) => recordedName(name, told.candidates)),
        sentence: told.sentence,
      },
    }
    await this.#road.writer.append(event)
    this.#candidates = told.candidates
    this.#state = told.verdict.kind === 'block' ? 'closed' : 'decided'
  }

  /** A name was learnt while the bytes were already moving. */
  async rejudged(told: Told): Promise<void> {
    const personal = { salt: salt(), names: namesOf(told).map((name) => recordedName(name, told.candidates)), sentence: told.sentence }
    const event: Rejudged = { type: 'rejudged', ...this.#judged(told), personal }
    await this.#road.writer.append(event)
  }

  dialled(upstream: Reached): void {
    this.#upstream = upstream
    const { remote, via, connectMs } = upstream
    // What was measured then is the way to the proxy.
    if (via !== null) return
    const location = this.#candidates.find(({ ip }) => ip === remote.host)?.locations[0]
    // One that stands for another address was answered by a translator or relay on the way.
    if (location?.ip === remote.host && connectMs !== null) this.#ruledOut = this.#road.reach.ruledOut(location, connectMs)
  }

  /** The ending of a flow that was let through. */
  async ended({ ending, code, message }: HowEnded): Promise<void> {
    await this.#end(ending, code, message)
  }

  /** The ending of a flow that something went wrong with, before or after the verdict. Never rejects: see `#end`. */
  async failed(error: RingfenceError, policy: Policy): Promise<void> {
    // A verdict that could not be written is not replaced by another one, should the next write succeed.
    if (this.#state === 'open' && error.code === 'record.failed') return
    if (this.#state === 'open') {
      const reasons = [{ kind: 'error', code: error.code, message: error.message } as const]
      const verdict: Verdict = { kind: 'block', mode: policy.mode, would: 'block', reasons }
      const told = { verdict, candidates: [], hops: [], known: unknown, sentence: `Not reached: ${error.message}.`, policy }
      await this.decided(told, {}).catch(() => undefined)
    } else {
      await this.#end(endings[error.code] ?? 'failed', error.code, error.message)
    }
  }

  async #end(ending: Ending, code: string | null, message: string | null): Promise<void> {
    if (this.#state !== 'decided') return
    const { remote, via, connectMs } = this.#upstream ?? { remote: null, via: null, connectMs: null }
    const event: Ended = {
      type: 'ended',
      id: this.#flow.id,
      ending,
      code,
      message,
      dialled: remote?.host ?? null,
      via: via && formatEndpoint(via),
      connect_ms: connectMs === null ? null : tenths(connectMs),
      ruled_out: this.#ruledOut,
      ...this.meter,
      duration_ms: tenths(this.#road.clock.monotonic() - this.#openedAt),
    }
    // An ending that can't be written is not the client's misfortune: the journal has told of it, readers see the flow as open.
    await this.#road.writer.append(event).catch(() => undefined)
    this.#state = 'closed'
  }

  #judged({ verdict, policy, known, candidates }: Told) {
    const { mode, kind, would, reasons } = verdict
    return {
      id: this.#flow.id,
      mode,
      verdict: kind,
      would,
      reasons,
      policy: policy.hash,
      name_hidden: known.anyName,
      apps: recordedApps(known, candidates),
    }
  }
}

const endings: Partial<Record<ErrorCode, Ending>> = { 'policy.cut': 'cut', 'client.gone': 'client-gone', 'run.shutdown': 'shutdown' }

const namesOf = ({ known: { names, recalled } }: Told): readonly KnownName[] => [...names, ...recalled]

/** 122 random bits; Node makes these from a block drawn in advance, which `randomBytes` for each does not. */
const salt = (): string => randomUUID()

const tenths = (milliseconds: number): number => Math.round(milliseconds * 10) / 10

const recordedName = ({ name, origin, provedAt }: KnownName, candidates: readonly Candidate[]): RecordedName => ({
  name,
  origin,
  proved: provedAmong(provedAt, candidates),
})

function provedAmong(provedAt: KnownName['provedAt'], candidates: readonly Candidate[]): boolean | null {
  if (provedAt === null || provedAt === 'everywhere') return provedAt === null ? null : true
  return candidates.some(({ locations }) => locations.some(({ ip }) => provedAt.has(ip)))
}

/** Each app once for each thing that it was told by; what only a port hints at, where nothing better tells of any app. */
function recordedApps(known: Told['known'], candidates: readonly Candidate[]): readonly RecordedApp[] {
  const told = candidates.length === 0 ? known.namedApps : candidates.flatMap(({ apps }) => apps)
  const recalled = appsNamed(known.recalled, known.catalogue)
  const hinted = told.length + recalled.length > 0 ? [] : known.catalogue.onPort(known.network, known.port)
  const apps = [
    ...[...told, ...recalled].map(({ app, origin, provedAt }) => recordedApp(app, origin, provedAmong(provedAt, candidates))),
    ...hinted.map((app) => recordedApp(app, 'port', null)),
  ]
  return [...new Map(apps.map((app) => [`${app.app} ${app.origin}`, app])).values()]
}

const recordedApp = (app: App, origin: AppOrigin, proved: boolean | null): RecordedApp => ({
  app: app.id,
  home: app.company?.home ?? null,
  origin,
  proved,
})

const recordedCandidate = ({ ip, locations, fences, effect, refusal, permitted }: Candidate): RecordedCandidate => ({
  ip,
  judged: locations.map(recordedPlace),
  fences,
  effect,
  refusal,
  permitted,
})

const recordedHop = (hop: JudgedHop): RecordedHop => ({ ...recordedCandidate(hop), port: hop.port })

const recordedPlace = ({ ip, scope, answers, possible, best, registry, anycast, network }: Location): RecordedPlace => ({
  ip,
  scope,
  answers: Object.fromEntries(answers.map(({ source, country }) => [source, country])),
  disowned: answers.flatMap(({ source, disowned }) => (disowned === true ? [source] : [])),
  possible,
  best,
  registry,
  anycast,
  network: network === null ? null : { asn: network.asn, name: network.name, home: network.company?.home ?? null },
})
