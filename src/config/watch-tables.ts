/** The running proxy's location data, looked after: replaced files are taken or refused, and the fences tried on them. */
import type { Logger } from 'pino'
import { keepAccepted } from '../geoip/accepted-table.ts'
import type { GeoTable } from '../geoip/index.ts'
import { LiveTable } from '../geoip/live-table.ts'
import { OperatorError } from '../model/errors.ts'
import type { FlowWriter } from '../pipeline/ports.ts'
import { isSound, type SelfTestResult, selfTestSentence } from '../pipeline/self-test.ts'
import type { SuiteResult } from '../policy/suite-result.ts'
import { whyFailed } from './live-policy.ts'
import type { LocationWorld } from './location.ts'
import type { Settings } from './settings.ts'

/** How often files of location data are looked at. By the clock, not by the system's notices, which network file systems and containers do not give. */
const LOOK_MS = 1_000

const NO_TABLE = 'no location data is good: whatever needs a country is blocked'

/** Throws OperatorError where no table is good and the settings say that there must be one. */
export async function openTables(location: LocationWorld, { geoip }: Settings, log: Logger): Promise<LiveTable> {
  const tables = await LiveTable.open(location)
  const { table, refused } = tables
  // Known remarks on usable data; `geoip status` lists them.
  for (const warning of table?.warnings ?? []) log.debug(`location data: ${warning}`)
  if (refused === null) return tables
  if (table === null && geoip.whenNoTable === 'exit') throw new OperatorError(refused)
  log.error(`location data not taken: ${refused}; ${table === null ? NO_TABLE : `going on with the last good: ${editionsOf(table)}`}`)
  return tables
}

export interface TableWatchWorld {
  readonly location: LocationWorld
  readonly writer: FlowWriter
  readonly log: Logger
  /** The canaries, and the policy's own tests, on this data. */
  readonly testOn: (table: GeoTable) => Promise<SelfTestResult>
  readonly suiteOn: (table: GeoTable) => SuiteResult
  /** Other data is in force. */
  readonly swapped: () => Promise<void>
}

/** Files that are replaced while the proxy runs are taken, or refused with the reason. */
export function watchTables(tables: LiveTable, world: TableWatchWorld): () => void {
  const { location, writer, log, swapped } = world
  const told = {
    swap: async (table: GeoTable) => {
      const why = await whyWorse(table, tables.table, world)
      if (why !== null) throw new OperatorError(why)
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
    try {
      const before = tables.current
      await tables.look(told)
      if (tables.current !== before) await swapped()
    } finally {
      looking = false
    }
  }
  const timer = setInterval(() => void look(), LOOK_MS).unref()
  return () => clearInterval(timer)
}

/**
 * DESIGN.md §4: data on which the policy fails its tests is refused. What fails on the data in force as well is no
 * reason to keep that; where there is none in force, everything that needs a country is blocked, which no data makes worse.
 */
async function whyWorse(table: GeoTable, inForce: GeoTable | null, { testOn, suiteOn }: TableWatchWorld): Promise<string | null> {
  if (inForce === null) return null
  const before = new Set(suiteOn(inForce).results.flatMap(({ name, passed }) => (passed ? [] : [name])))
  const suite = suiteOn(table)
  const worse = whyFailed({ ...suite, results: suite.results.filter(({ name }) => !before.has(name)) })
  if (worse !== null) return `on this data ${worse}`
  const { failed } = await testOn(table)
  if (failed.length === 0) return null
  const known = (await testOn(inForce)).failed.map(({ fence, country }) => `${fence} ${country}`)
  const fresh = failed.filter(({ fence, country }) => !known.includes(`${fence} ${country}`))
  return fresh.length === 0
    ? null
    : `on this data ${selfTestSentence({ ran: fresh.length, known: 0, failed: fresh, tests: { ran: 0, failed: [] }, notCovered: [], located: true })}`
}

const CANARIES_MS = 600_000

/** Runs them now, after each swap of data, and every ten minutes; shouts when one is let through. */
export async function startCanaries(test: () => Promise<SelfTestResult>, log: Logger) {
  let latest = await test()
  const tell = () => (!isSound(latest) ? log.error(selfTestSentence(latest)) : log.debug(selfTestSentence(latest)))
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
export async function takeTable(table: GeoTable, location: LocationWorld, writer: FlowWriter): Promise<void> {
  const sources = table.sources.map(({ coverage: _, ...info }) => info)
  // In this order: while one of the two can't be written the swap is tried every second, and the journal would fill with it.
  await keepAccepted(table, location)
  await writer.append({ type: 'table', hash: table.hash, sources })
}

const editionsOf = ({ sources }: GeoTable): string =>
  sources.map(({ name, date }) => (date === null ? name : `${name} of ${date}`)).join(', ')
