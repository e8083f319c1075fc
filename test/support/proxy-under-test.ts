/** A real door on 127.0.0.1, port 0, over the real road, in a world of tables. When the test is over it is stopped and its records are checked. */

import { randomBytes } from 'node:crypto'
import { expect, onTestFinished } from 'vitest'
import { noReach } from '../../src/geoip/reach.ts'
import type { Lost } from '../../src/inbound/association.ts'
import { Associations } from '../../src/inbound/associations.ts'
import { type ClientNetwork, groupsByNetwork } from '../../src/inbound/client-groups.ts'
import type { Door, Login } from '../../src/inbound/door.ts'
import { type InboundType, inbounds } from '../../src/inbound/index.ts'
import { type Listener, type ListenOptions, listen } from '../../src/inbound/listener.ts'
import { NoRoom } from '../../src/inbound/no-room.ts'
import { BoundDoors } from '../../src/inbound/own-doors.ts'
import { noApps } from '../../src/model/app.ts'
import type { FlowId } from '../../src/model/flow.ts'
import { LiveFlows } from '../../src/pipeline/live-flows.ts'
import { carry } from '../../src/pipeline/pipeline.ts'
import type { Clock, DatagramUpstream, Dialer, Offer, Resolver, Road } from '../../src/pipeline/ports.ts'
import { RecentAnswers } from '../../src/pipeline/recent-answers.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { realClock } from './fake-clock.ts'
import {
  type CollectingWriter,
  collectingWriter,
  type FakeResolver,
  ip,
  name,
  type RecordingDialer,
  type Route,
  routedDatagramDialer,
  routedDialer,
  tableLocator,
  tableResolver,
} from './fake-ports.ts'
import { Peer } from './socket-pair.ts'

/** Where the tests' addresses are. */
export const places: Readonly<Record<string, string>> = {
  '52.81.151.250': 'CN',
  '170.114.1.1': 'US',
  '103.255.1.1': 'IN',
  '2001:db8:1::1': 'US',
}

export const uncertain = 'uncertain: { disputed: block, unknown: block, anycast: allow }'

/** A policy of one line or more of fences. */
export const policyText = (mode: 'observe' | 'enforce', ...fences: readonly string[]): string =>
  ['version: 1', `mode: ${mode}`, uncertain, ...(fences.length === 0 ? [] : ['fences:', ...fences.map((fence) => `  - ${fence}`)])].join(
    '\n',
  )

export const notToChina = '{ name: nothing-to-china, never: [CN] }'

export interface World {
  readonly policy?: string
  readonly shadows?: readonly string[]
  readonly names?: Readonly<Record<string, readonly string[] | 'never'>>
  /** Asked instead of `names`. */
  readonly resolver?: Resolver
  readonly places?: Readonly<Record<string, string>>
  readonly routes?: Readonly<Record<string, Route>>
  readonly dialMs?: number
  /** Upstream proxies that the road goes through, and the dialler that does. */
  readonly hops?: Road['hops']
  readonly dialer?: Dialer
  readonly clock?: Clock
}

export interface FakeRoad {
  readonly road: Road
  readonly live: LiveFlows
  /** Puts another policy in force, as a reload does, or the same at another time; resolves with how many flows were cut. */
  readonly take: (text: string, at?: number) => Promise<number>
  readonly writer: CollectingWriter
  readonly resolver: FakeResolver
  readonly dialer: RecordingDialer
  readonly doors: BoundDoors
  /** Failures that are our own fault. */
  readonly bugs: readonly Error[]
}

export function roadOf(world: World = {}): FakeRoad {
  const bugs: Error[] = []
  const writer = collectingWriter()
  const resolver = tableResolver(world.names)
  const dialer = routedDialer(world.routes ?? {})
  const doors = new BoundDoors()
  const live = new LiveFlows()
  const policies = { current: compilePolicy(world.policy ?? policyText('observe'), 'policy.yaml', 'policy.yaml') }
  const road: Road = {
    policies,
    live,
    shadows: (world.shadows ?? []).map((text, i) => compilePolicy(text, `shadow-${i}.yaml`, `shadow-${i}`)),
    refusals: { deniedPorts: [25], localNames: [name('test')], ownDoors: doors },
    apps: noApps,
    answers: new RecentAnswers(),
    resolver: world.resolver ?? resolver,
    hops: world.hops ?? [],
    tables: { current: tableLocator(world.places ?? places) },
    dialer: world.dialer ?? (dialer satisfies Dialer),
    reach: noReach,
    writer,
    clock: world.clock ?? realClock,
    dialMs: world.dialMs ?? 5_000,
    report: (bug) => bugs.push(bug),
  }
  const take = async (text: string, at = road.clock.now()) => {
    policies.current = compilePolicy(text, 'policy.yaml', 'policy.yaml')
    return await live.rejudge(policies.current, at)
  }
  return { road, live, take, writer, resolver, dialer, doors, bugs }
}

/** Room for everybody. */
export const openToAll: ListenOptions['admission'] = {
  enter: () => ({ seat: () => true, leave: () => undefined }),
  outOfDescriptors: () => undefined,
}

/** What Via calls the door. */
export const VIA = 'ringfence-0123abcd'

export interface DoorOptions {
  readonly type?: InboundType
  /** Where it listens, if not on 127.0.0.1. */
  readonly host?: string
  readonly headBytes?: number
  readonly headMs?: number
  readonly idleMs?: number
  readonly halfClosedMs?: number
  readonly permits?: (client: string) => boolean
  readonly admission?: ListenOptions['admission']
  /** Whether there is memory for one more request. */
  readonly hasRoom?: Door['hasRoom']
  /** UDP associations of one client. */
  readonly associations?: number
  readonly udpIdleMs?: number
  readonly datagramDialer?: Dialer<DatagramUpstream>
  readonly isBalancer?: ListenOptions['isBalancer']
  readonly tls?: ListenOptions['tls']
  readonly login?: Login
  readonly clients?: readonly ClientNetwork[]
}

