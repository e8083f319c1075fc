/** `ringfence flows`: what was recorded, newest last, as a table for people or one JSON record a line for programs. */
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { loadSettings } from '../../config/load.ts'
import { OperatorError } from '../../model/errors.ts'
import type { Millis } from '../../model/flow.ts'
import { printable } from '../../model/hostname.ts'
import { type FlowFilter, matchesFilter, placeWords, verdictWords } from '../../records/filter.ts'
import { readFilter } from '../../records/filter-query.ts'
import type { FlowRecord } from '../../records/record.ts'
import { type Damage, newestRecords, readRecords } from '../../records/store.ts'
import { typedName } from '../banner.ts'
import { flowColumns } from '../flow-table.ts'
import { columnWidths, headLine, jsonLine, type Output, outputTo, table, tableLine } from '../output.ts'

const NEWEST = 50
const NEWEST_BEFORE_FOLLOWING = 10

/** What the command needs of the world. */
export interface FlowsWorld {
  readonly out: Output
  /** A line for the person, beside the output. */
  readonly note: (line: string) => void
  readonly now: () => Millis
  /** How this program is called in a shell: `typedName`. */
  readonly command: string
  /** Ends `--follow`. */
  readonly signal: AbortSignal
}

interface Options {
  readonly since?: string
  readonly until?: string
  readonly country?: string
  readonly verdict?: string
  readonly host?: string
  readonly app?: string
  readonly user?: string
  readonly limit?: string
  readonly follow?: true
  readonly json?: true
  readonly config?: string
  readonly records?: string
}

/** The command, to be hung into the program. Its action throws OperatorError for bad input. */
export function flowsCommand(world: () => FlowsWorld = processWorld): Command {
  return new Command('flows')
    .description('show recorded flows, newest last')
    .option(
      '--since <time>',
      'decided at this time or later: 2026-11-25, 2026-11-25T10:00, 2026-11-25T10:00:00Z, or 15m, 2h, 7d for so long ago',
    )
    .option('--until <time>', 'decided before')
    .option(
      '--country <codes>',
      `where the destination may be, as CN,RU; for flows that reached nothing, where any of its addresses may be; or ${placeWords.join(', ')}: how sure the place shown is`,
    )
    .option('--verdict <words>', `any of ${verdictWords.join(', ')}`)
    .option('--host <name>', 'a name, *.zoom.us for those below it, .zoom.us for both, or an address')
    .option('--app <ids>', 'apps of the catalogue, as zoom,webex ("ringfence apps" lists them)')
    .option('--user <names>', 'users who logged in; anonymous for the others')
    .option('--limit <n>', `only the newest n (default: ${NEWEST} in a table, all with --json)`)
    .option('-f, --follow', 'go on as flows are decided, with --json also as they end; waits for a folder that is not there yet')
    .option('--json', 'one record a line, in the order in which the flows ended; with --limit in the order in which they began')
    .option('--config <file>', 'the settings whose records.folder is read')
    .option('--records <folder>', 'the folder to read, whatever the settings say')
    .action((options: Options) => showFlows(options, world()))
}

async function showFlows(options: Options, world: FlowsWorld): Promise<void> {
  const filter = readFilter(options, world.now())
  const limit = options.limit === undefined ? undefined : readLimit(options.limit)
  if (options.follow && options.until !== undefined) throw new OperatorError('--until and --follow exclude each other')
  if (options.follow && options.json && limit !== undefined)
    throw new OperatorError('--limit and --follow exclude each other with --json; use --since')
  const folder = options.records ?? loadSettings({ config: options.config }).records.folder
  const damage: Damage[] = []
  const show = options.json ? showJson : showTable
  const startedAt = world.now()
  const follow = options.follow === true
  if (follow && !(await folderIsThere(folder, world))) return
  await show({ folder, filter, limit, follow, startedAt, onDamage: (one) => damage.push(one) }, world)
  const [first] = damage
  if (first !== undefined)
    world.note(
      `${damage.length} damaged ${damage.length === 1 ? 'line' : 'lines'} in the records, the first at ${first.file}:${first.line}: ${first.why}`,
    )
}

const FOLDER_CHECK_MS = 250

