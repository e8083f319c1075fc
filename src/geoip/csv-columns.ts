/** What stands behind the addresses in a CSV file, and becomes the numbers of its ranges: a country, an AS, an owner. */
import { allCountries } from '../model/country.ts'
import { printable } from '../model/hostname.ts'
import type { SourceRole } from '../model/location.ts'
import type { CsvLines } from './csv-lines.ts'
import { countryNumber, type NamedAs, type Says, saysCountries } from './source.ts'

/** Reads the columns behind the addresses; made anew for each source. */
export interface Columns {
  /** What the lines must look like behind the addresses, for people. */
  readonly shape: string
  /** What a source without any answer lacks. */
  readonly what: string
  /** How many columns may stand behind the addresses. */
  readonly least: number
  readonly most: number
  /**
   * Whether lines may contradict each other. Two networks do announce the same addresses at times; two countries for
   * one address are a sign of damage.
   */
  readonly mayClash: boolean
  /** The current line's number for ranges, its columns beginning at field `first`; throws an Error that says what is wrong with them. */
  read(lines: CsvLines, first: number): number
  says(): Says
  warnings(): readonly string[]
}

const places = () => new CountryColumns()

/** The columns of a source, by its role. */
export const columnsFor: Readonly<Record<SourceRole, () => Columns>> = {
  override: places,
  authority: places,
  voter: places,
  witness: places,
  registry: places,
  asn: () => new NetworkColumns(),
  anycast: () => new OwnerColumns(),
}

/** Country numbers by their code's two bytes; lower case is the same. */
const numbersByCode = new Uint16Array(0x1_0000)
for (const code of allCountries) {
  for (const text of [code, code.toLowerCase()]) numbersByCode[Buffer.from(text).readUInt16BE()] = countryNumber(code)
}

class CountryColumns implements Columns {
  readonly shape = 'a country code'
  readonly what = 'country'
  readonly mayClash = false
  readonly least = 1
  readonly most = Number.POSITIVE_INFINITY
  readonly #odd = new Set<string>()

  read(lines: CsvLines, first: number): number {
    const start = lines.starts[first] ?? 0
    const length = (lines.ends[first] ?? 0) - start
    const number = length === 2 ? (numbersByCode[((lines.bytes[start] ?? 0) << 8) | (lines.bytes[start + 1] ?? 0)] ?? 0) : 0
    if (number > 0) return number
    const text = lines.text(first)
    if (!/^([A-Za-z][A-Za-z0-9]|-?)$/.test(text)) throw new Error(`"${printable(text)}" is no country code of two letters`)
    this.#odd.add(text)
    return 0
  }

  says(): Says {
    return saysCountries
  }

  warnings(): readonly string[] {
    if (this.#odd.size === 0) return []
    const some = [...this.#odd].slice(0, 12).map((text) => `"${text}"`)
    return [`codes that are no country count as unknown (${this.#odd.size}): ${some.join(', ')}`]
  }
}

class NetworkColumns implements Columns {
  readonly shape = 'an AS number and a name'
  readonly what = 'AS'
  readonly mayClash = true
  readonly least = 2
  readonly most = 2
  readonly #numbers = new Map<number, number>()
  readonly #list: NamedAs[] = []

  read(lines: CsvLines, first: number): number {
    const asn = asNumber(lines, first)
    // AS 0 and no number at all: announced by nobody (RFC 7607).
    if (asn === 0) return 0
    const known = this.#numbers.get(asn)
    if (known !== undefined) return known
    this.#list.push({ asn, name: lines.text(first + 1).trim() || `AS${asn}` })
    this.#numbers.set(asn, this.#list.length)
    return this.#list.length
  }

  says(): Says {
    return { kind: 'networks', list: this.#list }
  }

  warnings(): readonly string[] {
    return []
  }
}

/** `AS13335` or `13335` (RFC 5396); 0 for an empty field or a dash. */
function asNumber(lines: CsvLines, field: number): number {
  const { bytes } = lines
  const start = lines.starts[field] ?? 0
  const end = lines.ends[field] ?? 0
  if (end === start || (end === start + 1 && bytes[start] === 0x2d)) return 0
  // Setting bit 5 makes a letter small.
  const isPrefixed = ((bytes[start] ?? 0) | 0x20) === 0x61 && ((bytes[start + 1] ?? 0) | 0x20) === 0x73 && end > start + 2
  let asn = 0
  for (let i = isPrefixed ? start + 2 : start; i < end; i++) {
    const digit = (bytes[i] ?? 0) - 0x30
    asn = digit >= 0 && digit <= 9 ? asn * 10 + digit : Number.POSITIVE_INFINITY
  }
  if (asn >= 2 ** 32) throw new Error(`"${printable(lines.text(field))}" is no AS number`)
  return asn
}

class OwnerColumns implements Columns {
  readonly shape = 'whose they are, or nothing'
  readonly what = 'prefix'
  readonly mayClash = false
  readonly least = 0
  /** Where the operator says so, and when: for people. */
  readonly most = Number.POSITIVE_INFINITY
  readonly #numbers = new Map<string, number>()

  read(lines: CsvLines, first: number): number {
    const name = (lines.count > first ? lines.text(first).trim() : '') || 'not named'
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    this.#numbers.set(name, this.#numbers.size + 1)
    return this.#numbers.size
  }

  says(): Says {
    return { kind: 'anycast', list: [...this.#numbers.keys()] }
  }

  warnings(): readonly string[] {
    return []
  }
}
