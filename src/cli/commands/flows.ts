/** `ringfence flows`: what was recorded, newest last, as a table for people or one JSON record a line for programs. */
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { systemClock } from '../../clock.ts'
import { loadSettings } from '../../config/load.ts'
import { formatEndpoint } from '../../model/address.ts'
import { errorKinds, OperatorError } from '../../model/errors.ts'
import type { Millis } from '../../model/flow.ts'
import { printable } from '../../model/hostname.ts'
import type { Reason } from '../../model/verdict.ts'
import { type FlowFilter, matchesFilter, placeWords, type ShownVerdict, shownVerdict, verdictWords } from '../../records/filter.ts'
import { readFilter } from '../../records/filter-query.ts'
import type { FlowRecord } from '../../records/record.ts'
import { type Damage, newestRecords, readRecords } from '../../records/store.ts'
import { typedName } from '../banner.ts'
import {
  type Cell,
  type Column,
  columnWidths,
  formatBytes,
  formatDuration,
  headLine,
  jsonLine,
  type Output,
  outputTo,
  table,
  tableLine,
} from '../output.ts'

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
        columns,
        records.map((record) => columns.map(({ cell }) => cell(record, now()))),
        out,
      ),
    )
    if (limit === undefined && records.length === NEWEST) note(`the newest ${NEWEST}; --limit shows more`)
    return
  }
  // Of a flow that has just been decided there is no volume and no duration yet.
  const shown = columns.filter(({ whenEnded }) => whenEnded !== true)
  const row = (record: FlowRecord) => shown.map(({ cell }) => cell(record, now()))
  const widths = columnWidths(shown, [shown.map(({ usual }) => usual), ...records.map(row)], out.width)
  const write = (record: FlowRecord) => out.write(tableLine(shown, widths, row(record), out.colour))
  await out.write(headLine(shown, widths, out.colour))
  for (const record of records) await write(record)
  const following = { afterSeq: lastSeq, follow, signal: AbortSignal.any([out.closed, signal]), onDamage }
  for await (const record of readRecords(folder, following)) {
    if (matches(record) && (record.ending === 'open' || record.ending === 'blocked')) await write(record)
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

interface FlowColumn extends Column {
  readonly cell: (record: FlowRecord, now: Millis) => Cell
  /** What a column is made wide enough for before its rows are known. */
  readonly usual: string
  readonly whenEnded?: true
}

const dash = '-'

const columns: readonly FlowColumn[] = [
  { head: 'TIME', usual: '12:34:56', cell: ({ time }, now) => localTime(new Date(time), new Date(now)) },
  { head: 'VERDICT', usual: '□ Would block', cell: verdictCell },
  { head: 'COUNTRY', usual: 'US/DE?', cell: countryCell },
  {
    head: 'DESTINATION',
    least: 16,
    usual: 'a-name-of-usual-length.example.com:443',
    cell: ({ asked, port }) => formatEndpoint({ host: asked, port }),
  },
  { head: 'ADDRESS', spare: 1, usual: '255.255.255.255', cell: ({ address }) => address ?? dash },
  {
    head: 'UP',
    align: 'right',
    spare: 2,
    whenEnded: true,
    usual: '',
    cell: ({ up, ending }) => (up === null || ending === 'blocked' ? dash : formatBytes(up)),
  },
  {
    head: 'DOWN',
    align: 'right',
    spare: 3,
    whenEnded: true,
    usual: '',
    cell: ({ down, ending }) => (down === null || ending === 'blocked' ? dash : formatBytes(down)),
  },
  {
    head: 'DURATION',
    align: 'right',
    spare: 4,
    whenEnded: true,
    usual: '',
    cell: ({ duration_ms: ms }) => (ms === null ? dash : formatDuration(ms)),
  },
  { head: 'REASON', least: 12, usual: 'fence "a-fence": sources differ', cell: reasonCell },
]

/** The marks and words of the page (design/README.md). A flow whose addresses were in part left out says so. */
function verdictCell(record: FlowRecord): Cell {
  const words: Readonly<Record<ShownVerdict, Cell>> = {
    allow: '● Allowed',
    log: { text: '▲ Flagged', style: 'yellow' },
    block: { text: '■ Blocked', style: 'red' },
    'would-block': { text: '□ Would block', style: 'red' },
    'not-reached': { text: '– Not reached', style: 'dim' },
  }
  if (record.would === 'steer') return record.mode === 'observe' ? '● Would steer' : '● Steered'
  return words[shownVerdict(record)]
}

function countryCell({ certainty, country, possible }: FlowRecord): Cell {
  switch (certainty) {
    case 'local':
    case 'anycast':
      return certainty
    case 'disputed': {
      const others = possible.filter((code) => code !== country)
      const named = country === null ? others : [country, ...others]
      return `${named.slice(0, 3).join('/')}${named.length > 3 ? '/…' : ''}?`
    }
    case 'agreed':
      return country ?? possible.join('/')
    default:
      return dash
  }
}

/** The strongest reason in few words, or else why a flow that was let through failed; the whole sentence is in the record. */
function reasonCell({ reasons, code, ending, message }: FlowRecord): Cell {
  const effects = ['block', 'log', 'allow'] as const
  // What says no by itself, without an effect, comes before any fence.
  const rank = (reason: Reason) => ('effect' in reason ? effects.indexOf(reason.effect) : -1)
  const told = reasons.filter((reason) => rank(reason) < 2).sort((a, b) => rank(a) - rank(b))
  const [first, ...more] = new Set(told.map(reasonPhrase))
  if (first === undefined && ending === 'interrupted') return 'the proxy ended before this flow did'
  if (first === undefined) return code === null ? '' : saysOf(code, message)
  return more.length === 0 ? first : `${first} (+${more.length})`
}

function reasonPhrase(reason: Reason): string {
  switch (reason.kind) {
    case 'fence': {
      const doubts: Readonly<Record<string, string>> = { disputed: ': sources differ', unknown: ': place unknown', anycast: ': anycast' }
      return `fence "${reason.fence}"${doubts[reason.outcome] ?? ''}`
    }
    case 'local-network':
      return 'local_network'
    case 'refusal':
      return saysOf(reason.code, null)
    case 'error':
      return saysOf(reason.code, reason.message)
    default:
      return reason satisfies never
  }
}

/** A code that another version wrote is none of our words. */
const saysOf = (code: string, message: string | null): string =>
  code in errorKinds ? errorKinds[code as keyof typeof errorKinds].says : (message ?? 'a reason that this version does not know')

function localTime(at: Date, now: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const day = (date: Date) => `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
  return day(at) === day(now) ? time : `${day(at)} ${time}`
}

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