/** Waits for it; `false` where whoever waits gave up first. */
async function folderIsThere(folder: string, { out, note, signal, command }: FlowsWorld): Promise<boolean> {
  if (existsSync(folder)) return true
  note(`there is no records folder ${folder} yet; waiting for "${command}" to make it`)
  const until = AbortSignal.any([out.closed, signal])
  while (!until.aborted && !existsSync(folder)) await sleep(FOLDER_CHECK_MS, undefined, { signal: until }).catch(() => {})
  return !until.aborted
}

interface Request {
  readonly folder: string
  readonly filter: FlowFilter
  readonly limit: number | undefined
  readonly follow: boolean
  readonly startedAt: Millis
  readonly onDamage: (damage: Damage) => void
}

async function showTable(
  { folder, filter, limit, follow, onDamage }: Request,
  { out, note, now, signal, command }: FlowsWorld,
): Promise<void> {
  const matches = (record: FlowRecord) => matchesFilter(filter, record)
  const wanted = limit ?? (follow ? NEWEST_BEFORE_FOLLOWING : NEWEST)
  const { records, lastSeq } = await newestRecords(folder, wanted, matches, { since: filter.since, onDamage })
  if (!follow) {
    if (records.length === 0) return note(nothing(folder, lastSeq, command))
    await out.write(
      table(
        flowColumns,
        records.map((record) => flowColumns.map(({ cell }) => cell(record, now()))),
        out,
      ),
    )
    if (limit === undefined && records.length === NEWEST) note(`the newest ${NEWEST}; --limit shows more`)
    return
  }
  // Of a flow that has just been decided there is no volume and no duration yet.
  const shown = flowColumns.filter(({ whenEnded }) => whenEnded !== true)
  const row = (record: FlowRecord) => shown.map(({ cell }) => cell(record, now()))
  const widths = columnWidths(shown, [shown.map(({ usual }) => usual), ...records.map(row)], out.width)
  const write = (record: FlowRecord) => out.write(tableLine(shown, widths, row(record), out.colour))
  await out.write(headLine(shown, widths, out.colour))
  for (const record of records) await write(record)
  const following = { afterSeq: lastSeq, follow, signal: AbortSignal.any([out.closed, signal]), onDamage }
  for await (const record of readRecords(folder, following)) {
    const isNew = record.ending === 'open' || (record.ending === 'blocked' && record.dropped === null)
    if (matches(record) && isNew) await write(record)
  }
}

async function showJson(
  { folder, filter, limit, follow, startedAt, onDamage }: Request,
  { out, note, signal, command }: FlowsWorld,
): Promise<void> {
  const matches = (record: FlowRecord) => matchesFilter(filter, record)
  if (limit !== undefined) {
    const { records, lastSeq } = await newestRecords(folder, limit, matches, { since: filter.since, onDamage })
    if (records.length === 0) return note(nothing(folder, lastSeq, command))
    return out.write(records.map(jsonLine).join(''))
  }
  let flows = 0
  let lines = ''
  const until = AbortSignal.any([out.closed, signal])
  const since = filter.since ?? (follow ? startedAt : undefined)
  for await (const record of readRecords(folder, { since, follow, signal: until, onDamage })) {
    if (!matches(record)) continue
    flows += 1
    lines += jsonLine(record)
    if (!follow && lines.length < 65_536) continue
    await out.write(lines)
    lines = ''
  }
  await out.write(lines)
  if (flows === 0 && !follow) note(`no flow in ${folder} matches`)
}

const nothing = (folder: string, lastSeq: number, command: string): string =>
  lastSeq === 0 ? `no flows recorded yet in ${folder}; start "${command}" and send something through it` : `no flow in ${folder} matches`

const readLimit = (text: string): number =>
  /^[1-9][0-9]{0,6}$/.test(text) ? Number(text) : fail(`--limit: "${printable(text)}" is not a number from 1 to 9999999`)

const fail = (message: string): never => {
  throw new OperatorError(message)
}

const processWorld = (): FlowsWorld => ({
  out: outputTo(process.stdout),
  note: (line) => process.stderr.write(`${line}\n`),
  now: systemClock.now,
  command: typedName(process.env),
  signal: new AbortController().signal,
})
