/**
 * Reads a source from CSV files: `start,end,…` with addresses as text or as decimal numbers, or `prefix,…`; what stands
 * behind is the role's business (`csv-columns.ts`). Lines may come in any order and of both address families.
 *
 * A file that contradicts itself is refused: two lines that say different things of one address. Only where every line
 * is a prefix does the longer one speak, as in routing tables. Networks are milder: there the range inside another
 * speaks, and where two cross, neither does; the list that comes with Ringfence has such a pair.
 */
import type { SourceRole } from '../model/location.ts'
import { type Columns, columnsFor } from './csv-columns.ts'
import { CsvLines } from './csv-lines.ts'
import { RangeReader } from './csv-range.ts'
import { RangeSet } from './range-set.ts'
import type { Lanes, Ranges } from './ranges.ts'
import type { Content } from './source.ts'

/** Reads one source from one or more files, such as one for each address family; throws an Error that names line and fault. */
export function parseCsv(files: readonly Buffer[], role: SourceRole): Content {
  const reading = new Reading(columnsFor[role](), files.length)
  files.reduce((before, file) => reading.read(file, before), 0)
  return reading.content()
}

/** More clashing lines than this, of all with an answer, are damage. */
const MOST_CLASHES = 0.01

class Reading {
  readonly #columns: Columns
  readonly #files: number
  readonly #range = new RangeReader()
  readonly #v4 = collected(1)
  readonly #v6 = collected(4)
  /** For each file, the lines in those before it. */
  readonly #before: number[] = []
  readonly #clashes: string[] = []
  #onlyPrefixes = true
  #answers = 0

  constructor(columns: Columns, files: number) {
    this.#columns = columns
    this.#files = files
  }

  /** Reads one file and says how many lines were read by then. */
  read(file: Buffer, before: number): number {
    this.#before.push(before)
    const name = this.#files === 1 ? 'the file' : `file ${this.#before.length}`
    if (file.length === 0) throw new Error(`${name} is empty`)
    if (file[0] === 0x1f && file[1] === 0x8b) throw new Error(`${name} is compressed (gzip); unpack it first`)
    const lines = new CsvLines(file)
    try {
      if (lines.next() && !isHeader(lines)) this.#readLine(lines, before)
      while (lines.next()) this.#readLine(lines, before)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new Error(`${this.#where(before + lines.line)}: ${why}`, { cause })
    }
    return before + lines.line
  }

  content(): Content {
    const { what } = this.#columns
    if (this.#answers === 0) throw new Error(`no ${what} in it`)
    const v4 = this.#laidOut(this.#v4)
    const v6 = this.#laidOut(this.#v6)
    const warnings = [...this.#columns.warnings()]
    const [clash] = this.#clashes
    if (clash !== undefined)
      warnings.push(`where two lines name different ${what}es, nobody is named (${this.#clashes.length}), such as ${clash}`)
    return { says: this.#columns.says(), v4, v6, date: null, warnings }
  }

  #readLine(lines: CsvLines, before: number): void {
    const lanes = this.#range.read(lines)
    const { fields, words } = this.#range
    const { least, most, shape } = this.#columns
    const behind = lines.count - fields
    if (behind < least || behind > most)
      throw new Error(`${behind} columns after ${fields === 1 ? 'the prefix' : 'start and end'}, where there should be ${shape}`)
    const value = this.#columns.read(lines, fields)
    if (fields === 2) this.#onlyPrefixes = false
    if (value > 0) this.#answers++
    const { set, lineOf } = lanes === 1 ? this.#v4 : this.#v6
    set.add(value, words)
    lineOf.push(before + lines.line)
  }

  #laidOut({ set, lineOf }: Collected): Ranges {
    const { what, mayClash } = this.#columns
    return set.layOut(mayClash || this.#onlyPrefixes, (first, second) => {
      const clash = `${this.#where(lineOf[second] ?? 0)}: another ${what} for addresses that ${this.#where(lineOf[first] ?? 0)} names too`
      if (!mayClash) throw new Error(clash)
      this.#clashes.push(clash)
      if (this.#clashes.length > MOST_CLASHES * this.#answers) throw new Error(`${clash}, and so it is with more than 1 line in 100`)
    })
  }

  /** The place of a line, counted through all files. */
  #where(line: number): string {
    const file = this.#before.findLastIndex((before) => before < line)
    const within = `line ${line - (this.#before[file] ?? 0)}`
    return this.#files === 1 ? within : `file ${file + 1}, ${within}`
  }
}

/** The ranges of one address family, and for each the line that it stands on. */
interface Collected {
  readonly set: RangeSet
  readonly lineOf: number[]
}

const collected = (lanes: Lanes): Collected => ({ set: new RangeSet(lanes), lineOf: [] })

/** Whether a line names columns: `network`, `start_ip`, `ip range start`. */
const isHeader = (lines: CsvLines): boolean => /^[a-z][a-z _-]*[0-9]?$/i.test(lines.text(0))
