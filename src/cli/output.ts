/**
 * What commands print: tables for people, CSV and JSON lines for programs. Text from outside is escaped here for each
 * of them, and a reader that goes away (`| head`) is not an error.
 */
import type { Writable } from 'node:stream'
import { getSystemErrorMap } from 'node:util'
import { OperatorError } from '../model/errors.ts'
import { printable } from '../model/hostname.ts'

export type Style = 'plain' | 'bold' | 'dim' | 'red' | 'yellow'

export type Cell = string | { readonly text: string; readonly style: Style }

export interface Column {
  readonly head: string
  readonly align?: 'left' | 'right'
  /** May be cut down to this width to fit the terminal; the last such column is cut first. Others are never cut. */
  readonly least?: number
  /** May be left out where even that is not enough, the greatest first. */
  readonly spare?: number
}

/** Where a command writes. */
export interface Output {
  /** Columns of the terminal, `Infinity` where it is none: what a program reads is never cut. */
  readonly width: number
  readonly colour: boolean
  /** Fires when nothing can be written any more: whoever produces endlessly should stop. */
  readonly closed: AbortSignal
  /** Resolves when more may be written, also where nobody reads any more. Throws OperatorError where it can't be written (disk full). */
  write(text: string): Promise<void>
}

type Stream = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/** An output to a stream; colours only on a terminal, and not where NO_COLOR is set (no-color.org). */
export function outputTo(stream: Stream, env: NodeJS.ProcessEnv = process.env): Output {
  const closed = new AbortController()
  let failure: OperatorError | null = null
  const fail = (error: Error) => {
    if (closed.signal.aborted) return // what comes after the first is "write after end"
    if (!isReaderGone(error)) failure = new OperatorError(`the output could not be written: ${whyUnwritten(error)}`, { cause: error })
    closed.abort()
  }
  stream.on('error', fail)
  const terminal = stream.isTTY === true
  return {
    width: terminal ? (stream.columns ?? 80) : Number.POSITIVE_INFINITY,
    colour: terminal && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb',
    closed: closed.signal,
    write: async (text) => {
      if (!closed.signal.aborted) await written(stream, text).catch(fail)
      if (failure !== null) throw failure
    },
  }
}

/** Waits for one piece of text to be with the system. */
const written = (stream: Stream, text: string): Promise<void> =>
  new Promise((resolve, reject) => void stream.write(text, (error) => (error ? reject(error) : resolve())))

/** Whether it failed since nobody reads any more (`| head`), which is no fault. On Windows a closed pipe shows as EOF. */
export const isReaderGone = (error: NodeJS.ErrnoException): boolean => error.code === 'EPIPE' || error.code === 'EOF'

/** In the system's words: "no space left on device". */
export const whyUnwritten = ({ errno, message }: NodeJS.ErrnoException): string => getSystemErrorMap().get(errno ?? 0)?.[1] ?? message

/** The rows under their heads, in aligned lines that fit the width. */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], output: Pick<Output, 'width' | 'colour'>): string {
  const widths = columnWidths(columns, rows, output.width)
  return [headLine(columns, widths, output.colour), ...rows.map((row) => tableLine(columns, widths, row, output.colour))].join('')
}

/** How wide each column is if these are its rows, 0 for one left out: for tables that are printed while their rows come in. */
export function columnWidths(columns: readonly Column[], rows: readonly (readonly Cell[])[], width: number): readonly number[] {
  let natural = columns.map(({ head }, i) => Math.max(head.length, ...rows.map((row) => lengthOf(safe(textOf(row[i] ?? ''))))))
  const spare = columns.map((column, index) => ({ index, spare: column.spare ?? 0 })).filter((column) => column.spare > 0)
  for (const { index } of spare.sort((a, b) => b.spare - a.spare)) {
    if (fitted(columns, natural, width).over <= 0) break
    natural = natural.with(index, 0)
  }
  return fitted(columns, natural, width).widths
}

/** Flexible columns cut as far as needed and allowed, and by how much the line is still too long. */
function fitted(
  columns: readonly Column[],
  natural: readonly number[],
  width: number,
): { readonly widths: readonly number[]; readonly over: number } {
  const widths = [...natural]
  let over = widths.reduce((sum, one) => (one === 0 ? sum : sum + one + GAP.length), -GAP.length) - width
  for (let i = columns.length - 1; i >= 0 && over > 0; i--) {
    const least = columns[i]?.least
    const now = widths[i] ?? 0
    if (least === undefined || now <= least) continue
    const less = Math.min(over, now - least)
    widths[i] = now - less
    over -= less
  }
  return { widths, over }
}

export const headLine = (columns: readonly Column[], widths: readonly number[], colour: boolean): string =>
  tableLine(
    columns,
    widths,
    columns.map(({ head }) => ({ text: head, style: 'dim' })),
    colour,
  )

export function tableLine(columns: readonly Column[], widths: readonly number[], row: readonly Cell[], colour: boolean): string {
  const cells = columns.flatMap(({ align = 'left', least }, i) => {
    const cell = row[i] ?? ''
    const width = widths[i] ?? 0
    if (width === 0) return []
    const text = least === undefined ? safe(textOf(cell)) : cut(safe(textOf(cell)), width)
    const space = ' '.repeat(Math.max(0, width - lengthOf(text)))
    const shown = colour && typeof cell !== 'string' ? paint(text, cell.style) : text
    return align === 'right' ? space + shown : shown + space
  })
  return `${cells.join(GAP).trimEnd()}\n`
}

/** One line of CSV (RFC 4180). Text that a spreadsheet would run as a formula gets an apostrophe in front; numbers are numbers. */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`
}

/** One line of JSON, of which no terminal takes any part as a command: JSON itself leaves C1 controls and bidirectional marks as they are. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, escaped)}\n`
}

/** Bytes as people read them: `812 B`, `1.2 kB`, `34.5 MB`. */
export function formatBytes(bytes: number): string {
  let value = bytes
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (value < 999.95 || (unit === 'B' && value < 1_000)) return unit === 'B' ? `${value} B` : `${value.toFixed(1)} ${unit}`
    value /= 1_000
  }
  return `${value.toFixed(1)} TB`
}

/** A duration as people read it: `87 ms`, `1.2 s`, `3m 05s`, `1h 02m`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 59_950) return `${(milliseconds / 1_000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1_000)
  const two = (n: number) => String(n).padStart(2, '0')
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`
  return `${Math.floor(seconds / 3_600)}h ${two(Math.floor(seconds / 60) % 60)}m`
}

const GAP = '  '

// OWASP, "CSV Injection": also the line feed and the full-width forms, which some spreadsheets fold.
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/

function csvCell(cell: string | number | null): string {
  if (cell === null) return ''
  if (typeof cell === 'number') return String(cell)
  // A lone dash, which stands for "unknown", is no formula.
  const text = FORMULA.test(cell) && cell !== '-' ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const styles: Readonly<Record<Style, string>> = { plain: '', bold: '1', dim: '2', red: '31', yellow: '33' }

/** Text in a style, for a terminal. */
export const paint = (text: string, style: Style): string => (style === 'plain' ? text : `\u001b[${styles[style]}m${text}\u001b[0m`)

const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text)

/** `printable` cuts at 80 characters, which is for error texts; taken one by one, none is lost. */
const safe = (text: string): string => Array.from(text, printable).join('')

const lengthOf = (text: string): number => Array.from(text).length

const cut = (text: string, width: number): string =>
  lengthOf(text) <= width
    ? text
    : `${Array.from(text)
        .slice(0, Math.max(0, width - 1))
        .join('')}…`

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
