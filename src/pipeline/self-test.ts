/**
 * Canaries (DESIGN.md §4): for each country that a fence forbids, a connection to a known address there, through the
 * real judge and a dialler that never dials. A fence that lets one through is broken, or the data is.
 */

import { setImmediate as others } from 'node:timers/promises'
import { anchors } from '../geoip/anchors.ts'
import { noReach } from '../geoip/reach.ts'
import type { Table } from '../geoip/table.ts'
import { type Ip, ipFromBytes, parseIp } from '../model/address.ts'
import type { AppCatalogue } from '../model/app.ts'
import { type CountryCode, countryLabel } from '../model/country.ts'
import { RingfenceError } from '../model/errors.ts'
import type { Decided, EventBody } from '../model/event.ts'
import type { Flow, FlowId } from '../model/flow.ts'
import { isHost, parseHost } from '../model/hostname.ts'
import { anonymous } from '../model/identity.ts'
import { scopeOf } from '../model/scope.ts'
import type { Fence, Policy } from '../policy/policy.ts'
import { runTests } from '../policy/suite.ts'
import { type CanaryRequest, requestsFor } from './canary-request.ts'
import { noLiveFlows } from './live-flows.ts'
import { carry } from './pipeline.ts'
import type { Clock, Dialer, Locator, Offer } from './ports.ts'
import { RecentAnswers } from './recent-answers.ts'
import type { RefusalSettings } from './refusals.ts'

/** What a self-test needs of the world. */
export interface SelfTestWorld {
  readonly policy: Policy
  readonly locator: Locator
  /** For countries without a known address; `null` where there is no data. */
  readonly table: Pick<Table, 'v4' | 'answer'> | null
  readonly refusals: RefusalSettings
  readonly apps: AppCatalogue
  readonly clock: Clock
}

/** A connection that must not be. */
interface Canary {
  readonly fence: Fence
  readonly country: CountryCode
  /** The first is tried; the next where an exception lifts the fence for it. */
  readonly addresses: readonly Ip[]
  /** `anchor`: known from elsewhere, so that it tests the data too; `table`: found in the data itself. */
  readonly by: 'anchor' | 'table'
}

export interface SelfTestResult {
  /** How many canaries ran, and how many of them by an address that is known from elsewhere. */
  readonly ran: number
  readonly known: number
  readonly failed: readonly { readonly fence: string; readonly country: CountryCode; readonly address: Ip; readonly why: string }[]
  /** The policy's own tests that expect a block. */
  readonly tests: { readonly ran: number; readonly failed: readonly { readonly name: string; readonly why: string }[] }
  readonly notCovered: readonly { readonly fence: string; readonly why: string }[]
  /** False where there was no location data: what needs a country is then blocked, whatever it is. */
  readonly located: boolean
}

/** Runs every canary. Never dials, resolves or writes anything. */
export async function selfTest(world: SelfTestWorld): Promise<SelfTestResult> {
  const { canaries, notCovered } = await canariesFor(world.policy, world.table)
  const outcomes = await Promise.all(canaries.map(async (canary) => ({ canary, ...(await run(canary, world)) })))
  const expected = testsOf(world)
  const covered = new Set(expected.flatMap(({ passed, decidedBy }) => (passed ? decidedBy : [])))
  return {
    ran: outcomes.filter(({ kind }) => kind !== 'not-covered').length,
    known: outcomes.filter(({ kind, canary }) => kind !== 'not-covered' && canary.by === 'anchor').length,
    failed: outcomes.flatMap(({ kind, why, address, canary: { fence, country } }) =>
      kind === 'failed' && address !== null ? [{ fence: fence.name, country, address, why }] : [],
    ),
    tests: { ran: expected.length, failed: expected.filter(({ passed }) => !passed) },
    // A fence that one of the policy's own tests meets needs no canary.
    notCovered: unique([
      ...notCovered,
      ...outcomes.flatMap(({ kind, why, canary: { fence } }) => (kind === 'not-covered' ? [{ fence: fence.name, why }] : [])),
    ]).filter(({ fence }) => !covered.has(fence)),
    located: world.table !== null,
  }
}

/** Whether everything that must be stopped was. */
export const isSound = ({ failed, tests }: SelfTestResult): boolean => failed.length === 0 && tests.failed.length === 0

