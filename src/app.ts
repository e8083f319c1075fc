/** The composition root: the one file that constructs things and hands them to each other. */

import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import type { Logger } from 'pino'
import { systemClock } from './clock.ts'
import { judgeResolvers } from './config/judge-resolvers.ts'
import { shippedLibrary } from './config/library.ts'
import { type LocationWorld, locationOf } from './config/location.ts'
import { loadPolicyFor, loadShadows } from './config/policies.ts'
import type { InboundSettings, Settings } from './config/settings.ts'
import { createDirect } from './egress/direct.ts'
import { createDialer } from './egress/happy-eyeballs.ts'
import { createResolver } from './egress/resolver.ts'
import { keepAccepted } from './geoip/accepted-table.ts'
import type { GeoTable } from './geoip/index.ts'
import { LiveTable } from './geoip/live-table.ts'
import { noReach } from './geoip/reach.ts'
import type { Door } from './inbound/door.ts'
import { inbounds } from './inbound/index.ts'
import { type Listener, listen } from './inbound/listener.ts'
import { BoundDoors } from './inbound/own-doors.ts'
import { type Endpoint, formatEndpoint, type Ip } from './model/address.ts'
import { containsAny } from './model/cidr.ts'
import { OperatorError } from './model/errors.ts'
import type { FlowId } from './model/flow.ts'
import type { Mode } from './model/verdict.ts'
import { LiveFlows } from './pipeline/live-flows.ts'
import { carry } from './pipeline/pipeline.ts'
import type { FlowWriter, Reach, Road } from './pipeline/ports.ts'
import { type SelfTestResult, selfTest, selfTestSentence } from './pipeline/self-test.ts'
import { endedExceptions } from './policy/analyse.ts'
import type { Policy } from './policy/policy.ts'
import { openJournal } from './records/journal.ts'
import { followInLog } from './records/log.ts'
import { Tally } from './records/tally.ts'
import { version } from './version.ts'

export interface App {
  readonly policy: Policy
  /** The location table in force; `null` where none is good. */
  readonly table: GeoTable | null
  /** Why what the sources hold now is not used, or `null`. */
  readonly tableRefused: string | null
  /** What the last run of the canaries came to. */
  readonly selfTest: SelfTestResult
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
  const apps = shippedLibrary().apps
  const location = locationOf(settings, policy)
  const tables = await openTables(location, settings, log)
  const ownDoors = new BoundDoors()
  const refusals = { deniedPorts: settings.deniedPorts, localNames: settings.resolver.localNames, ownDoors }
  judgeResolvers(settings, policy, tables.current, refusals, apps, clock.now())

  for (const { message } of endedExceptions(policy, clock.now())) log.warn(`policy ${policy.name}: ${message}`)

