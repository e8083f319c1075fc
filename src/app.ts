/** The composition root: the one file that constructs things and hands them to each other. */

import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import { systemClock } from './clock.ts'
import { judgeResolvers } from './config/judge-resolvers.ts'
import { judgeUpstreams } from './config/judge-upstreams.ts'
import { libraryFor } from './config/library.ts'
import { admissionFor } from './config/limits.ts'
import { LivePolicy } from './config/live-policy.ts'
import { openTls } from './config/live-tls.ts'
import { locationOf } from './config/location.ts'
import { openUpstreams } from './config/open-upstreams.ts'
import { overlaysFile, readOverlays } from './config/overlays.ts'
import { loadPolicyFor, loadShadows } from './config/policies.ts'
import type { Settings } from './config/settings.ts'
import { tellOfPolicy, watchPolicy } from './config/watch-policy.ts'
import { openTables, startCanaries, takeTable, watchTables } from './config/watch-tables.ts'
import { openUsers, watchUsers } from './config/watch-users.ts'
import { createDirect } from './egress/direct.ts'
import { createResolver } from './egress/resolver.ts'
import { createEgress } from './egress/upstream/dialer.ts'
import type { GeoTable } from './geoip/index.ts'
import { noReach } from './geoip/reach.ts'
import { BoundDoors } from './inbound/own-doors.ts'
import type { Endpoint, Ip } from './model/address.ts'
import type { Mode } from './model/verdict.ts'
import { type House, type OpenDoor, openDoor } from './open-door.ts'
import { LiveFlows } from './pipeline/live-flows.ts'
import type { FlowWriter, Reach, Road } from './pipeline/ports.ts'
import { RecentAnswers } from './pipeline/recent-answers.ts'
import { type SelfTestResult, selfTest } from './pipeline/self-test.ts'
import { tcpBinding } from './pipeline/tcp-handle.ts'
import type { Policy } from './policy/policy.ts'
import { runTests } from './policy/suite.ts'
import { openJournal } from './records/journal.ts'
import { followInLog } from './records/log.ts'
import { Tally } from './records/tally.ts'
import { version } from './version.ts'
import { openPage, type Page } from './web/page.ts'

export interface App {
  readonly policy: Policy
  /** Why what its file holds now is not in force, or `null`. */
  readonly policyRefused: string | null
  /** Reads the policy anew, and resolves when it is in force or refused. Never rejects. */
  reload(): Promise<void>
  /** The location table in force; `null` where none is good. */
  readonly table: GeoTable | null
  /** Why what the sources hold now is not used, or `null`. */
  readonly tableRefused: string | null
  /** What the last run of the canaries came to. */
  readonly selfTest: SelfTestResult
  readonly doors: readonly { readonly name: string; readonly bound: Endpoint<Ip> }[]
  readonly page: Page['state']
  /** What the flows so far came to, in one line. */
  readonly summary: () => string
  /** Stops accepting, cuts what is still open after the grace, closes every record. A second call with less grace hurries the first. */
  stop(graceMs: number): Promise<void>
}

