/**
 * Canaries (DESIGN.md §4): for each country that a fence forbids, a connection to a known address there, through the
 * real judge and a dialler that never dials. A fence that lets one through is broken, or the data is.
 */
import { anchors } from '../geoip/anchors.ts'
import { noReach } from '../geoip/reach.ts'
import type { Table } from '../geoip/table.ts'
import { type Ip, ipFromBytes, parseIp } from '../model/address.ts'
import { type CountryCode, countryLabel } from '../model/country.ts'
import { RingfenceError } from '../model/errors.ts'
import type { Decided, EventBody } from '../model/event.ts'
import type { Flow, FlowId } from '../model/flow.ts'
import { isHost, parseHost } from '../model/hostname.ts'
import { scopeOf } from '../model/scope.ts'
import type { Fence, Policy } from '../policy/policy.ts'
import { requestFor } from './canary-request.ts'
import { carry } from './pipeline.ts'
import type { Clock, Dialer, Locator, Offer } from './ports.ts'
import type { RefusalSettings } from './refusals.ts'

/** What a self-test needs of the world. */
export interface SelfTestWorld {
  readonly policy: Policy
  readonly locator: Locator
  /** For countries without a known address; `null` where there is no data. */
  readonly table: Pick<Table, 'v4' | 'answer'> | null
  readonly refusals: RefusalSettings
  readonly clock: Clock
}

/** A connection that must not be. */
interface Canary {
  readonly fence: Fence
  readonly country: CountryCode
  readonly address: Ip
  /** `anchor`: known from elsewhere, so that it tests the data too; `table`: found in the data itself. */
  readonly by: 'anchor' | 'table'
}

export interface SelfTestResult {
  /** How many canaries ran, and how many of them by an address that is known from elsewhere. */
  readonly ran: number
  readonly known: number
  readonly failed: readonly { readonly fence: string; readonly country: CountryCode; readonly address: Ip; readonly why: string }[]
  readonly notCovered: readonly { readonly fence: string; readonly why: string }[]
  /** False where there was no location data: what needs a country is then blocked, whatever it is. */
  readonly located: boolean
}

/** Runs every canary. Never dials, resolves or writes anything. */
export async function selfTest(world: SelfTestWorld): Promise<SelfTestResult> {
  const { canaries, notCovered } = canariesFor(world.policy, world.table)
  const outcomes = await Promise.all(canaries.map(async (canary) => ({ canary, ...(await run(canary, world)) })))
  return {
    ran: outcomes.filter(({ kind }) => kind !== 'not-covered').length,
    known: outcomes.filter(({ kind, canary }) => kind !== 'not-covered' && canary.by === 'anchor').length,
    failed: outcomes.flatMap(({ kind, why, canary: { fence, country, address } }) =>
      kind === 'failed' ? [{ fence: fence.name, country, address, why }] : [],
    ),
    notCovered: unique([
      ...notCovered,
      ...outcomes.flatMap(({ kind, why, canary: { fence } }) => (kind === 'not-covered' ? [{ fence: fence.name, why }] : [])),
    ]),
    located: world.table !== null,
  }
}

/** What it came to, in one sentence. */
export function selfTestSentence({ ran, known, failed, notCovered, located }: SelfTestResult): string {
  const rest = notCovered.length === 0 ? '' : `; not covered: ${notCovered.map(({ fence, why }) => `"${fence}" (${why})`).join(', ')}`
  const [first, ...more] = failed
  if (first !== undefined) {
    const also = more.length === 0 ? '' : `, and ${more.length} more`
    return `self-test FAILED: fence "${first.fence}" did not stop ${first.address} in ${countryLabel(first.country)}${also}: ${first.why}${rest}`
  }
  if (ran === 0) return `self-test: no fence forbids a country${rest}`
  const data = located ? `${known} of ${ran} by addresses known from elsewhere` : 'there is no location data, so that everything is'
  return `self-test: ${ran === 1 ? 'the one canary was' : `all ${ran} canaries were`} stopped (${data})${rest}`
}

function canariesFor(
  { fences }: Policy,
  table: SelfTestWorld['table'],
): { readonly canaries: readonly Canary[]; readonly notCovered: SelfTestResult['notCovered'] } {
  const canaries: Canary[] = []
  const notCovered: { readonly fence: string; readonly why: string }[] = []
  for (const fence of fences) {
    for (const country of forbiddenBy(fence)) {
      const canary = canaryIn(fence, country, table)
      if (canary !== null) canaries.push(canary)
      else notCovered.push({ fence: fence.name, why: `no address is known to be in ${country}` })
    }
  }
  return { canaries, notCovered }
}

