/**
 * Reads a country or AS database in MaxMind DB format as a whole, by the `maxmind` package, into ranges. The format has no
 * checksum, and a reader of single addresses never notices damage elsewhere, so every node and every distinct record
 * is visited here, once, and a file that has a fault anywhere is refused.
 */
import { Reader, type Response } from 'maxmind'
import { printable } from '../model/hostname.ts'
import type { SourceRole } from '../model/location.ts'
import { asOfRecord, countryOfRecord, type RecordedCountry, registryOfRecord } from './mmdb-record.ts'
import { type Words, walkTree } from './mmdb-tree.ts'
import { covered, type Lanes, type Ranges } from './ranges.ts'
import { type Content, countryNumber, type NamedAs, type Says, saysCountries } from './source.ts'

/** Reads and validates the bytes of a file for what its role asks; throws an Error that says what is wrong with them. */
export function parseMmdb(bytes: Buffer, role: SourceRole): Content {
  const { reader, dataSize } = openReader(bytes)
  const { nodeCount, recordSize, ipVersion, databaseType, buildEpoch } = reader.metadata
  const wanted = role === 'asn' ? new Networks() : new Countries(role === 'registry' ? registryOfRecord : countryOfRecord)
  const keys = new Set<string>()
  const { v4, v6 } = walkTree({ bytes, nodeCount, recordSize, ipVersion }, (pointer, at, lanes) => {
    const offset = pointer - nodeCount - SEPARATOR
    if (offset < 0 || offset >= dataSize) throw new Error(`the record of ${formatWords(at, lanes)} lies outside the data section`)
    const record = recordAt(reader, at, lanes)
    const said = wanted.read(record)
    if (typeof said === 'string') {
      throw new Error(`the record of ${formatWords(at, lanes)} is damaged, or this is ${notWhat(wanted, databaseType)}: ${said}`)
    }
    if (said === 0) for (const key of Object.keys(record ?? {}).slice(0, 8)) keys.add(key)
    return said
  })
  if (wanted.count === 0) {
    throw new Error(
      `${notWhat(wanted, databaseType)}: ${keys.size > 0 ? `its records hold ${list(keys)}` : `no record names ${wanted.one}`}`,
    )
  }
  return { says: wanted.says, v4, v6, date: buildEpoch.toISOString().slice(0, 10), warnings: warningsOf(v4, v6, wanted.odd) }
}

/** What is taken out of the records; `read` gives the number of what a record says, 0 for nothing, or why it is malformed. */
interface Wanted {
  readonly what: string
  readonly one: string
  readonly count: number
  readonly says: Says
  /** Codes that are no country. */
  readonly odd: ReadonlySet<string>
  read(record: unknown): number | string
}

class Countries implements Wanted {
  readonly what = 'country'
  readonly one = 'a country'
  readonly says = saysCountries
  readonly odd = new Set<string>()
  readonly #of: (record: unknown) => RecordedCountry
  count = 0

  constructor(of: (record: unknown) => RecordedCountry) {
    this.#of = of
  }

  read(record: unknown): number | string {
    const said = this.#of(record)
    if (said.kind === 'malformed') return said.why
    if (said.kind === 'odd') this.odd.add(said.text)
    if (said.kind !== 'country') return 0
    this.count++
    return countryNumber(said.code)
  }
}

class Networks implements Wanted {
  readonly what = 'AS'
  readonly one = 'an AS'
  readonly odd = new Set<string>()
  readonly #list: NamedAs[] = []
  readonly #numbers = new Map<number, number>()

  get count(): number {
    return this.#list.length
  }

