/** Every kind of location source that the settings may list, with its schema and what it stands for. */
import { basename, extname } from 'node:path'
import { z } from 'zod'
import { OperatorError } from '../model/errors.ts'
import type { SourceRole } from '../model/location.ts'
import { didYouMean } from '../model/suggest.ts'
import { readManifest, specOf } from './embedded.ts'
import { parseOverrides } from './override.ts'
import type { SourceSpec } from './spec.ts'
import { vendors } from './vendors.ts'

const shortText = (most: number) =>
  z
    .string()
    .trim()
    .min(1, { error: 'must not be empty' })
    .max(most, { error: `must have at most ${most} characters` })

const name = shortText(60).optional()
const date = z.iso.date({ error: 'must be a day, such as 2026-06-30' }).optional()
const attribution = shortText(200).optional()
const path = z.string().min(1, { error: 'must be the path of a file' })

const mmdbFiles = vendors.flatMap(({ files }) => files.filter(({ kind }) => kind === 'mmdb').map((file) => file.name))

const embeddedSchema = z.strictObject({
  type: z.literal('embedded'),
  /** By the source's name: another role than the shipped one, or `off`. */
  roles: z
    .record(z.string(), z.enum(['voter', 'witness', 'registry', 'asn', 'anycast', 'off']), {
      error: 'must be a set of names, each with a role',
    })
    .optional(),
})

export const secretSchema = z.union([z.strictObject({ file: path }), z.strictObject({ env: shortText(200) })], {
  error: 'must be { file: a path } or { env: the name of a variable }: a key never stands here itself',
})

const mmdbSchema = z
  .strictObject({
    type: z.literal('mmdb'),
    /** Either a file of the operator's own, or one that `geoip update` downloads. */
    path: path.optional(),
    vendor: z.enum(mmdbFiles).optional(),
    account: shortText(200).optional(),
    key: secretSchema.optional(),
    role: z.enum(['voter', 'witness', 'registry', 'asn']),
    /** Default of every name: the file's without its ending. */
    name,
    date,
    attribution,
  })
  .superRefine(({ path, vendor, account, key }, context) => {
    for (const [word, value] of Object.entries({ account, key })) {
      if (vendor === undefined && value !== undefined)
        context.addIssue({ code: 'custom', path: [word], message: 'belongs to a "vendor": nothing else is downloaded' })
    }
    if ((path === undefined) === (vendor === undefined)) {
      const message =
        path === undefined
          ? 'must be the path of a file (or name a "vendor" whose file is downloaded)'
          : 'excludes "vendor": a file is either yours or downloaded'
      context.addIssue({ code: 'custom', path: ['path'], message })
    }
  })

const csvSchema = z.strictObject({
  type: z.literal('csv'),
  /** One file, or several that make up one source (one for each address family). */
  path: z.union([path, z.array(path).min(1, { error: 'must have at least one entry' })], {
    error: 'must be the path of a file, or a list of such',
  }),
  role: z.enum(['voter', 'witness', 'registry', 'asn', 'anycast']),
  name,
  date,
  attribution,
})

const geofeedSchema = z
  .strictObject({
    type: z.literal('geofeed'),
    path,
    role: z.enum(['authority', 'voter', 'witness']),
    /** Required of an authority: one of `geoip/publishers.json`. */
    publisher: z.string().optional(),
    name,
    date,
    attribution,
  })
  .superRefine(({ role, publisher }, context) => {
    if (role === 'authority' && publisher === undefined)
      context.addIssue({ code: 'custom', path: ['publisher'], message: 'must be said of an authority (one of geoip/publishers.json)' })
  })

const cloudRangesSchema = z.strictObject({
  type: z.literal('cloud-ranges'),
  path,
  publisher: z.string({ error: 'must be one of geoip/publishers.json' }),
  role: z.enum(['authority', 'voter', 'witness']).default('authority'),
  name,
  date,
  attribution,
})

const overrideSchema = z.strictObject({
  type: z.literal('override'),
  /** Prefix → country. */
  places: z
    .record(z.string(), z.string(), { error: 'must be a set of prefixes, each with a country' })
    .superRefine((places, context) => faultsOf(places).forEach((message) => void context.addIssue({ code: 'custom', message }))),
  name,
})

/** What is wrong with the places of an override: said of the settings, since no file is at fault. */
function faultsOf(places: Readonly<Record<string, string>>): readonly string[] {
  try {
    parseOverrides(places)
    return []
  } catch (error) {
    return error instanceof Error ? error.message.split('\n') : [String(error)]
  }
}

interface Kind {
  readonly schema: z.ZodType
  /** The sources that an entry of the settings stands for; it is checked against the schema first. */
  specs(settings: unknown): Promise<readonly SourceSpec[]>
}