export interface Proxy extends FakeRoad {
  readonly port: number
  readonly listener: Listener
  /** What clients sent that was no request. */
  readonly malformed: readonly string[]
  /** Logins that failed, by the user's name where there is such a user. */
  readonly loginsFailed: readonly (string | null)[]
  /** Connections that ended in an error of their own, and clients that were turned away. */
  readonly failed: readonly unknown[]
  readonly refused: readonly string[]
  readonly offers: readonly Offer[]
  readonly datagramOffers: readonly Offer<DatagramUpstream>[]
  /** Of each association that is over and lost some. */
  readonly datagramsLost: readonly Lost[]
  /** Flows that are still on the road. */
  readonly open: number
  connect(options?: { readonly paused?: boolean }): Promise<Peer>
  /** Resolves when as many flows have ended. */
  flowsOver(count: number): Promise<void>
  stop(graceMs: number): Promise<void>
}

export async function openProxy(world: World & DoorOptions = {}): Promise<Proxy> {
  const fake = roadOf(world)
  const malformed: string[] = []
  const loginsFailed: (string | null)[] = []
  const failed: unknown[] = []
  const refused: string[] = []
  const offers: Offer[] = []
  const datagramOffers: Offer<DatagramUpstream>[] = []
  const datagramsLost: Lost[] = []
  const open = new Set<Promise<void>>()
  let over = 0
  const run = randomBytes(2).toString('hex')
  const stopping = new AbortController()
  const door: Door = {
    name: 'mixed',
    limits: {
      headBytes: world.headBytes ?? 32_768,
      headMs: world.headMs ?? 10_000,
      relay: { idleMs: world.idleMs ?? 60_000, halfClosedMs: world.halfClosedMs ?? 30_000 },
    },
    clock: fake.road.clock,
    via: VIA,
    stopping: stopping.signal,
    attributions: [],
    login: world.login ?? null,
    groupsOf: groupsByNetwork(world.clients ?? []),
    hasRoom: world.hasRoom ?? (() => true),
    nextId: () => `${run}-${offers.length + datagramOffers.length + 1}` as FlowId,
    carry(offer) {
      offers.push(offer)
      const flow = carry(offer, fake.road).finally(() => {
        open.delete(flow)
        over++
      })
      open.add(flow)
      return flow
    },
    carryDatagrams(offer) {
      datagramOffers.push(offer)
      const flow = carry(offer, { ...fake.road, dialer: world.datagramDialer ?? routedDatagramDialer(world.routes ?? {}) }).finally(() => {
        open.delete(flow)
        over++
      })
      open.add(flow)
      return flow
    },
    associations: new Associations({
      settings: { perClient: world.associations ?? 32, idleMs: world.udpIdleMs ?? 60_000 },
      dropped: (flow, datagrams) => void fake.road.writer.append({ type: 'dropped', flow, datagrams }),
      admission: world.admission ?? openToAll,
      ownDoors: fake.doors,
    }),
    datagramsLost: (_client, lost) => datagramsLost.push(lost),
    malformed: (_client, why) => malformed.push(why),
    loginFailed: (_client, user) => loginsFailed.push(user),
  }
  const listener = await listen({
    listen: { host: ip(world.host ?? '127.0.0.1'), port: 0 },
    headMs: door.limits.headMs,
    admission: world.admission ?? openToAll,
    noRoom: new NoRoom(fake.road.clock.now),
    isBalancer: world.isBalancer ?? (() => false),
    tls: world.tls ?? null,
    permits: world.permits ?? (() => true),
    serve: (visitor) => inbounds[world.type ?? 'mixed'](visitor, door),
    onRefused: ({ host }) => refused.push(host),
    onFailed: (_client, error) => failed.push(error),
    onTrouble: (error) => failed.push(error),
  })
  fake.doors.add(listener.bound)
  let stopped: Promise<void> | null = null
  const stop = async (graceMs: number) => {
    stopping.abort()
    stopped ??= listener.stop(graceMs).then(async () => void (await Promise.all(open)))
    await stopped
  }
  onTestFinished(async () => {
    await stop(0)
    expect(fake.bugs).toEqual([])
    expectOneEndingEach(fake.writer)
  })
  return {
    ...fake,
    port: listener.bound.port,
    listener,
    malformed,
    loginsFailed,
    failed,
    refused,
    offers,
    datagramOffers,
    datagramsLost,
    get open() {
      return open.size
    },
    connect: (options) => Peer.connect(listener.bound.port, options),
    async flowsOver(count) {
      await eventually(`${count} flows over`, () => over >= count)
    },
    stop,
  }
}

/** Every flow has one `decided`, and one that was let through has one ending behind it. */
export function expectOneEndingEach({ decided, ended }: CollectingWriter): void {
  const let_through = decided.filter(({ verdict }) => verdict !== 'block').map(({ id }) => id)
  expect(decided.map(({ id }) => id)).toEqual([...new Set(decided.map(({ id }) => id))])
  expect(ended.map(({ id }) => id).sort()).toEqual(let_through.sort())
}

/** Waits, looking every few milliseconds: for what has no event of its own. */
export async function eventually(what: string, holds: () => boolean, milliseconds = 8_000): Promise<void> {
  const deadline = Date.now() + milliseconds
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`waited for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