  get says(): Says {
    return { kind: 'networks', list: this.#list }
  }

  read(record: unknown): number | string {
    const said = asOfRecord(record)
    if (said.kind === 'malformed') return said.why
    if (said.kind === 'none') return 0
    const known = this.#numbers.get(said.network.asn)
    if (known !== undefined) return known
    this.#list.push(said.network)
    this.#numbers.set(said.network.asn, this.#list.length)
    return this.#list.length
  }
}

const METADATA_MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
/** The marker stands in the last 128 KiB of a file (MaxMind DB format 2.0, "Database Metadata"). */
const METADATA_WINDOW = 128 * 1024
/** Zero bytes between tree and data. */
const SEPARATOR = 16
/** Addresses that IPv4 can route at all: the whole less 0/8, 10/8, 127/8, 224/3 and the smaller special networks. */
const ROUTABLE_V4 = 3.7e9

/** Checks the metadata against the file before the library trusts it. */
function openReader(bytes: Buffer): { reader: Reader<Response>; dataSize: number } {
  if (bytes.length === 0) throw new Error('the file is empty')
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) throw new Error('the file is compressed (gzip); unpack it first')
  const metadata = bytes.lastIndexOf(METADATA_MARKER)
  if (metadata < 0 || bytes.length - metadata > METADATA_WINDOW)
    throw new Error('not an mmdb file, or cut off: it has no metadata at its end')
  const reader = inWords('the metadata cannot be read', () => new Reader<Response>(bytes))
  const { binaryFormatMajorVersion, nodeCount, ipVersion, searchTreeSize, buildEpoch } = reader.metadata
  if (binaryFormatMajorVersion !== 2) throw new Error(`the metadata names format version ${binaryFormatMajorVersion}, not 2`)
  if (ipVersion !== 4 && ipVersion !== 6) throw new Error(`the metadata names IP version ${ipVersion}`)
  if (!Number.isSafeInteger(nodeCount) || nodeCount < 1) throw new Error(`the metadata counts ${nodeCount} nodes`)
  if (Number.isNaN(buildEpoch.getTime())) throw new Error('the metadata has no date')
  const dataSize = metadata - searchTreeSize - SEPARATOR
  if (dataSize < 0) throw new Error(`cut off: the metadata counts ${nodeCount} nodes, more than the file holds`)
  if (bytes.subarray(searchTreeSize, searchTreeSize + SEPARATOR).some((byte) => byte !== 0)) {
    throw new Error('damaged: tree and data are not where the metadata says')
  }
  return { reader, dataSize }
}

const recordAt = (reader: Reader<Response>, at: Words, lanes: Lanes): Response | null =>
  inWords(`the record of ${formatWords(at, lanes)} cannot be read`, () => reader.get(formatWords(at, lanes)))

function inWords<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new Error(`${what} (${cause instanceof Error ? cause.message : String(cause)})`, { cause })
  }
}

function warningsOf(v4: Ranges, v6: Ranges, odd: ReadonlySet<string>): readonly string[] {
  const share = covered(v4) / ROUTABLE_V4
  const warnings: string[] = []
  if (odd.size > 0) warnings.push(`codes that are no country count as unknown (${odd.size}): ${list(odd)}`)
  if (share < 0.5) warnings.push(`knows only ${(100 * share).toFixed(1)} % of IPv4`)
  if (v6.values.every((value) => value === 0)) warnings.push('knows no IPv6 networks')
  return warnings
}

/** Not model/address.ts: that folds ::ffff:0:0/96 into IPv4, and here it may hang elsewhere in the tree. */
function formatWords(words: Words, lanes: Lanes): string {
  const [first] = words
  if (lanes === 1) return [first >>> 24, (first >>> 16) & 0xff, (first >>> 8) & 0xff, first & 0xff].join('.')
  return words.flatMap((word) => [word >>> 16, word & 0xffff].map((group) => group.toString(16))).join(':')
}

const notWhat = ({ what }: Wanted, type: string): string =>
  `not ${what === 'AS' ? 'an AS' : 'a country'} database (its type is "${printable(String(type))}")`

const list = (texts: ReadonlySet<string>): string =>
  [...texts]
    .slice(0, 12)
    .map((text) => `"${printable(text)}"`)
    .join(', ')
