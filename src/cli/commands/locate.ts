/** `ringfence locate`: where each source places addresses, given as arguments or one a line on standard input. */
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { Command, Option } from 'commander'
import type { GeoTable } from '../../geoip/index.ts'
import { parseIp } from '../../model/address.ts'
import { countryName } from '../../model/country.ts'
import { OperatorError } from '../../model/errors.ts'
import { printable } from '../../model/hostname.ts'
import { certaintyOf, type Location } from '../../model/location.ts'
import { judgedAddresses } from '../../model/scope.ts'
import { columnWidths, csvLine, headLine, jsonLine, type Output, outputTo, tableLine } from '../output.ts'

type Format = 'table' | 'csv' | 'json'

interface Options {
  readonly format?: Format
  readonly config?: string
}

/** What the command needs of the world. */
export interface LocateWorld {
  readonly out: Output
  /** A line for the person, beside the output. */
  readonly note: (line: string) => void
  /** For the address `-`. */
  readonly input: Readable
  readonly format: Format
}

const processWorld = (): LocateWorld => ({
  out: outputTo(process.stdout),
  note: (line) => void process.stderr.write(`${line}\n`),
  input: process.stdin,
  format: process.stdout.isTTY ? 'table' : 'csv',
})

/** The command, to be hung into the program. Its action throws OperatorError where some lines were no addresses. */
export const locateCommand = (world: () => LocateWorld = processWorld): Command =>
  new Command('locate')
    .usage('<address...> [options]')
    .description('show where each source places addresses')
    .argument('<address...>', 'IPv4 or IPv6 addresses, or - to read one a line from standard input')
    .addOption(new Option('--format <format>', 'default: table on a terminal, csv otherwise').choices(['table', 'csv', 'json']))
    .option('--config <file>', 'settings file')
    .addHelpText(
      'after',
      '\nColumns: address, country (best guess, - when unknown), possible (all that the sources name), certainty, and one per source.' +
        '\nExit code: 2 if a line was no address; the others are printed all the same.',
    )
    .action((addresses: readonly string[], options: Options) => locate(addresses, options, world()))

async function locate(addresses: readonly string[], options: Options, { out, note, input, format }: LocateWorld): Promise<void> {
  const fromInput = addresses.includes('-')
  if (fromInput && addresses.length > 1) throw new OperatorError('locate: give addresses or -, not both')
  const [{ loadSettings }, { openTable }] = await Promise.all([import('../../config/load.ts'), import('../../geoip/index.ts')])
  const geo = await openTable(loadSettings({ config: options.config }).geoip.sources)
  const lines = fromInput ? createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY, signal: out.closed }) : addresses
  const bad = await printer[options.format ?? format](lines, geo, out, note)
  // A feeder that never ends would keep the process alive.
  if (fromInput) input.destroy()
  const what = fromInput ? ['line was', 'lines were'] : ['argument was', 'arguments were']
  if (bad > 0)
    throw new OperatorError(`locate: ${bad} ${bad === 1 ? `${what[0]} no address and was` : `${what[1]} no addresses and were`} left out`)
}

interface Row {
  /** As it was given, so that the output can be joined with the input. */
  readonly address: string
  readonly location: Location
}

type Lines = AsyncIterable<string> | Iterable<string>

/** Reads, prints, and returns how many lines were no addresses. */
type Printer = (lines: Lines, geo: GeoTable, out: Output, note: (line: string) => void) => Promise<number>

const columnsOf = (geo: GeoTable): readonly string[] => [
  'address',
  'country',
  'possible',
  'certainty',
  ...geo.sources.map(({ name }) => name),
]

const cellsOf = ({ address, location }: Row, geo: GeoTable): readonly string[] => [
  address,
  location.best ?? '-',
  location.possible.join(' ') || '-',
  certaintyOf(location),
  ...geo.sources.map(({ name }) => location.answers.find(({ source }) => source === name)?.country ?? '-'),
]

