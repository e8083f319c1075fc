/**
 * The sources that come with Ringfence, as npm packages and as tables in `geoip/`: location without an account and
 * without the network. `geoip/manifest.json` says which; a file whose hash is another than the manifest's is refused,
 * so that the shipped data is what was tested.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { GeoSourceError } from './source.ts'
import type { SourceSpec } from './spec.ts'

// Two folders up is the package's root both from src/geoip and from dist/geoip.
const FOLDER = fileURLToPath(new URL('../../geoip/', import.meta.url))

const manifestSchema = z.strictObject({
  embedded: z.array(
    z.strictObject({
      name: z.string(),
      role: z.enum(['authority', 'voter', 'witness', 'registry', 'asn', 'anycast']),
      format: z.enum(['mmdb', 'csv', 'operator-table']),
      publisher: z.string().optional(),
      /** The vendor's file that newer editions come from. */
      vendor: z.string().optional(),
      /** The npm package that holds the files; without it they stand in `geoip/`. */
      package: z.strictObject({ name: z.string(), version: z.string() }).optional(),
      files: z.array(z.strictObject({ file: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) })).min(1),
      date: z.iso.date(),
      licence: z.string(),
      attribution: z.string().nullable(),
    }),
  ),
})

/** What `geoip/manifest.json` says of one embedded source. */
export type EmbeddedEntry = z.infer<typeof manifestSchema>['embedded'][number]

/** Reads the list of the sources that come with Ringfence. */
export async function readManifest(): Promise<readonly EmbeddedEntry[]> {
  return manifestSchema.parse(JSON.parse(await readFile(`${FOLDER}manifest.json`, 'utf8'))).embedded
}

/** How to open one of them; throws GeoSourceError where its package is missing. */
export const specOf = (entry: EmbeddedEntry): SourceSpec => ({
  name: entry.name,
  role: entry.role,
  format: entry.format,
  files: entry.files.map(({ file }) => placeOf(entry, file)),
  expected: entry.files.map(({ sha256 }) => sha256),
  publisher: entry.publisher ?? null,
  places: {},
  date: entry.date,
  licence: entry.licence,
  attribution: entry.attribution,
  vendor: entry.vendor === undefined ? null : { file: entry.vendor, account: null, key: null },
})

function placeOf({ package: from }: EmbeddedEntry, file: string): string {
  if (from === undefined) return `${FOLDER}${file}`
  try {
    return createRequire(import.meta.url).resolve(`${from.name}/${file}`)
  } catch (cause) {
    throw new GeoSourceError(`${from.name}/${file}`, `not found; is the npm package ${from.name} ${from.version} installed?`, { cause })
  }
}
