/**
 * The databases that come with Ringfence, as npm packages: location without an account and without the network.
 * `geoip/manifest.json` says which; a file whose hash is another than the manifest's is refused, so that the shipped
 * data is what was tested.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { openMmdb } from './mmdb.ts'
import { type GeoSource, GeoSourceError } from './source.ts'

// Two folders up is the package's root both from src/geoip and from dist/geoip.
const MANIFEST = fileURLToPath(new URL('../../geoip/manifest.json', import.meta.url))

const manifestSchema = z.strictObject({
  embedded: z.array(
    z.strictObject({
      name: z.string(),
      role: z.enum(['voter', 'witness']),
      package: z.string(),
      version: z.string(),
      file: z.string(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      date: z.iso.date(),
      licence: z.string(),
      attribution: z.string(),
    }),
  ),
})

/** What `geoip/manifest.json` says of one embedded database. */
export type EmbeddedEntry = z.infer<typeof manifestSchema>['embedded'][number]

/** Reads the list of the databases that come with Ringfence. */
export async function readManifest(): Promise<readonly EmbeddedEntry[]> {
  return manifestSchema.parse(JSON.parse(await readFile(MANIFEST, 'utf8'))).embedded
}

/** Opens the databases that come with Ringfence; throws GeoSourceError where one is missing or not as shipped. */
export async function openEmbedded(): Promise<readonly GeoSource[]> {
  return Promise.all((await readManifest()).map(openEntry))
}

/** Opens one database of the manifest. */
export async function openEntry(entry: EmbeddedEntry): Promise<GeoSource> {
  const file = locateFile(entry)
  const source = await openMmdb(file, entry)
  if (source.info.sha256 !== entry.sha256) {
    throw new GeoSourceError(file, `not as shipped: its SHA-256 is ${source.info.sha256}, geoip/manifest.json says ${entry.sha256}`)
  }
  return source
}

function locateFile({ package: name, version, file }: EmbeddedEntry): string {
  try {
    return createRequire(import.meta.url).resolve(`${name}/${file}`)
  } catch (cause) {
    throw new GeoSourceError(`${name}/${file}`, `not found; is the npm package ${name} ${version} installed?`, { cause })
  }
}