/** Rows that a table is made wide enough for; of a longer input a cell may stand out. */
const TABLE_ROWS = 1_000

const printer: Readonly<Record<Format, Printer>> = {
  async table(lines, geo, out, note) {
    const columns = columnsOf(geo).map((head) => ({ head }))
    let widths: readonly number[] | null = null
    const print = (rows: readonly Row[]) => {
      const cells = rows.map((row) => {
        const [address = '', country = '', ...rest] = cellsOf(row, geo)
        return [address, row.location.best === null ? country : `${country} ${countryName(row.location.best)}`, ...rest]
      })
      const head = widths === null
      widths ??= columnWidths(columns, cells, out.width)
      const shown = cells.map((row) => tableLine(columns, widths ?? [], row, out.colour))
      return [...(head ? [headLine(columns, widths, out.colour)] : []), ...shown].join('')
    }
    let rows: Row[] = []
    const bad = await forEachAddress(lines, geo, out, note, async (row) => {
      rows.push(row)
      if (rows.length < TABLE_ROWS) return
      await out.write(print(rows))
      rows = []
    })
    if (rows.length > 0) await out.write(print(rows))
    if (widths === null) return bad
    await out.write(
      `\n${geo.sources.map(({ name, date, attribution }) => `${name}, data of ${date}.${attribution === null ? '' : ` ${attribution}`}`).join('\n')}\n`,
    )
    return bad
  },
  async csv(lines, geo, out, note) {
    await out.write(csvLine(columnsOf(geo)))
    return await inBatches(lines, geo, out, note, (row) => csvLine(cellsOf(row, geo)))
  },
  json: (lines, geo, out, note) =>
    inBatches(lines, geo, out, note, ({ address, location }) => {
      const { ip, scope, best, possible, anycast, answers } = location
      return jsonLine({
        address,
        ...(ip !== address && { judged_as: ip }),
        country: best,
        possible,
        certainty: certaintyOf(location),
        scope,
        anycast,
        sources: Object.fromEntries(answers.map(({ source, country }) => [source, country])),
        data: Object.fromEntries(geo.sources.map(({ name, date }) => [name, date])),
      })
    }),
}

/** Many small writes would cost more than the look-ups. */
const BATCH = 64 * 1024

/** Prints what is there as soon as the input pauses: behind a slow feeder somebody may be waiting, or have left. */
async function inBatches(
  lines: Lines,
  geo: GeoTable,
  out: Output,
  note: (line: string) => void,
  print: (row: Row) => string,
): Promise<number> {
  let batch = ''
  let idle: NodeJS.Immediate | null = null
  let writing = Promise.resolve()
  const flush = () => {
    if (idle !== null) clearImmediate(idle)
    idle = null
    const text = batch
    batch = ''
    writing = writing.then(() => (text === '' ? undefined : out.write(text)))
    // Whoever waits for it next is told; until then it is not "unhandled".
    writing.catch(() => {})
    return writing
  }
  const bad = await forEachAddress(lines, geo, out, note, async (row) => {
    batch += print(row)
    if (batch.length >= BATCH) await flush()
    else idle ??= setImmediate(flush)
  })
  await flush()
  return bad
}

/** Until the input ends, or nobody reads the output any more. */
async function forEachAddress(
  lines: Lines,
  geo: GeoTable,
  out: Output,
  note: (line: string) => void,
  use: (row: Row) => Promise<void>,
): Promise<number> {
  let bad = 0
  for await (const line of lines) {
    if (out.closed.aborted) break
    const text = line.trim()
    if (text === '' || text.startsWith('#')) continue
    const ip = parseIp(text)
    if (ip === null) {
      bad++
      note(`"${printable(text)}" is not an address`)
      continue
    }
    // What is located is what would be judged: the IPv4 address that a NAT64 or 6to4 address stands for.
    await use({ address: text, location: geo.locate(judgedAddresses(ip)[0]) })
  }
  return bad
}
