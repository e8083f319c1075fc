/** `ringfence locate`: all that is known of where addresses are, given as arguments or one a line on standard input. */
import { existsSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { Command, Option } from 'commander'
import { systemClock } from '../../clock.ts'
import type { Settings } from '../../config/settings.ts'
import type { GeoTable } from '../../geoip/index.ts'
import { parseIp } from '../../model/address.ts'
import { countryName } from '../../model/country.ts'
import { OperatorError } from '../../model/errors.ts'
import { printable } from '../../model/hostname.ts'
import type { Location } from '../../model/location.ts'
import { judgedAddresses } from '../../model/scope.ts'
import { linesOf } from '../lines.ts'
import { type Handshakes, locationCard } from '../location-card.ts'
import { csvPrinter, jsonPrinter, type Row, type RowPrinter, rowCells, rowHeads } from '../location-rows.ts'
import { columnWidths, csvLine, headLine, jsonLine, type Output, outputTo, tableLine } from '../output.ts'

type Format = 'table' | 'csv' | 'json'

interface Options {
  readonly format?: Format
  readonly asOf?: string
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
    .description('show where addresses are, by each source, and whose they are')
    .argument('<address...>', 'IPv4 or IPv6 addresses, or - to read one a line from standard input')
    .addOption(new Option('--format <format>', 'default: table on a terminal, csv otherwise').choices(['table', 'csv', 'json']))
    .option('--as-of <lock>', 'by exactly the location data of this lock ("geoip lock" writes one)')
    .option('--config <file>', 'settings file')
    .addHelpText(
      'after',
      '\nUp to three addresses are shown in full on a terminal. Columns of a table and of CSV: address, country (best guess, - when' +
        '\nunknown), possible (all that may be), certainty, registry (where the block is registered), stated (what operators, overrides' +
        '\nand anycast lists say of it), one for each database, asn, network, home (of the firm behind the network).' +
        '\nExit code: 2 if a line was no address; the others are printed all the same.',
    )
    .action((addresses: readonly string[], options: Options) => locate(addresses, options, world()))

/** So many addresses on the command line are shown in full; of more, a table is easier to read. */
const CARDS = 3

async function locate(addresses: readonly string[], options: Options, { out, note, input, format }: LocateWorld): Promise<void> {
  const fromInput = addresses.includes('-')
  if (fromInput && addresses.length > 1) throw new OperatorError('locate: give addresses or -, not both')
  const [{ loadSettings }, { loadPolicyFor }, { openForAsking }] = await Promise.all([
    import('../../config/load.ts'),
    import('../../config/policies.ts'),
    import('../location-table.ts'),
  ])
  const settings = loadSettings(options)
  const geo = await openForAsking(settings, loadPolicyFor(settings, undefined), note)
  const wanted = options.format ?? format
  const printCards = cardPrinter(await handshakesOf(settings))
  const print = wanted === 'table' && !fromInput && addresses.length <= CARDS ? printCards : printers[wanted]
  const faults = new Faults(note)
  await print(rowsOf(fromInput ? linesOf(input, out.closed) : [addresses], geo, faults), geo, out)
  // A feeder that never ends would keep the process alive.
  if (fromInput) input.destroy()
  faults.throwIfAny(fromInput ? ['line was', 'lines were'] : ['argument was', 'arguments were'])
}

/** Lines that are no addresses: told of at once, and counted. */
class Faults {
  readonly #note: (line: string) => void
  #count = 0

  constructor(note: (line: string) => void) {
    this.#note = note
  }

  add(text: string): void {
    this.#count++
    this.#note(`"${printable(text)}" is not an address`)
  }

  throwIfAny([one, many]: readonly [string, string]): void {
    if (this.#count === 0) return
    const what = this.#count === 1 ? `${one} no address and was` : `${many} no addresses and were`
    throw new OperatorError(`locate: ${this.#count} ${what} left out`)
  }
}

type Batches = AsyncIterable<readonly Row[]>

/** The rows of each piece of input. */
async function* rowsOf(pieces: AsyncIterable<readonly string[]> | Iterable<readonly string[]>, geo: GeoTable, faults: Faults): Batches {
  for await (const lines of pieces) {
    const rows: Row[] = []
    for (const line of lines) {
      const text = line.trim()
      if (text === '' || text.startsWith('#')) continue
      const ip = parseIp(text)
      // What is located is what would be judged: the IPv4 address that a NAT64 or 6to4 address stands for.
      if (ip === null) faults.add(text)
      else rows.push({ address: text, location: geo.locate(judgedAddresses(ip)[0]) })
    }
    if (rows.length > 0) yield rows
  }
}

/** Reads and prints, until the input ends or nobody reads the output any more. */
type Print = (batches: Batches, geo: GeoTable, out: Output) => Promise<void>

/** Rows that a table is made wide enough for; of a longer input a cell may stand out. */
const TABLE_ROWS = 1_000

const printers: Readonly<Record<Format, Print>> = {
  async table(batches, geo, out) {
    const columns = rowHeads(geo).map((head) => (head === 'network' ? { head, least: 12, spare: 1 } : { head }))
    let widths: readonly number[] | null = null
    const print = (rows: readonly Row[]) => {
      const cells = rows.map((row) => {
        const [address = '', country = '', ...rest] = rowCells(row, geo)
        return [address, row.location.best === null ? country : `${country} ${countryName(row.location.best)}`, ...rest]
      })
      const head = widths === null
      widths ??= columnWidths(columns, cells, out.width)
      const shown = cells.map((row) => tableLine(columns, widths ?? [], row, out.colour))
      return [...(head ? [headLine(columns, widths, out.colour)] : []), ...shown].join('')
    }
    let waiting: Row[] = []
    for await (const rows of batches) {
      waiting.push(...rows)
      if (waiting.length < TABLE_ROWS) continue
      await out.write(print(waiting))
      waiting = []
      if (out.closed.aborted) return
    }
    if (waiting.length > 0) await out.write(print(waiting))
    if (widths !== null) await out.write(`\n${credits(geo)}`)
  },
  async csv(batches, geo, out) {
    await out.write(csvLine(rowHeads(geo)))
    await printLines(batches, csvPrinter(geo, csvLine), out)
  },
  json: (batches, geo, out) => printLines(batches, jsonPrinter(geo, jsonLine), out),
}

const cardPrinter =
  (handshakes: (location: Location) => Promise<Handshakes | null>): Print =>
  async (batches, geo, out) => {
    let shown = 0
    for await (const rows of batches) {
      for (const { address, location } of rows) {
        await out.write(`${shown === 0 ? '' : '\n'}${locationCard(address, location, await handshakes(location), geo, out)}`)
        shown++
      }
    }
    if (shown > 0) await out.write(`\n${credits(geo)}`)
  }

/** Of so many at most, and no older: places change. */
const HANDSHAKES = 1_000
const RECENT_MS = 30 * 86_400_000

/** What the records say of handshakes with an address; nothing where no vantage is set. */
async function handshakesOf({ geoip, records }: Settings): Promise<(location: Location) => Promise<Handshakes | null>> {
  const { vantage } = geoip
  if (vantage === null) return async () => null
  const [{ nearestBorders }, { Reach }, { newestRecords }] = await Promise.all([
    import('../../geoip/borders.ts'),
    import('../../geoip/reach.ts'),
    import('../../records/store.ts'),
  ])
  const reach = new Reach(await nearestBorders(vantage))
  return async (location) => {
    if (!existsSync(records.folder)) return { count: 0, quickest: null, ruledOut: [] }
    const found = await newestRecords(records.folder, HANDSHAKES, ({ dialled }) => dialled === location.ip, {
      since: systemClock.now() - RECENT_MS,
    })
    const times = found.records.flatMap(({ connect_ms }) => connect_ms ?? [])
    const quickest = times.length === 0 ? null : Math.min(...times)
    return { count: times.length, quickest, ruledOut: quickest === null ? [] : (reach.ruledOut(location, quickest) ?? []) }
  }
}

/** Printed as it comes: behind a slow feeder somebody may be waiting. */
async function printLines(batches: Batches, printer: RowPrinter, out: Output): Promise<void> {
  for await (const rows of batches) {
    let text = ''
    for (const row of rows) text += printer.line(row)
    await out.write(text)
    if (out.closed.aborted) return
  }
}

/** What the licences ask for wherever results are shown. */
const credits = ({ sources }: GeoTable): string => {
  const lines = sources.flatMap(({ attribution }) => attribution ?? [])
  return [...new Set(lines)].map((line) => `${line}\n`).join('')
}