/** Those of the policy's own tests that expect a block, by the judge and this data; without a time, today's. */
function testsOf({ policy, apps, locator, clock }: SelfTestWorld) {
  const now = clock.now()
  const tests = policy.tests.flatMap((test) => (test.expect === 'block' ? [{ ...test, at: test.at ?? now }] : []))
  const { results } = runTests({ ...policy, tests }, { apps, locate: (ip) => locator.locate(ip) })
  return results.map(({ name, passed, why, got }) => ({ name, passed, why: why ?? '', decidedBy: got.decidedBy }))
}

/** What it came to, in one sentence. */
export function selfTestSentence({ ran, known, failed, tests, notCovered, located }: SelfTestResult): string {
  const rest = notCovered.length === 0 ? '' : `; not covered: ${notCovered.map(({ fence, why }) => `"${fence}" (${why})`).join(', ')}`
  const [first, ...more] = failed
  if (first !== undefined) {
    const also = more.length === 0 ? '' : `, and ${more.length} more`
    return `self-test FAILED: fence "${first.fence}" did not stop ${first.address} in ${countryLabel(first.country)}${also}: ${first.why}${rest}`
  }
  const [test, ...others] = tests.failed
  if (test !== undefined) {
    const also = others.length === 0 ? '' : `, and ${others.length} more`
    return `self-test FAILED: a test of the policy, ${test.name}, is no longer stopped${also}: ${test.why}${rest}`
  }
  const own =
    tests.ran === 0
      ? ''
      : `; ${tests.ran === 1 ? 'the test' : `all ${tests.ran} tests`} of the policy that must be blocked ${tests.ran === 1 ? 'is' : 'are'}`
  if (ran === 0 && tests.ran > 0) return `self-test:${own.slice(1)}${rest}`
  if (ran === 0) return notCovered.length === 0 ? 'self-test: no fence forbids a country' : `self-test: no canary could be run${rest}`
  const data = located ? `${known} of ${ran} by addresses known from elsewhere` : 'there is no location data, so that everything is'
  return `self-test: ${ran === 1 ? 'the one canary was' : `all ${ran} canaries were`} stopped (${data})${own}${rest}`
}

async function canariesFor(
  { fences }: Policy,
  table: SelfTestWorld['table'],
): Promise<{ readonly canaries: readonly Canary[]; readonly notCovered: SelfTestResult['notCovered'] }> {
  const wanted = fences.flatMap((fence) => forbiddenBy(fence).map((country) => ({ fence, country })))
  const found = await addressesIn(new Set(wanted.map(({ country }) => country).filter((country) => anchorsIn(country).length === 0)), table)
  const canaries = wanted.flatMap(({ fence, country }): readonly Canary[] => {
    const known = anchorsIn(country)
    if (known.length > 0) return [{ fence, country, addresses: known, by: 'anchor' }]
    const address = found.get(country)
    return address === undefined ? [] : [{ fence, country, addresses: [address], by: 'table' }]
  })
  const notCovered = fences.flatMap((fence) => {
    const without = wanted.filter((each) => each.fence === fence && anchorsIn(each.country).length === 0 && !found.has(each.country))
    const countries = without.map(({ country }) => country).join(', ')
    if (fence.territory.kind !== 'anywhere' && !fence.axes.includes('server'))
      return [{ fence: fence.name, why: 'it asks not for the server' }]
    return without.length === 0 ? [] : [{ fence: fence.name, why: `no address is known to be in ${countries}` }]
  })
  return { canaries, notCovered }
}

/** Of an `only`, one country outside is enough: the others are outside in the same way. */
function forbiddenBy({ territory, axes }: Fence): readonly CountryCode[] {
  // Where a server is says nothing of registries and of homes.
  if (territory.kind === 'anywhere' || !axes.includes('server')) return []
  if (territory.kind === 'never') return [...territory.countries]
  const outside = anchors.find(({ country }) => !territory.countries.has(country))
  return outside === undefined ? [] : [outside.country]
}

const anchorsIn = (country: CountryCode): readonly Ip[] =>
  anchors.filter((each) => each.country === country).flatMap(({ address }) => parseIp(address) ?? [])

/** What was found in each table, `null` for nowhere: it stays so, and a walk over a million ranges is dear. */
const walked = new WeakMap<object, Map<CountryCode, Ip | null>>()

