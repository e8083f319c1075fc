/**
 * Opens location sources of every kind, as the settings list them, and compiles them into the one table that the road
 * asks. A kind exists because `sourceKinds` lists it.
 */
import { createHash } from 'node:crypto'
import { basename, extname } from 'node:path'
import { z } from 'zod'
import { OperatorError } from '../model/errors.ts'
import type { SourceInfo } from '../model/location.ts'
import { openEmbedded } from './embedded.ts'
import { openMmdb } from './mmdb.ts'
import type { GeoSource } from './source.ts'
import { compileTable, type Table } from './table.ts'

const embeddedSchema = z.strictObject({ type: z.literal('embedded') })

const mmdbSchema = z.strictObject({
  type: z.literal('mmdb'),
  path: z.string().min(1),
  role: z.enum(['voter', 'witness']),
  /** Default: the file's name without its ending. */
  name: z.string().trim().min(1).max(60).optional(),
})

interface SourceKind {
  readonly schema: z.ZodType
  /** Opens what the settings name; they are checked against the schema first. */
  open(settings: unknown): Promise<readonly GeoSource[]>
}

/** Every kind of source, by the word that the settings use. */
export const sourceKinds = {
  embedded: { schema: embeddedSchema, open: () => openEmbedded() },
  mmdb: {
    schema: mmdbSchema,
    open: async (settings) => {
      const { path, role, name = basename(path, extname(path)) } = mmdbSchema.parse(settings)
      return [await openMmdb(path, { name, role, attribution: null })]
    },
  },
} satisfies Record<string, SourceKind>

/** One entry of `geoip: sources:`; plain `embedded` is short for `{ type: embedded }`. */
export const geoSourceSchema = z.preprocess(
  (value) => (typeof value === 'string' && value in sourceKinds ? { type: value } : value),
  z.discriminatedUnion('type', [sourceKinds.embedded.schema, sourceKinds.mmdb.schema]),
)

/** One source as the settings list it. */
export type GeoSourceSettings = z.output<typeof geoSourceSchema>

/** The compiled table with what it was made of. Implements the road's `Locator`. */
export interface GeoTable extends Table {
  readonly sources: readonly SourceInfo[]
  /** SHA-256 over the sources' names, roles and file hashes, in their order, hex. */
  readonly hash: string
  readonly oldestDate: string
  readonly newestDate: string
  /** What the operator should know of usable sources, each beginning with the source's name. */
  readonly warnings: readonly string[]
}

/** Opens all sources and compiles them; throws GeoSourceError for a file that can't be used, OperatorError for a list that can't. */
export async function openTable(settings: readonly GeoSourceSettings[]): Promise<GeoTable> {
  const opened = await Promise.all(settings.map((each) => sourceKinds[each.type].open(each)))
  return tableOf(opened.flat())
}

/** Compiles sources that are already open. */
export function tableOf(opened: readonly GeoSource[]): GeoTable {
  const sources = opened.map(({ info }) => info)
  const twice = sources.find(({ name }, i) => sources.findIndex((other) => other.name === name) < i)
  if (twice !== undefined) throw new OperatorError(`geoip.sources: two sources are called "${twice.name}"; give one of them another name`)
  if (!sources.some(({ role }) => role === 'voter'))
    throw new OperatorError('geoip.sources: no source is a voter, so no address would ever have a country')
  const table = compileTable(opened)
  const dates = sources.map(({ date }) => date).sort()
  return {
    locate: (ip) => table.locate(ip),
    lookup4: (address) => table.lookup4(address),
    lookup6: (a, b, c, d) => table.lookup6(a, b, c, d),
    size: table.size,
    sources,
    hash: hashOf(sources),
    oldestDate: dates[0] ?? '',
    newestDate: dates.at(-1) ?? '',
    warnings: opened.flatMap(({ warnings }) => warnings),
  }
}

function hashOf(sources: readonly SourceInfo[]): string {
  const identity = sources.map(({ name, role, sha256 }) => [name, role, sha256])
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex')
}
