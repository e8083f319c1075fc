/**
 * Reads a country database in MaxMind DB format as a whole, by the `maxmind` package, into ranges. The format has no
 * checksum, and a reader of single addresses never notices damage elsewhere, so every node and every distinct record
 * is visited here, once, and a file that has a fault anywhere is refused.
 */
import { readFile } from 'node:fs/promises'
import { Reader, type Response } from 'maxmind'
import { printable } from '../model/hostname.ts'
import type { SourceRole } from '../model/location.ts'
import { countryOfRecord } from './mmdb-record.ts'
import { type Words, walkTree } from './mmdb-tree.ts'
import { covered, type Lanes, type Ranges } from './ranges.ts'
import { countryNumber, type GeoSource, GeoSourceError, whyUnreadable } from './source.ts'

/** How a file is called and used. */
export interface MmdbOptions {
  readonly name: string
  readonly role: SourceRole
  readonly attribution: string | null
}

/** What a country database says, apart from its name and role. */
export interface MmdbContent {
  readonly v4: Ranges
  readonly v6: Ranges
  /** Day of the build, by the file's metadata. */
  readonly date: string
  readonly warnings: readonly string[]
}

/** Opens, hashes and validates a file; throws GeoSourceError where it can't be used. */
export async function openMmdb(file: string, { name, role, attribution }: MmdbOptions): Promise<GeoSource> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new GeoSourceError(file, whyUnreadable(cause), { cause })
  })
  try {
    // Web Crypto hashes on the thread pool while this thread walks the tree.
    const digest = crypto.subtle.digest('SHA-256', bytes)
    const { v4, v6, date, warnings } = parseMmdb(bytes)
    const sha256 = Buffer.from(await digest).toString('hex')
    return { info: { name, role, date, sha256, attribution }, v4, v6, warnings: warnings.map((text) => `${name}: ${text}`) }
  } catch (error) {
    throw new GeoSourceError(file, error instanceof Error ? error.message : String(error), { cause: error })
  }
}

/** Reads and validates the bytes of a file; throws an Error that says what is wrong with them. */
export function parseMmdb(bytes: Buffer): MmdbContent {
  const { reader, dataSize } = openReader(bytes)
  const { nodeCount, recordSize, ipVersion, databaseType, buildEpoch } = reader.metadata
  const odd = new Set<string>()
  const keys = new Set<string>()
  let countries = 0
  const { v4, v6 } = walkTree({ bytes, nodeCount, recordSize, ipVersion }, (pointer, at, lanes) => {
    const offset = pointer - nodeCount - SEPARATOR
    if (offset < 0 || offset >= dataSize) throw new Error(`the record of ${formatWords(at, lanes)} lies outside the data section`)
    const record = recordAt(reader, at, lanes)
    const said = countryOfRecord(record)
    if (said.kind === 'malformed')
      throw new Error(`the record of ${formatWords(at, lanes)} is damaged, or this is ${notCountries(databaseType)}: ${said.why}`)
    if (said.kind === 'odd') odd.add(said.text)
    if (said.kind === 'none') for (const key of Object.keys(record ?? {}).slice(0, 8)) keys.add(key)
    if (said.kind !== 'country') return 0
    countries++
    return countryNumber(said.code)
  })
  if (countries === 0) {
    throw new Error(
      keys.size > 0
        ? `${notCountries(databaseType)}: its records hold ${list(keys)}`
        : `${notCountries(databaseType)}: no record names a country`,
    )
  }
  return { v4, v6, date: buildEpoch.toISOString().slice(0, 10), warnings: warningsOf(v4, v6, odd) }
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

const notCountries = (type: string): string => `not a country database (its type is "${printable(String(type))}")`

const list = (texts: ReadonlySet<string>): string =>
  [...texts]
    .slice(0, 12)
    .map((text) => `"${printable(text)}"`)
    .join(', ')
