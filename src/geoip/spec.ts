/**
 * One source as it is to be opened: which files, how to read them, what it may do to the answer. Plain data, so that
 * another thread can open it; what it stands for in the settings, `kinds.ts` knows.
 */
import type { SourceRole } from '../model/location.ts'
import type { SecretPlace } from './secret.ts'

/** How a source's files are read; `override` has none, its places stand in the settings. */
export type SourceFormat = 'mmdb' | 'csv' | 'geofeed' | 'cloud-ranges' | 'operator-table' | 'override'

export interface SourceSpec {
  readonly name: string
  readonly role: SourceRole
  readonly format: SourceFormat
  /** Paths. Several make up one source, such as one for each address family. */
  readonly files: readonly string[]
  /** SHA-256 that each file must have, hex; empty where any content will do. */
  readonly expected: readonly string[]
  /** Who speaks, by `geoip/publishers.json`: for an authority, and for a format that is one publisher's own. */
  readonly publisher: string | null
  /** Prefix → country, of an override. */
  readonly places: Readonly<Record<string, string>>
  /** Day of the data where the operator or the manifest says it, ISO 8601; else the file's own word counts. */
  readonly date: string | null
  readonly licence: string | null
  readonly attribution: string | null
  /** Where newer editions come from, or `null`: its file changes by other hands. */
  readonly vendor: VendorAsk | null
}

/** A file of `vendors.ts`, with what that vendor wants to know of the user. */
export interface VendorAsk {
  readonly file: string
  readonly account: string | null
  readonly key: SecretPlace | null
}

/** What names a table: two with the same inputs look up the same. Paths are not part of it, contents are. */
export const identityOf = (spec: SourceSpec, hashes: readonly string[]): readonly unknown[] => [
  spec.name,
  spec.role,
  spec.format,
  spec.publisher,
  spec.date,
  Object.entries(spec.places).sort(),
  hashes,
]