/** For each of these countries an address that the data places there alone. */
async function addressesIn(countries: ReadonlySet<CountryCode>, table: SelfTestWorld['table']): Promise<ReadonlyMap<CountryCode, Ip>> {
  if (table === null) return new Map()
  const known = walked.get(table) ?? new Map<CountryCode, Ip | null>()
  walked.set(table, known)
  const missing = new Set([...countries].filter((country) => !known.has(country)))
  const found = await walk(missing, table)
  for (const country of missing) known.set(country, found.get(country) ?? null)
  return new Map([...known].flatMap(([country, address]) => (address === null ? [] : [[country, address] as const])))
}

/** Ranges of one country lie together and everywhere: a walk in this many rounds meets most countries in the first. */
const ROUNDS = 64

/** The middle of the first range met of each country. One walk for all; between two rounds traffic has its turn. */
async function walk(
  countries: ReadonlySet<CountryCode>,
  table: NonNullable<SelfTestWorld['table']>,
): Promise<ReadonlyMap<CountryCode, Ip>> {
  const found = new Map<CountryCode, Ip>()
  const { starts, values } = table.v4
  for (let round = 0; round < ROUNDS; round++) {
    if (round > 0) await others()
    for (let i = round; i < values.length; i += ROUNDS) {
      if (found.size === countries.size) return found
      const { possible, anycast } = table.answer(values[i] ?? 0)
      const [country] = possible
      if (country === undefined || possible.length > 1 || anycast || !countries.has(country) || found.has(country)) continue
      const start = starts[i] ?? 0
      const middle = start + Math.floor(((starts[i + 1] ?? 2 ** 32) - start) / 2)
      const address = ipFromBytes(Uint8Array.of(middle >>> 24, middle >>> 16, middle >>> 8, middle))
      if (scopeOf(address) === 'global') found.set(country, address)
    }
  }
  return found
}

interface Outcome {
  readonly kind: 'stopped' | 'failed' | 'not-covered'
  readonly why: string
  /** The one that was tried last, or `null`. */
  readonly address: Ip | null
}

/** Tries one request after the other until one meets the fence. */
async function run({ fence, addresses }: Canary, world: SelfTestWorld): Promise<Outcome> {
  let outcome: Outcome = { kind: 'not-covered', why: 'no address is known', address: null }
  for (const address of addresses) {
    const requests = requestsFor(fence.traffic, address, world.refusals)
    if (typeof requests === 'string') return { kind: 'not-covered', why: requests, address }
    for (const request of requests) {
      outcome = { ...(await send(request, address, fence, world)), address }
      if (outcome.kind !== 'not-covered') return outcome
    }
  }
  return outcome
}

async function send(
  request: CanaryRequest,
  address: Ip,
  fence: Fence,
  { policy, locator, refusals, apps, clock }: SelfTestWorld,
): Promise<Omit<Outcome, 'address'>> {
  const host = parseHost(request.host)
  if (!isHost(host)) return { kind: 'not-covered', why: `"${request.host}" is no name that can be asked for` }
  const flow: Flow = {
    ...request,
    id: 'self-test' as FlowId,
    openedAt: clock.now(),
    client: { host: request.client, port: 0 },
    who: anonymous,
    asked: { host, port: request.port },
  }
  const events: EventBody[] = []
  const dialler = stubDialler()
  let bug: Error | null = null
  await carry(offerOf(flow), {
    policies: { current: policy },
    live: noLiveFlows,
    shadows: [],
    refusals,
    apps,
    answers: new RecentAnswers(),
    resolver: { resolve: async () => [address] },
    tables: { current: locator },
    dialer: dialler,
    // Whether the destinations are judged is the question; a hop in the wrong place would answer it for them.
    hops: [],
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
  const [candidate] = decided.candidates
  // Only another fence, one over all places, says no before an address is judged.
  if (candidate === undefined) return { kind: 'not-covered', why: 'another fence blocks its traffic wherever it goes' }
  const own = candidate.fences.find((each) => each.fence === fence.name)
  if (own === undefined || own.outcome === 'open') return { kind: 'not-covered', why: 'no simple request meets its traffic' }
  const { outcome, effect } = own
  if (outcome === 'excepted') return { kind: 'not-covered', why: 'an exception lifts it for the address that would be tried' }
  // That another fence stopped it says nothing of this one.
  const isStopped = isHeld(fence, decided, dialler.calls) && effect === fence.action
  return isStopped ? { kind: 'stopped', why: '' } : { kind: 'failed', why: decided.personal.sentence }
}

/** While observing nothing is stopped: there it counts what enforcing would have done. */
function isHeld({ action }: Fence, { mode, verdict, would }: Decided, dialled: number): boolean {
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