/** Of an `only`, one country outside is enough: the others are outside in the same way. */
function forbiddenBy({ territory }: Fence): readonly CountryCode[] {
  if (territory.kind === 'anywhere') return []
  if (territory.kind === 'never') return [...territory.countries]
  const outside = anchors.find(({ country }) => !territory.countries.has(country))
  return outside === undefined ? [] : [outside.country]
}

function canaryIn(fence: Fence, country: CountryCode, table: SelfTestWorld['table']): Canary | null {
  const anchor = parseIp(anchors.find((each) => each.country === country)?.address ?? '')
  if (anchor !== null) return { fence, country, address: anchor, by: 'anchor' }
  const address = table === null ? null : firstIn(country, table)
  return address === null ? null : { fence, country, address, by: 'table' }
}

/** The middle of the first range that the data places in this country alone. */
function firstIn(country: CountryCode, table: NonNullable<SelfTestWorld['table']>): Ip | null {
  const { v4 } = table
  for (const [i, value] of v4.values.entries()) {
    const { possible, anycast } = table.answer(value)
    if (possible.length !== 1 || possible[0] !== country || anycast) continue
    const start = v4.starts[i] ?? 0
    const middle = start + Math.floor(((v4.starts[i + 1] ?? 2 ** 32) - start) / 2)
    const address = ipFromBytes(Uint8Array.of(middle >>> 24, middle >>> 16, middle >>> 8, middle))
    if (scopeOf(address) === 'global') return address
  }
  return null
}

type Outcome = { readonly kind: 'stopped' | 'failed' | 'not-covered'; readonly why: string }

async function run({ fence, address }: Canary, { policy, locator, refusals, clock }: SelfTestWorld): Promise<Outcome> {
  const request = requestFor(fence.traffic, address, refusals)
  if (typeof request === 'string') return { kind: 'not-covered', why: request }
  const host = parseHost(request.host)
  if (!isHost(host)) return { kind: 'not-covered', why: `"${request.host}" is no name that can be asked for` }
  const flow: Flow = {
    ...request,
    id: 'self-test' as FlowId,
    openedAt: clock.now(),
    client: { host: request.client, port: 0 },
    asked: { host, port: request.port },
  }
  const events: EventBody[] = []
  const dialler = stubDialler()
  let bug: Error | null = null
  await carry(offerOf(flow), {
    policies: { current: policy },
    shadows: [],
    refusals,
    resolver: { resolve: async () => [address] },
    tables: { current: locator },
    dialer: dialler,
    reach: noReach,
    writer: { append: async (event) => void events.push(event) },
    clock,
    dialMs: 1_000,
    report: (error) => {
      bug = error
    },
  })
  const decided = events.find((event): event is Decided & EventBody => event.type === 'decided')
  if (bug !== null || decided === undefined) return { kind: 'failed', why: `nothing was decided (${String(bug)})` }
  const outcome = decided.candidates[0]?.fences.find((each) => each.fence === fence.name)?.outcome
  if (outcome === 'excepted') return { kind: 'not-covered', why: 'an exception lifts it for the address that would be tried' }
  if (outcome === 'not-applied' || outcome === 'open') return { kind: 'not-covered', why: 'no simple request meets its traffic' }
  return isStopped(fence, decided, dialler.calls) ? { kind: 'stopped', why: '' } : { kind: 'failed', why: decided.personal.sentence }
}

/** While observing nothing is stopped: there it counts what enforcing would have done. */
function isStopped({ action }: Fence, { mode, verdict, would }: Decided, dialled: number): boolean {
  if (action === 'log') return would !== 'allow'
  return mode === 'observe' ? would === 'block' : verdict === 'block' && dialled === 0
}

function stubDialler(): Dialer & { readonly calls: number } {
  let calls = 0
  return {
    get calls() {
      return calls
    },
    async dial() {
      calls++
      throw new RingfenceError('dial.refused', 'a self-test never dials')
    },
  }
}

const offerOf = (flow: Flow): Offer => ({
  flow,
  gone: new AbortController().signal,
  firstBytes: null,
  grant: () => undefined,
  refuse: () => undefined,
  relay: () => Promise.reject(new Error('a self-test has nothing to relay')),
})

function unique<T extends { readonly fence: string; readonly why: string }>(list: readonly T[]): readonly T[] {
  return [...new Map(list.map((each) => [`${each.fence} ${each.why}`, each])).values()]
}