  const journal = await openJournal({
    folder: settings.records.folder,
    node: settings.node,
    clock,
    // Without a stack: on a full disk this comes with every flow.
    onTrouble: (error) => log.error({ code: error.code }, error.message),
  })
  const live = new LiveFlows()
  const tally = new Tally(twice(journal))
  const flows = new Set<Promise<void>>()
  const road: Road = {
    policies: { current: policy },
    live,
    shadows,
    refusals,
    apps,
    resolver: createResolver(settings.resolver.servers, { monotonic: clock.monotonic }),
    tables,
    dialer: createDialer(createDirect({ monotonic: clock.monotonic })),
    reach: await reachOf(settings, log),
    writer: followInLog(settings.records.whenDiskFull === 'continue' ? goingOn(tally) : tally, log),
    clock,
    dialMs: settings.limits.dialMs,
    report: (bug) => log.error({ err: bug }, `unexpected failure: ${bug.message}`),
  }
  const house: House = { road, flows, attributions: () => attributionsOf(tables.table), log }
  const doors: OpenDoor[] = []
  const closeDoors = (graceMs: number) => Promise.all(doors.map((door) => door.stop(graceMs)))
  try {
    await road.writer.append({ type: 'started', version })
    if (tables.table !== null) await takeTable(tables.table, location, road.writer)
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
  // Before the first flow asks.
  setImmediate(() => void location.companies.ofAsn(0))
  const canaries = await startCanaries(() => selfTest({ policy, locator: tables.current, table: tables.table, refusals, apps, clock }), log)
  const stopWatching = watchTables(tables, location, road.writer, log, canaries.run)
  return {
    policy,
    get table() {
      return tables.table
    },
    get tableRefused() {
      return tables.refused
    },
    get selfTest() {
      return canaries.latest()
    },
    doors: doors.map(({ name, listener }) => ({ name, bound: listener.bound })),
    summary: () => tally.summary,
    async stop(graceMs) {
      stopWatching()
      canaries.stop()
      await closeDoors(graceMs)
      await Promise.all(flows)
      await journal.close()
    },
  }
}

/** What round-trip times rule out, for whoever says where this machine is. */
async function reachOf({ geoip: { vantage } }: Settings, log: Logger): Promise<Reach> {
  if (vantage === null) return noReach
  const [{ nearestBorders }, { Reach }] = await Promise.all([import('./geoip/borders.ts'), import('./geoip/reach.ts')])
  return new Reach(await nearestBorders(vantage), (why) => log.error(`round-trip times: ${why}`))
}

/** How often files of location data are looked at. By the clock, not by the system's notices, which network file systems and containers do not give. */
const LOOK_MS = 1_000

const NO_TABLE = 'no location data is good: whatever needs a country is blocked'

/** Throws OperatorError where no table is good and the settings say that there must be one. */
async function openTables(location: LocationWorld, { geoip }: Settings, log: Logger): Promise<LiveTable> {
  const tables = await LiveTable.open(location)
  const { table, refused } = tables
  // Known remarks on usable data; `geoip status` lists them.
  for (const warning of table?.warnings ?? []) log.debug(`location data: ${warning}`)
  if (refused === null) return tables
  if (table === null && geoip.whenNoTable === 'exit') throw new OperatorError(refused)
  log.error(`location data not taken: ${refused}; ${table === null ? NO_TABLE : `going on with the last good: ${editionsOf(table)}`}`)
  return tables
}

/** Files that are replaced while the proxy runs are taken, or refused with the reason. */
function watchTables(
  tables: LiveTable,
  location: LocationWorld,
  writer: FlowWriter,
  log: Logger,
  swapped: () => Promise<void>,
): () => void {
  const told = {
    swap: async (table: GeoTable) => {
      await takeTable(table, location, writer)
      log.info(`location data replaced: ${editionsOf(table)}`)
    },
    refused: (why: string, inForce: GeoTable | null) =>
      log.error(`location data not taken: ${why}; ${inForce === null ? NO_TABLE : 'what is in force stays'}`),
  }
  let looking = false
  const look = async () => {
    // A build takes longer than the time between two looks.
    if (looking) return
    looking = true
    const before = tables.current
    await tables.look(told)
    if (tables.current !== before) await swapped()
    looking = false
  }
  const timer = setInterval(() => void look(), LOOK_MS).unref()
  return () => clearInterval(timer)
}

const CANARIES_MS = 600_000

/** Runs them now, after each swap of data, and every ten minutes; shouts when one is let through. */
async function startCanaries(test: () => Promise<SelfTestResult>, log: Logger) {
  let latest = await test()
  const tell = () => (latest.failed.length > 0 ? log.error(selfTestSentence(latest)) : log.debug(selfTestSentence(latest)))
  // On a timer nobody waits for it: what goes wrong there must not end the process.
  const run = async () => {
    try {
      latest = await test()
      tell()
    } catch (error) {
      log.error({ err: error }, 'the self-test could not run')
    }
  }
  tell()
  const timer = setInterval(() => void run(), CANARIES_MS).unref()
  return { latest: () => latest, run, stop: () => clearInterval(timer) }
}

/** A table is in the journal before a record names it, and on the ledger so that the next one is measured by it. */
async function takeTable(table: GeoTable, location: LocationWorld, writer: FlowWriter): Promise<void> {
  const sources = table.sources.map(({ coverage: _, ...info }) => info)
  // In this order: while one of the two can't be written the swap is tried every second, and the journal would fill with it.
  await keepAccepted(table, location)
  await writer.append({ type: 'table', hash: table.hash, sources })
}

const editionsOf = ({ sources }: GeoTable): string =>
  sources.map(({ name, date }) => (date === null ? name : `${name} of ${date}`)).join(', ')

const attributionsOf = (table: GeoTable | null): readonly string[] => [
  ...new Set(table?.sources.flatMap(({ attribution }) => attribution ?? [])),
]

interface OpenDoor {
  readonly name: string
  readonly listener: Listener
  stop(graceMs: number): Promise<void>
}

interface House {
  readonly road: Road
  /** Those under way: stopping waits for their endings. */
  readonly flows: Set<Promise<void>>
  /** Of the data in force. */
  readonly attributions: () => readonly string[]
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
    get attributions() {
      return attributions()
    },
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

/** `when_disk_full: continue`: the operator prefers traffic without records to none; every loss has been logged by the journal. */
const goingOn = (writer: FlowWriter): FlowWriter => ({ append: (event) => writer.append(event).catch(() => undefined) })

/** A disk that was full a moment ago may have space again. */
const twice = (writer: FlowWriter): FlowWriter => ({ append: (event) => writer.append(event).catch(() => writer.append(event)) })