/** Opens everything and listens. Throws OperatorError or ConfigErrors before a single door is open. */
export async function startApp(settings: Settings, mode: Mode | undefined, log: Logger): Promise<App> {
  const clock = systemClock
  const first = loadPolicyFor(settings, mode)
  const shadows = loadShadows()
  const { apps, rangesProblem } = libraryFor(settings)
  if (rangesProblem !== null) log.error(rangesProblem)
  // Another policy may come into force: what its fences forbid is asked of the one that is.
  const inForce: { fences: () => Policy['fences'] } = { fences: () => first.fences }
  const location = locationOf(settings, {
    get fences() {
      return inForce.fences()
    },
  })
  const users = openUsers(settings, log)
  const tls = openTls(settings, clock.now, log)
  const admission = admissionFor(settings, clock.monotonic, log)
  const hops = await openUpstreams(settings.upstream, process.env)
  const tables = await openTables(location, settings, log)
  const ownDoors = new BoundDoors()
  const refusals = { deniedPorts: settings.deniedPorts, localNames: settings.resolver.localNames, ownDoors }
  const suiteOn = (table: GeoTable | null, policy: Policy) =>
    runTests(policy, { apps, locate: table === null ? null : (ip) => table.locate(ip) })
  const policies = await LivePolicy.open({
    load: () => {
      const policy = loadPolicyFor(settings, mode)
      judgeResolvers(settings, policy, tables.current, refusals, apps, clock.now())
      judgeUpstreams(settings, policy, tables.current, refusals, apps, clock.now())
      return policy
    },
    test: (policy) => suiteOn(tables.table, policy),
    overlays: () => readOverlays(overlaysFile(settings)),
    now: clock.now,
  })
  inForce.fences = () => policies.current.fences
  tellOfPolicy(policies.current, clock, log)
  if (tcpBinding === null) log.warn('this Node does not give its TCP handles away: its sockets carry the connections, for more CPU')

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
  const via = `ringfence-${randomBytes(4).toString('hex')}`
  const road: Road = {
    policies,
    live,
    shadows,
    refusals,
    apps,
    answers: new RecentAnswers(),
    resolver: createResolver(settings.resolver.servers, { monotonic: clock.monotonic }),
    hops: hops.map(({ server }) => server),
    tables,
    dialer: createEgress(hops, createDirect({ monotonic: clock.monotonic }), via),
    reach: await reachOf(settings, log),
    writer: followInLog(settings.records.whenDiskFull === 'continue' ? goingOn(tally) : tally, log),
    clock,
    dialMs: settings.limits.dialMs,
    report: (bug) => log.error({ err: bug }, `unexpected failure: ${bug.message}`),
  }
  const house: House = {
    road,
    ownDoors,
    flows,
    users,
    admission,
    tls: tls.doors,
    via,
    attributions: () => attributionsOf(tables.table),
    log,
  }
  const doors: OpenDoor[] = []
  const boundDoors = () => doors.map(({ name, listener }) => ({ name, bound: listener.bound }))
  let page: Page
  let swapped = async () => {}
  const watch = watchPolicy(policies, { live, writer: road.writer, clock, log, swapped: () => swapped() })
  const closeDoors = (graceMs: number) => Promise.all(doors.map((door) => door.stop(graceMs)))
  try {
    await road.writer.append({ type: 'started', version })
    if (tables.table !== null) await takeTable(tables.table, location, road.writer)
    const { name, hash, mode: itsMode } = policies.current
    await road.writer.append({ type: 'policy', name, hash, mode: itsMode })
    // Before a door is open: an overlay may turn on a fence.
    await watch.look()
    for (const inbound of settings.inbounds) {
      const door = await openDoor(inbound, settings, house)
      doors.push(door)
      ownDoors.add(door.listener.bound)
    }
    page = await openPage(settings, boundDoors(), log)
    if (page.state.kind === 'open') ownDoors.add(page.state.at)
  } catch (error) {
    watch.stop()
    await closeDoors(0)
    await journal.close()
    throw error
  }
  // Before the first flow asks.
  setImmediate(() => void [location.companies.ofAsn(0), apps.categories])
  const testOn = (table: GeoTable | null) =>
    selfTest({ policy: policies.current, locator: table ?? tables.current, table, refusals, apps, clock })
  const canaries = await startCanaries(() => testOn(tables.table), log)
  swapped = canaries.run
  const stopWatchingUsers = watchUsers(users, log)
  const stopWatching = watchTables(tables, {
    location,
    writer: road.writer,
    log,
    testOn,
    suiteOn: (table) => suiteOn(table, policies.current),
    swapped: canaries.run,
  })
  return {
    get policy() {
      return policies.current
    },
    get policyRefused() {
      return policies.refused
    },
    reload() {
      tls.look()
      return watch.look(true)
    },
    get table() {
      return tables.table
    },
    get tableRefused() {
      return tables.refused
    },
    get selfTest() {
      return canaries.latest()
    },
    doors: boundDoors(),
    page: page.state,
    summary: () => tally.summary,
    async stop(graceMs) {
      stopWatching()
      stopWatchingUsers()
      tls.stop()
      watch.stop()
      canaries.stop()
      await Promise.all([closeDoors(graceMs), page.stop()])
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

const attributionsOf = (table: GeoTable | null): readonly string[] => [
  ...new Set(table?.sources.flatMap(({ attribution }) => attribution ?? [])),
]

/** `when_disk_full: continue`: the operator prefers traffic without records to none; every loss has been logged by the journal. */
const goingOn = (writer: FlowWriter): FlowWriter => ({ append: (event) => writer.append(event).catch(() => undefined) })

/** A disk that was full a moment ago may have space again. */
const twice = (writer: FlowWriter): FlowWriter => ({ append: (event) => writer.append(event).catch(() => writer.append(event)) })
