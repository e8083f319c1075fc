/** The composition root: the one file that constructs things and hands them to each other. */
import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import type { Logger } from 'pino'
import { systemClock } from './clock.ts'
import { isPath } from './config/load.ts'
import { loadPolicyFor, loadShadows } from './config/policies.ts'
import type { InboundSettings, Settings } from './config/settings.ts'
import { createDirect } from './egress/direct.ts'
import { createDialer } from './egress/happy-eyeballs.ts'
import { createResolver } from './egress/resolver.ts'
import { type GeoTable, openTable } from './geoip/index.ts'
import type { Door } from './inbound/door.ts'
import { inbounds } from './inbound/index.ts'
import { type Listener, listen } from './inbound/listener.ts'
import { BoundDoors } from './inbound/own-doors.ts'
import { type Endpoint, formatEndpoint, type Ip } from './model/address.ts'
import { containsAny } from './model/cidr.ts'
import { OperatorError } from './model/errors.ts'
import type { FlowId } from './model/flow.ts'
import { isLocal } from './model/scope.ts'
import type { Mode } from './model/verdict.ts'
import { decide } from './pipeline/decide.ts'
import { identify, whenNamesEnd } from './pipeline/identify.ts'
import { locate } from './pipeline/locate.ts'
import { carry } from './pipeline/pipeline.ts'
import type { Clock, FlowWriter, Road } from './pipeline/ports.ts'
import { endedExceptions, type Policy } from './policy/policy.ts'
import { openJournal } from './records/journal.ts'
import { followInLog } from './records/log.ts'
import { Tally } from './records/tally.ts'
import { version } from './version.ts'

export interface App {
  readonly policy: Policy
  readonly table: GeoTable
  readonly doors: readonly { readonly name: string; readonly bound: Endpoint<Ip> }[]
  /** What the flows so far came to, in one line. */
  readonly summary: () => string
  /** Stops accepting, cuts what is still open after the grace, closes every record. A second call with less grace hurries the first. */
  stop(graceMs: number): Promise<void>
}

/** Opens everything and listens. Throws OperatorError or ConfigErrors before a single door is open. */
export async function startApp(settings: Settings, mode: Mode | undefined, log: Logger): Promise<App> {
  const clock = systemClock
  const policy = loadPolicyFor(settings, mode)
  const shadows = loadShadows()
  const table = await openTable(settings.geoip.sources)
  const ownDoors = new BoundDoors()
  const refusals = { deniedPorts: settings.deniedPorts, localNames: settings.resolver.localNames, ownDoors }
  judgeResolvers(settings, policy, table, refusals, clock)

  for (const sentence of endedExceptions(policy, clock.now())) log.warn(`policy ${policy.name}: ${sentence}`)

  const journal = await openJournal({
    folder: settings.records.folder,
    node: settings.node,
    clock,
    // Without a stack: on a full disk this comes with every flow.
    onTrouble: (error) => log.error({ code: error.code }, error.message),
  })
  const tally = new Tally(twice(journal))
  const flows = new Set<Promise<void>>()
  const road: Road = {
    policies: { current: policy },
    shadows,
    refusals,
    resolver: createResolver(settings.resolver.servers, { monotonic: clock.monotonic }),
    locator: table,
    dialer: createDialer(createDirect({ monotonic: clock.monotonic })),
    writer: followInLog(settings.records.whenDiskFull === 'continue' ? goingOn(tally) : tally, log),
    clock,
    dialMs: settings.limits.dialMs,
    report: (bug) => log.error({ err: bug }, `unexpected failure: ${bug.message}`),
  }
  const attributions = table.sources.flatMap(({ attribution }) => attribution ?? [])
  const house: House = { road, flows, attributions, log }
  const doors: OpenDoor[] = []
  const closeDoors = (graceMs: number) => Promise.all(doors.map((door) => door.stop(graceMs)))
  try {
    await road.writer.append({ type: 'started', version })
    await road.writer.append({ type: 'table', hash: table.hash, sources: table.sources })
    await road.writer.append({ type: 'policy', name: policy.name, hash: policy.hash, mode: policy.mode })
    for (const inbound of settings.inbounds) {
      const door = await openDoor(inbound, settings, house)
      doors.push(door)
      ownDoors.add(door.listener.bound)
    }
  } catch (error) {
    await closeDoors(0)
    await journal.close()
    throw error
  }
  return {
    policy,
    table,
    doors: doors.map(({ name, listener }) => ({ name, bound: listener.bound })),
    summary: () => tally.summary,
    async stop(graceMs) {
      await closeDoors(graceMs)
      await Promise.all(flows)
      await journal.close()
    },
  }
}

