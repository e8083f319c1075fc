/**
 * The addresses at the beginning of a CSV line: `start,end` or a prefix in one field. IPv4 and IPv6 are told apart by
 * how they are written, decimal numbers by their size.
 */
import { isCidr, parseCidr } from '../model/cidr.ts'
import { printable } from '../model/hostname.ts'
import { type Notation, readAddress } from './csv-address.ts'
import type { CsvLines } from './csv-lines.ts'
import type { Lanes } from './ranges.ts'

const SLASH = 0x2f
/** Where the words of the end are read to, before it is known how many the start has. */
const END = 4

export class RangeReader {
  /** First and last address of the range that was read: two words of IPv4 or eight of IPv6. */
  readonly words = new Uint32Array(8)
  /** How many fields it stood in: two as `start,end`, one as a prefix. */
  fields = 0

  /** Reads the range of the current line; throws an Error where there is none. */
  read(lines: CsvLines): Lanes {
    const { words } = this
    const [from = 0] = lines.starts
    const [to = 0] = lines.ends
    const start = readAddress(lines.bytes, from, to, words, 0)
    if (start === null) return this.#readPrefix(lines, from, to)
    const end = lines.count > 1 ? readAddress(lines.bytes, lines.starts[1] ?? 0, lines.ends[1] ?? 0, words, END) : null
    if (start === 'v4-decimal' && end === 'v6-decimal') {
      words[3] = words[0] ?? 0
      words.fill(0, 0, 3)
    } else if (start !== end) {
      if (isMeantAsEnd(lines, start, end)) throw new Error(`${quoted(lines, 1)} is no end for a range that starts with ${quoted(lines, 0)}`)
      words.copyWithin(END, 0, END)
      this.fields = 1
      return this.#checked(lines, start)
    }
    this.fields = 2
    return this.#checked(lines, end)
  }

  #checked(lines: CsvLines, notation: Notation): Lanes {
    const { words } = this
    const lanes = notation === 'v4' || notation === 'v4-decimal' ? 1 : 4
    if (lanes === 4 && (isMapped(words, 0) || isMapped(words, END)))
      throw new Error(`${quoted(lines, 0)}: IPv4 inside IPv6 (::ffff:0:0/96); write it as IPv4`)
    for (let lane = 0; lane < lanes; lane++) {
      const difference = (words[END + lane] ?? 0) - (words[lane] ?? 0)
      if (difference > 0) break
      if (difference < 0) throw new Error(`the range starts with ${quoted(lines, 0)}, after its end ${quoted(lines, 1)}`)
    }
    if (lanes === 1) words[1] = words[END] ?? 0
    return lanes
  }

  #readPrefix(lines: CsvLines, from: number, to: number): Lanes {
    const { bytes } = lines
    const { words } = this
    let slash = to - 1
    while (slash > from && bytes[slash] !== SLASH) slash--
    const notation = slash > from ? readAddress(bytes, from, slash, words, 0) : null
    if (notation !== 'v4' && notation !== 'v6') throw new Error(`${quoted(lines, 0)} is no address and no prefix`)
    const lanes = notation === 'v4' ? 1 : 4
    const bits = lengthOf(bytes, slash + 1, to)
    if (bits > 32 * lanes) throw new Error(`${quoted(lines, 0)} has no length from 0 to ${32 * lanes} behind the slash`)
    for (let lane = 0; lane < lanes; lane++) {
      const kept = bits - 32 * lane
      const rest = kept >= 32 ? 0 : kept <= 0 ? 0xffff_ffff : 0xffff_ffff >>> kept
      const word = words[lane] ?? 0
      if ((word & rest) !== 0) throw new Error(`${quoted(lines, 0)} has bits set beyond its length${suggestion(lines.text(0))}`)
      words[END + lane] = word | rest
    }
    this.fields = 1
    return this.#checked(lines, notation)
  }
}

/** Whether the second field was meant as the end of a range, rather than as what is said of a single address. */
function isMeantAsEnd(lines: CsvLines, start: Notation, end: Notation | null): boolean {
  if (start === 'v4-decimal' || start === 'v6-decimal' || end === 'v4' || end === 'v6') return true
  return lines.count > 1 && /^[0-9a-f]*[.:][0-9a-f.:]*$/i.test(lines.text(1))
}

/** Infinity where it is no number. */
function lengthOf(bytes: Uint8Array, from: number, to: number): number {
  if (to === from || to - from > 3) return Number.POSITIVE_INFINITY
  let length = 0
  for (let i = from; i < to; i++) {
    const digit = (bytes[i] ?? 0) - 0x30
    length = digit >= 0 && digit <= 9 ? length * 10 + digit : Number.POSITIVE_INFINITY
  }
  return length
}

const isMapped = (words: Uint32Array, at: number): boolean => words[at] === 0 && words[at + 1] === 0 && words[at + 2] === 0xffff

const quoted = (lines: CsvLines, field: number): string => (lines.count > field ? `"${printable(lines.text(field))}"` : 'nothing')

function suggestion(text: string): string {
  const parsed = parseCidr(text)
  return isCidr(parsed) || parsed.suggestion === undefined ? '' : `; did you mean ${parsed.suggestion}?`
}
