/** The road's `Resolver` over the configured servers, tried in their order. It knows no protocol: the kinds do. */
import type { Family } from '../model/address.ts'
import { RingfenceError } from '../model/errors.ts'
import type { Hostname } from '../model/hostname.ts'
import type { Resolver } from '../pipeline/ports.ts'
import { createFirstFamily, orderAddresses } from './address-order.ts'
import type { Answer, NameServer } from './answer.ts'
import { lookUpDefaults } from './cares.ts'
import { hostsFilePath } from './hosts-file.ts'
import { type ResolverSettings, resolverKinds } from './index.ts'
import type { ResolverServer } from './resolver-server.ts'

/** The resolver over these servers. `overrides` are for tests and for the clock that `app.ts` hands out. */
export function createResolver(servers: readonly ResolverServer[], overrides: Partial<ResolverSettings> = {}): Resolver {
  const settings: ResolverSettings = {
    ...lookUpDefaults,
    hostsPath: hostsFilePath(process.platform, process.env),
    monotonic: () => performance.now(),
    ...overrides,
  }
  const opened = servers.map((server) => open(server, settings))
  return createServersInOrder(opened, createFirstFamily(settings.monotonic))
}

function open(server: ResolverServer, settings: ResolverSettings): NameServer {
  switch (server.kind) {
    case 'system':
      return resolverKinds.system(server, settings)
    case 'udp':
      return resolverKinds.udp(server, settings)
    default:
      return server satisfies never
  }
}

interface Failure {
  readonly label: string
  readonly answer: Extract<Answer, { why: string }>
}

/**
 * Asks one server after the other until one gives addresses or says that the name has none; only a server that gives
 * no usable answer hands on to the next. Otherwise a name that an internal server denies would leak to a public one.
 */
export function createServersInOrder(servers: readonly NameServer[], firstFamily: () => Family): Resolver {
  return {
    resolve: async (name, signal) => {
      const failures: Failure[] = []
      for (const server of servers) {
        const answer = await server.ask(name, signal)
        if (answer.kind === 'addresses') return orderAddresses(answer.ips, firstFamily())
        if (answer.kind === 'not-found') {
          throw new RingfenceError('resolve.not-found', `${name} does not exist or has no address, says ${server.label}`, {
            cause: answer.cause,
          })
        }
        failures.push({ label: server.label, answer })
      }
      throw noAnswer(name, failures)
    },
  }
}

function noAnswer(name: Hostname, failures: readonly Failure[]): RingfenceError {
  const timedOut = failures.length > 0 && failures.every(({ answer }) => answer.kind === 'timeout')
  const causes = failures.map(({ answer }) => answer.cause)
  const message = `${failures.length === 0 ? 'no name server is configured to ask' : 'no usable answer'} for ${name}${tried(failures)}`
  return new RingfenceError(timedOut ? 'resolve.timeout' : 'resolve.failed', message, {
    cause: causes.length === 1 ? causes[0] : new AggregateError(causes, message),
  })
}

/** ` from udp://192.0.2.53:53 (timed out)`, or `: udp://192.0.2.53:53 could not be reached` where that is all there is to say. */
function tried(failures: readonly Failure[]): string {
  const unreachable = 'could not be reached'
  const told = failures.map(({ label, answer: { why } }) => ({ label, why: why === 'CONNREFUSED' ? unreachable : why }))
  const [first, ...more] = told
  if (first === undefined) return ''
  if (more.length === 0 && first.why === unreachable) return `: ${first.label} ${unreachable}`
  return ` from ${told.map(({ label, why }) => `${label} (${why})`).join(', ')}`
}
