/**
 * Opens one source: reads its files, checks them against the hashes that they must have, and has them read as a whole
 * by the parser of their format. A file that has a fault anywhere is refused with its name and the fault.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { parseCloudRanges } from './cloud-ranges.ts'
import { parseCsv } from './csv.ts'
import { parseGeofeed } from './geofeed.ts'
import { parseMmdb } from './mmdb.ts'
import { parseOperatorTable } from './operator-table.ts'
import { parseOverrides } from './override.ts'
import { loadPublishers, loadRegions, type Publisher } from './publishers.ts'
import { type Content, type GeoSource, GeoSourceError, whyUnreadable } from './source.ts'
import type { SourceFormat, SourceSpec } from './spec.ts'

/** A file's bytes and their SHA-256, hex. */
export interface HashedFile {
  readonly bytes: Buffer
  readonly sha256: string
}

/** Reads and hashes the files of a source; throws GeoSourceError where one can't be read or is not the one expected. */
export const readFiles = ({ files, expected }: SourceSpec): Promise<readonly HashedFile[]> =>
  Promise.all(
    files.map(async (file, i) => {
      const bytes = await readFile(file).catch((cause: unknown) => {
        throw new GeoSourceError(file, whyUnreadable(cause), { cause })
      })
      // Web Crypto hashes on the thread pool, beside whatever this thread does.
      const sha256 = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex')
      const wanted = expected[i]
      if (wanted !== undefined && wanted !== sha256) {
        throw new GeoSourceError(file, `not the file that was meant: its SHA-256 is ${sha256}, not ${wanted}`)
      }
      return { bytes, sha256 }
    }),
  )

/** Reads a source's content; throws GeoSourceError that names the file and the fault. */
export async function openSource(spec: SourceSpec, read: readonly HashedFile[]): Promise<GeoSource> {
  const publisher = await publisherOf(spec)
  const { says, v4, v6, date, warnings } = await parse(spec, read, publisher)
  const known = spec.date ?? date
  const undated = known === null && spec.format !== 'override' ? ['the file does not say of which day its data is; write "date:"'] : []
  return {
    info: { name: spec.name, role: spec.role, date: known, sha256: hashOf(read), licence: spec.licence, attribution: spec.attribution },
    says,
    v4,
    v6,
    speaksIn: spec.role === 'authority' && publisher !== null ? publisher.asns : new Set(),
    warnings: [...undated, ...warnings].map((text) => `${spec.name}: ${text}`),
  }
}

type Parser = (files: readonly Buffer[], spec: SourceSpec, publisher: Publisher | null) => Content | Promise<Content>

const one = (files: readonly Buffer[]): Buffer => files[0] ?? Buffer.alloc(0)

/** Every format, by its word. */
const parsers: Readonly<Record<SourceFormat, Parser>> = {
  mmdb: (files, { role }) => parseMmdb(one(files), role),
  csv: (files, { role }) => parseCsv(files, role),
  geofeed: (files) => parseGeofeed(one(files)),
  'cloud-ranges': async (files, _, publisher) => {
    if (publisher === null) throw new Error('no publisher is named')
    if (publisher.format === 'geofeed') throw new Error(`${publisher.name} publishes a geofeed: write "type: geofeed"`)
    return parseCloudRanges(one(files), publisher.format, await loadRegions(publisher.id))
  },
  'operator-table': async (files, _, publisher) =>
    parseOperatorTable(one(files), publisher === null || publisher.format === 'geofeed' ? null : await loadRegions(publisher.id)),
  override: (_, { places }) => parseOverrides(places),
}

async function parse(spec: SourceSpec, read: readonly HashedFile[], publisher: Publisher | null): Promise<Content> {
  try {
    return await parsers[spec.format](
      read.map(({ bytes }) => bytes),
      spec,
      publisher,
    )
  } catch (cause) {
    throw new GeoSourceError(spec.files.join(', ') || spec.name, cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

async function publisherOf({ name, publisher }: SourceSpec): Promise<Publisher | null> {
  if (publisher === null) return null
  const found = (await loadPublishers()).get(publisher)
  if (found === undefined) throw new GeoSourceError(name, `"${publisher}" is not on the list of publishers (geoip/publishers.json)`)
  return found
}

/** Of one file its own, of several the hash over theirs. */
function hashOf(read: readonly HashedFile[]): string {
  const [first, ...more] = read
  return first !== undefined && more.length === 0 ? first.sha256 : sha256Hex(read.map(({ sha256 }) => sha256).join('\n'))
}

const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')
