/**
 * `geoip.lock`: every file of a table by its hash, so that a study can be repeated with the same data, on this machine
 * or another: the files are found by what they hold, wherever they lie.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { OperatorError } from '../model/errors.ts'
import type { EditionStore } from './editions.ts'
import type { GeoTable } from './index.ts'
import { GeoSourceError, whyUnreadable } from './source.ts'
import type { SourceSpec } from './spec.ts'

const hex = z.string().regex(/^[0-9a-f]{64}$/)

const schema = z.strictObject({
  version: z.literal(1),
  /** Of the program: its tables of regions and publishers are part of what a table is made with. */
  program: z.string(),
  /** `keyOf` the inputs: the same data and program make the same table. */
  table: hex,
  /** With the list of companies: what the records name. */
  hash: hex,
  sources: z.array(
    z.strictObject({
      name: z.string(),
      role: z.enum(['override', 'authority', 'voter', 'witness', 'registry', 'asn', 'anycast']),
      format: z.enum(['mmdb', 'csv', 'geofeed', 'cloud-ranges', 'operator-table', 'override']),
      publisher: z.string().nullable(),
      places: z.record(z.string(), z.string()),
      date: z.string().nullable(),
      licence: z.string().nullable(),
      attribution: z.string().nullable(),
      files: z.array(hex),
    }),
  ),
})

export type Lock = z.output<typeof schema>

/** Locks what a table was made of; every file goes into the store for good, where `specsOfLock` finds it again. */
export async function lockOf(specs: readonly SourceSpec[], table: GeoTable, store: EditionStore, program: string): Promise<Lock> {
  const sources = await Promise.all(
    specs.map(async ({ name, role, format, publisher, places, date, licence, attribution, files }) => ({
      name,
      role,
      format,
      publisher,
      places,
      date,
      licence,
      attribution,
      files: await Promise.all(files.map((file) => store.keep(file))),
    })),
  )
  await store.lock(sources.flatMap(({ files }) => files))
  return { version: 1, program, table: table.key, hash: table.hash, sources }
}

/** Reads a lock; throws GeoSourceError for a file that is none. */
export async function readLock(file: string): Promise<Lock> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new GeoSourceError(file, whyUnreadable(cause), { cause })
  })
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new GeoSourceError(file, 'not a lock of location data ("ringfence geoip lock" writes one)', { cause })
  }
}

/** The sources of a lock, each file wherever one of that hash is: in the store, or among the sources as they are now. */
export async function specsOfLock(lock: Lock, now: readonly SourceSpec[], store: EditionStore): Promise<readonly SourceSpec[]> {
  const places = new Map<string, string>()
  const candidates = [
    ...lock.sources.flatMap(({ files }) => files.map((sha256) => store.fileOf(sha256))),
    ...now.flatMap(({ files }) => files),
  ]
  for (const file of candidates) {
    const bytes = await readFile(file).catch(() => null)
    if (bytes !== null) places.set(createHash('sha256').update(bytes).digest('hex'), file)
  }
  return lock.sources.map(({ files, ...source }) => ({
    ...source,
    vendor: null,
    expected: files,
    files: files.map((sha256) => {
      const place = places.get(sha256)
      if (place === undefined) {
        throw new OperatorError(
          `${source.name}: no file with the SHA-256 ${sha256} is here; the lock needs it (copy it to ${store.fileOf(sha256)})`,
        )
      }
      return place
    }),
  }))
}