/** Every kind, by the word that the settings use. */
export const sourceKinds = {
  embedded: { schema: embeddedSchema, specs: async (settings) => embedded(embeddedSchema.parse(settings).roles ?? {}) },
  mmdb: { schema: mmdbSchema, specs: async (settings) => [mmdbSpec(mmdbSchema.parse(settings))] },
  csv: { schema: csvSchema, specs: async (settings) => [ofFile('csv', csvSchema.parse(settings))] },
  geofeed: {
    schema: geofeedSchema,
    specs: async (settings) => [ofFile('geofeed', geofeedSchema.parse(settings))],
  },
  'cloud-ranges': { schema: cloudRangesSchema, specs: async (settings) => [ofFile('cloud-ranges', cloudRangesSchema.parse(settings))] },
  override: {
    schema: overrideSchema,
    specs: async (settings) => {
      const { places, name = 'override' } = overrideSchema.parse(settings)
      return [{ ...plain, name, role: 'override', format: 'override', places }]
    },
  },
} satisfies Record<string, Kind>

const kindNames = Object.keys(sourceKinds)

/** One entry of `geoip: sources:`; plain `embedded` is short for `{ type: embedded }`. */
export const geoSourceSchema = z
  .unknown()
  .superRefine((source, context) => {
    // zod names neither what was written for `type` nor that a file's name alone is not enough.
    if (typeof source === 'string' && source !== 'embedded') {
      context.addIssue({ code: 'custom', message: 'must be "embedded", or { type: mmdb, path: a file, role: voter or witness }' })
    } else if (typeof source === 'object' && source !== null) {
      const type = 'type' in source ? String(source.type) : null
      if (type === null) context.addIssue({ code: 'custom', message: `"type" is missing (${kindNames.join(', ')})` })
      else if (!kindNames.includes(type)) {
        const message = `"${type}" is not one of ${kindNames.join(', ')}${didYouMean(type, kindNames)}`
        context.addIssue({ code: 'custom', path: ['type'], message })
      }
    }
  })
  .transform((source) => (source === 'embedded' ? { type: 'embedded' } : source))
  .pipe(z.discriminatedUnion('type', [embeddedSchema, mmdbSchema, csvSchema, geofeedSchema, cloudRangesSchema, overrideSchema]))

/** One source as the settings list it. */
export type GeoSourceSettings = z.output<typeof geoSourceSchema>

/** The same entry with its paths made absolute: they are relative to the settings file. */
export function withPaths(source: GeoSourceSettings, resolve: (path: string) => string): GeoSourceSettings {
  if (source.type === 'mmdb') {
    const key = source.key !== undefined && 'file' in source.key ? { file: resolve(source.key.file) } : source.key
    return { ...source, ...(source.path !== undefined && { path: resolve(source.path) }), ...(key !== undefined && { key }) }
  }
  if (!('path' in source)) return source
  if (source.type !== 'csv') return { ...source, path: resolve(source.path) }
  return { ...source, path: typeof source.path === 'string' ? resolve(source.path) : source.path.map(resolve) }
}

const plain = { files: [], expected: [], publisher: null, places: {}, date: null, licence: null, attribution: null, vendor: null } as const

function mmdbSpec({ path, vendor, account, key, ...rest }: z.output<typeof mmdbSchema>): SourceSpec {
  if (vendor === undefined) return ofFile('mmdb', { ...rest, path: path ?? '' })
  const spec = ofFile('mmdb', { ...rest, name: rest.name ?? vendor, path: [] })
  return { ...spec, vendor: { file: vendor, account: account ?? null, key: key ?? null } }
}

interface FileSettings {
  readonly path: string | readonly string[]
  readonly role: SourceRole
  readonly publisher?: string | undefined
  readonly name?: string | undefined
  readonly date?: string | undefined
  readonly attribution?: string | undefined
}

function ofFile(format: SourceSpec['format'], { path, role, publisher, name, date, attribution }: FileSettings): SourceSpec {
  const files = typeof path === 'string' ? [path] : path
  const first = files[0] ?? ''
  return {
    ...plain,
    name: name ?? basename(first, extname(first)),
    role,
    format,
    files,
    publisher: publisher ?? null,
    date: date ?? null,
    attribution: attribution ?? null,
  }
}

async function embedded(roles: Readonly<Record<string, SourceRole | 'off'>>): Promise<readonly SourceSpec[]> {
  const shipped = (await readManifest()).map(specOf)
  const names = shipped.map((spec) => spec.name)
  const unknown = Object.keys(roles).find((name) => !names.includes(name))
  if (unknown !== undefined) {
    throw new OperatorError(
      `geoip.sources: no embedded source is called "${unknown}"${didYouMean(unknown, names)} (they are ${names.join(', ')})`,
    )
  }
  return shipped.flatMap((spec) => {
    const role = roles[spec.name] ?? spec.role
    if (role === 'off') return []
    if (subjectOf(role) !== subjectOf(spec.role))
      throw new OperatorError(`geoip.sources: "${spec.name}" says ${subjectOf(spec.role)}, so its role can't be "${role}"`)
    return [{ ...spec, role }]
  })
}

/** What a source of this role says of an address; no other role makes it say something else. */
function subjectOf(role: SourceRole): string {
  if (role === 'asn') return 'whose network an address is in'
  return role === 'anycast' ? 'which addresses are in many places' : 'where addresses are'
}
