/**
 * Who may be believed about its own addresses: operators that publish where those are, each with the ASes that are its
 * own. Anybody can write a feed and claim any country in it, so this list ships with the program.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { parseDoubted, parseRegions, type RegionTable } from './regions.ts'

// Two folders up is the package's root both from src/geoip and from dist/geoip.
const FOLDER = new URL('../../geoip/', import.meta.url)

const ID = /^[a-z0-9-]+$/

const schema = z.strictObject({
  publishers: z.array(
    z.strictObject({
      id: z.string().regex(ID),
      name: z.string(),
      format: z.enum(['aws', 'google', 'azure', 'azure-china', 'oracle', 'geofeed']),
      /** Where the publication is. */
      url: z.url({ protocol: /^https$/ }),
      /** AS number → its name, and why it is listed where that is not plain. */
      asns: z.record(z.string().regex(/^[1-9]\d{0,9}$/), z.string()),
      /** What the AS numbers were found by, and when. */
      source: z.string(),
      date: z.iso.date(),
    }),
  ),
})

/** One operator that publishes where its addresses are. */
export interface Publisher {
  readonly id: string
  /** As shown to people. */
  readonly name: string
  readonly format: z.infer<typeof schema>['publishers'][number]['format']
  readonly url: string
  /** The ASes that are its own, or announce for it: only there does its word count. */
  readonly asns: ReadonlySet<number>
}

/** Reads `geoip/publishers.json`, by id. */
export async function loadPublishers(): Promise<ReadonlyMap<string, Publisher>> {
  const { publishers } = schema.parse(JSON.parse(await readFile(new URL('publishers.json', FOLDER), 'utf8')))
  return new Map(
    publishers.map(({ id, name, format, url, asns }) => [id, { id, name, format, url, asns: new Set(Object.keys(asns).map(Number)) }]),
  )
}

/** The files of the program that decide what a publisher's word means: when one changes, tables made with it are others. */
export const referencesOf = (publisher: string | null): readonly string[] =>
  publisher === null
    ? []
    : ['publishers.json', 'doubted.csv', `regions/${publisher}.csv`]
        .map((file) => fileURLToPath(new URL(file, FOLDER)))
        // One whose feed names countries has no regions.
        .filter((file) => existsSync(file))

/** Reads the regions of a publisher, and the networks of which its word is doubted; throws an Error where it has no table of regions. */
export async function loadRegions(id: string): Promise<RegionTable> {
  if (!ID.test(id)) throw new Error(`"${id}" is not the id of a publisher`)
  const [regions, doubted] = await Promise.all([
    readFile(new URL(`regions/${id}.csv`, FOLDER), 'utf8').catch((cause: unknown) => {
      throw new Error(`there is no table of regions for "${id}" (geoip/regions/)`, { cause })
    }),
    readFile(new URL('doubted.csv', FOLDER), 'utf8'),
  ])
  return { countries: parseRegions(regions), doubted: parseDoubted(doubted, id) }
}
