/** The road's `Resolver` over the configured servers. It knows no protocol: the kinds do. */
import type { Family, Ip } from '../model/address.ts'
import type { NonEmpty } from '../model/brand.ts'
import { type ErrorCode, RingfenceError } from '../model/errors.ts'
import type { Hostname } from '../model/hostname.ts'
import type { Stop } from '../model/stop.ts'
import type { Resolver } from '../pipeline/ports.ts'
import { createFirstFamily, orderAddresses } from './resolver/address-order.ts'
import type { NameServer, NameServers } from './resolver/answer.ts'
import { UNREACHABLE } from './resolver/failure-words.ts'
import { Flights } from './resolver/flights.ts'
import { hostsFilePath } from './resolver/hosts-file.ts'
import { type ResolverSettings, resolverKinds } from './resolver/index.ts'
import { KeptAnswers } from './resolver/kept-answers.ts'
import { LookUpPlaces, type PlaceSettings, placeDefaults } from './resolver/look-up-places.ts'
import { askInOrder, type Failure, type LookUpTimes, lookUpTimes } from './resolver/servers-in-order.ts'
import { specialAnswer } from './resolver/special-names.ts'
import { RESOLUTION_DELAY_MS } from './resolver/stub.ts'
import { systemServers } from './resolver/system-servers.ts'
import { RETRY_MS } from './resolver/udp.ts'
import type { ResolverServer } from './resolver-server.ts'

export type LookUpSettings = ResolverSettings & LookUpTimes & PlaceSettings

/** The resolver over these servers. `overrides` are for tests and for the clock that `app.ts` hands out. */
export function createResolver(servers: readonly ResolverServer[], overrides: Partial<LookUpSettings> = {}): Resolver {
  const monotonic = overrides.monotonic ?? (() => performance.now())
  const settings: LookUpSettings = {
    ...lookUpTimes,
    ...placeDefaults,
    retryMs: RETRY_MS,
    resolutionDelayMs: RESOLUTION_DELAY_MS,
    hostsPath: hostsFilePath(process.platform, process.env),
    systemServers,
    ca: null,
    monotonic,
    kept: new KeptAnswers(monotonic),
    ...overrides,
  }
  return createServersInOrder(openLists(servers, settings), createFirstFamily(monotonic), settings)
}

/** Servers that follow each other stand for each other; `system` is a list of its own, since its hosts file comes first in it. */
function openLists(servers: readonly ResolverServer[], settings: ResolverSettings): readonly NameServers[] {
  const lists: NameServers[] = []
  let group: NameServer[] = []
  for (const server of servers) {
    if (server.kind === 'system') {
      lists.push(resolverKinds.system(server, settings))
      group = []
      continue
    }
    if (group.length === 0) lists.push(fixedList(group))
    group.push(open(server, settings))
  }
  return lists
}

const fixedList = (servers: readonly NameServer[]): NameServers => ({
  label: 'the rule for special names',
  known: async (name) => specialAnswer(name),
  servers: () => servers,
})

function open(server: Exclude<ResolverServer, { kind: 'system' }>, settings: ResolverSettings): NameServer {
  switch (server.kind) {
    case 'udp':
      return resolverKinds.udp(server, settings)
    case 'tcp':
      return resolverKinds.tcp(server, settings)
    case 'tls':
      return resolverKinds.tls(server, settings)
    case 'https':
      return resolverKinds.https(server, settings)
    default:
      return server satisfies never
  }
}

/** The order of the servers, one look-up for all who ask for a name at once, and a bound on how many there are. */
export function createServersInOrder(
  lists: readonly NameServers[],
  firstFamily: () => Family,
  settings: LookUpTimes & PlaceSettings,
): Resolver {
  const places = new LookUpPlaces(settings)
  const flights = new Flights<NonEmpty<Ip>>(async (name, stop) => addresses(name, await inPlace(name, stop)))

  async function inPlace(name: Hostname, stop: Stop) {
    let giveBack = () => {}
    const admit = async () => {
      giveBack = await places.take(name, stop)
    }
    try {
      return await askInOrder(lists, name, stop, settings, admit)
    } finally {
      giveBack()
    }
  }

  // The order of the families is of the moment, not of the answer.
  return { resolve: async (name, signal) => orderAddresses(await flights.join(name, signal), firstFamily()) }
}

function addresses(name: Hostname, outcome: Awaited<ReturnType<typeof askInOrder>>): NonEmpty<Ip> {
  if ('failures' in outcome) throw noAnswer(name, outcome.failures)
  const { label, answer } = outcome
  if (answer.kind === 'addresses') return answer.ips
  throw new RingfenceError('resolve.not-found', `${name} does not exist or has no address, says ${label}`, { cause: answer.cause })
}

function noAnswer(name: Hostname, failures: readonly Failure[]): RingfenceError {
  const code = failureCode(failures)
  const causes = failures.map(({ answer }) => answer.cause)
  const message = `${failures.length === 0 ? 'no name server is configured to ask' : 'no usable answer'} for ${name}${tried(failures)}`
  return new RingfenceError(code, message, {
    cause: causes.length === 1 ? causes[0] : new AggregateError(causes, message),
  })
}

/** Where we could not ask them all for want of descriptors, nobody knows what the others would have said. */
function failureCode(failures: readonly Failure[]): ErrorCode {
  if (failures.some(({ answer }) => answer.kind === 'exhausted')) return 'limit.descriptors'
  return failures.length > 0 && failures.every(({ answer }) => answer.kind === 'timeout') ? 'resolve.timeout' : 'resolve.failed'
}

/** ` from udp://192.0.2.53:53 (timed out)`, or `: udp://192.0.2.53:53 could not be reached` where that is all there is to say. */
function tried(failures: readonly Failure[]): string {
  const [first, ...more] = failures
  if (first === undefined) return ''
  if (more.length === 0 && first.answer.why === UNREACHABLE) return `: ${first.label} ${UNREACHABLE}`
  return ` from ${failures.map(({ label, answer: { why } }) => `${label} (${why})`).join(', ')}`
}