interface OpenDoor {
  readonly name: string
  readonly listener: Listener
  stop(graceMs: number): Promise<void>
}

interface House {
  readonly road: Road
  /** Those under way: stopping waits for their endings. */
  readonly flows: Set<Promise<void>>
  readonly attributions: readonly string[]
  readonly log: Logger
}

async function openDoor(inbound: InboundSettings, settings: Settings, { road, flows, attributions, log }: House): Promise<OpenDoor> {
  const { headBytes, headMs, idleMs, halfClosedMs } = settings.limits
  // Flow ids: one random part per run, then a count; short enough to be typed.
  const run = randomBytes(4).toString('hex')
  let count = 0
  const stopping = new AbortController()
  // Every resting connection listens to it.
  setMaxListeners(0, stopping.signal)
  const door: Door = {
    name: inbound.name,
    limits: { headBytes, headMs, relay: { idleMs, halfClosedMs } },
    clock: road.clock,
    stopping: stopping.signal,
    attributions,
    nextId: () => `${run}-${(++count).toString(36)}` as FlowId,
    carry(offer) {
      const flow = carry(offer, road)
      flows.add(flow)
      return flow.finally(() => flows.delete(flow))
    },
    malformed: (client, why) => log.debug({ inbound: inbound.name, client: formatEndpoint(client), why }, 'malformed request'),
  }
  const permits = inbound.clients.length === 0 ? () => true : containsAny(inbound.clients)
  const listener = await listen({
    listen: inbound.listen,
    permits,
    serve: (visitor) => inbounds[inbound.type](visitor, door),
    onRefused: (client) =>
      log.warn({ inbound: inbound.name, client: formatEndpoint(client) }, 'client refused: it is in none of the networks under "clients"'),
    onFailed: (client, error) => log.debug({ inbound: inbound.name, client: formatEndpoint(client), err: error }, 'connection ended'),
    onTrouble: (error) => log.error({ inbound: inbound.name, err: error }, `cannot accept a connection: ${error.message}`),
  })
  return {
    name: inbound.name,
    listener,
    stop(graceMs) {
      stopping.abort()
      return listener.stop(graceMs)
    },
  }
}

/** Ringfence's own look-ups walk the same road: a resolver that the policy forbids is an error of the settings. */
function judgeResolvers(settings: Settings, policy: Policy, table: GeoTable, refusals: Road['refusals'], clock: Clock): void {
  for (const server of settings.resolver.servers) {
    if (server.kind === 'system' || isLocal(server.host)) continue
    const flow = {
      id: 'resolver' as FlowId,
      openedAt: clock.now(),
      inbound: 'resolver',
      network: 'udp' as const,
      client: { host: server.host, port: server.port },
      asked: { host: { kind: 'ip' as const, ip: server.host }, port: server.port },
    }
    const known = whenNamesEnd(identify(flow, clock.now()))
    const { kind, verdict } = decide(policy, known, [locate(server.host, table)], flow, refusals)
    if (kind === 'dial') continue
    const why = verdict.reasons.map((reason) => ('fence' in reason ? `fence "${reason.fence}"` : reason.kind)).join(', ')
    const where = settings.file === null || !isPath(settings.file) ? 'settings' : settings.file
    throw new OperatorError(`${where}: resolver.servers: ${formatEndpoint(server)} is forbidden by ${why} of policy ${policy.name}`)
  }
}

/** `when_disk_full: continue`: the operator prefers traffic without records to none; every loss has been logged by the journal. */
const goingOn = (writer: FlowWriter): FlowWriter => ({ append: (event) => writer.append(event).catch(() => undefined) })

/** A disk that was full a moment ago may have space again. */
const twice = (writer: FlowWriter): FlowWriter => ({ append: (event) => writer.append(event).catch(() => writer.append(event)) })
