/**
 * Downloaded editions of sources, kept by their hash so that any of them can come back: each update makes a generation,
 * which says for every source that was ever downloaded which edition counts. `editions.json` names the current one.
 */
import { createHash, randomBytes } from 'node:crypto'
import { copyFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { GeoSourceError, whyUnreadable } from './source.ts'
import type { SourceSpec } from './spec.ts'

const hex = z.string().regex(/^[0-9a-f]{64}$/)

const editionSchema = z.strictObject({
  format: z.enum(['mmdb', 'csv', 'geofeed', 'cloud-ranges', 'operator-table']),
  /** In the order of the source's files. */
  files: z.array(hex).min(1),
  /** Day of the data, where the vendor names it. */
  date: z.iso.date().nullable(),
  /** The vendor's address, without secrets. */
  from: z.string(),
})

const generationSchema = z.strictObject({
  number: z.number().int().positive(),
  /** When it was made, ISO 8601 UTC. */
  at: z.string(),
  sources: z.record(z.string(), editionSchema),
})

const schema = z
  .strictObject({
    version: z.literal(1),
    /** The number of the generation that counts; 0: none, the sources as shipped or as the settings name them. */
    current: z.number().int().nonnegative(),
    /** One that waits for a person's word. */
    held: z.number().int().positive().nullable(),
    generations: z.array(generationSchema),
    /** Files that stay though no generation uses them: a lock names them. */
    locked: z.array(hex).default([]),
    /** What was in force before the current one, the last at the end: the way back. */
    before: z.array(z.number().int().nonnegative()).default([]),
  })
  .refine(({ current, generations }) => current === 0 || generations.some(({ number }) => number === current))

export type Edition = z.output<typeof editionSchema>
export type Generation = z.output<typeof generationSchema>
export type Editions = z.output<typeof schema>

const none: Editions = { version: 1, current: 0, held: null, generations: [], locked: [], before: [] }

/** Generations that can be rolled back to. */
const KEPT = 12

/** The store of one folder. */
export class EditionStore {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** What a change of editions changes. */
  get indexFile(): string {
    return join(this.#folder, 'editions.json')
  }

  /** Where a file of this hash is, if it was ever stored. */
  fileOf(sha256: string): string {
    return join(this.#folder, 'files', sha256)
  }

  /** Throws GeoSourceError for a damaged index: which edition counts is then not known. */
  async read(): Promise<Editions> {
    const text = await readFile(this.indexFile, 'utf8').catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return null
      throw new GeoSourceError(this.indexFile, whyUnreadable(cause), { cause })
    })
    if (text === null) return none
    try {
      return schema.parse(JSON.parse(text))
    } catch (cause) {
      throw new GeoSourceError(this.indexFile, 'damaged; remove it to go on with the data as shipped', { cause })
    }
  }

  /** Stores a file under its hash, and returns that. */
  async keep(file: string): Promise<string> {
    const sha256 = createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
    const place = this.fileOf(sha256)
    if (await isThere(place)) return sha256
    const fresh = `${place}.${randomBytes(4).toString('hex')}.part`
    try {
      await mkdir(join(this.#folder, 'files'), { recursive: true })
      await copyFile(file, fresh)
      await rename(fresh, place)
    } catch (cause) {
      throw new GeoSourceError(this.#folder, `an edition can't be kept there: ${whyUnreadable(cause)}`, { cause })
    }
    return sha256
  }

  /** Adds a generation: the current one with these editions in place of its own. It counts when `use` says so. */
  async add(sources: Readonly<Record<string, Edition>>, at: string): Promise<Generation> {
    const editions = await this.read()
    const before = editions.generations.find(({ number }) => number === editions.current)
    const number = Math.max(0, ...editions.generations.map((generation) => generation.number)) + 1
    const generation = { number, at, sources: { ...before?.sources, ...sources } }
    await this.#write({ ...editions, generations: [...editions.generations, generation] })
    return generation
  }

  /** Makes a generation, or with 0 none, the current one. Throws an Error for one that is not there. */
  async use(number: number): Promise<void> {
    const editions = await this.read()
    if (number !== 0 && !editions.generations.some((generation) => generation.number === number)) {
      throw new Error(`there is no generation ${number}`)
    }
    const held = editions.held === number ? null : editions.held
    // Whoever goes back to it goes one step back, and not in circles.
    const before = editions.before.at(-1) === number ? editions.before.slice(0, -1) : [...editions.before, editions.current].slice(-KEPT)
    await this.#write({ ...editions, held, before, current: number })
  }

  /** Makes a generation wait for a person's word; `null`: none waits. */
  async hold(number: number | null): Promise<void> {
    await this.#write({ ...(await this.read()), held: number })
  }

  /** Keeps files for good that were stored. */
  async lock(files: readonly string[]): Promise<void> {
    const editions = await this.read()
    const fresh = files.filter((file) => !editions.locked.includes(file))
    if (fresh.length > 0) await this.#write({ ...editions, locked: [...editions.locked, ...new Set(fresh)] })
  }

  async #write(editions: Editions): Promise<void> {
    const kept = editions.generations.slice(-KEPT)
    const current = editions.generations.find(({ number }) => number === editions.current)
    const generations = current === undefined || kept.includes(current) ? kept : [current, ...kept.slice(1)]
    const held = generations.some(({ number }) => number === editions.held) ? editions.held : null
    const fresh = `${this.indexFile}.${randomBytes(4).toString('hex')}.part`
    try {
      await mkdir(this.#folder, { recursive: true })
      await writeFile(fresh, `${JSON.stringify({ ...editions, held, generations }, null, 2)}\n`, { mode: 0o600 })
      await rename(fresh, this.indexFile)
    } catch (cause) {
      throw new GeoSourceError(this.indexFile, whyUnreadable(cause), { cause })
    }
    await this.#removeUnused(editions, generations)
  }

  async #removeUnused(before: Editions, kept: readonly Generation[]): Promise<void> {
    const used = new Set([...filesOf(kept), ...before.locked])
    const dropped = filesOf(before.generations.filter((generation) => !kept.includes(generation)))
    await Promise.all([...dropped].filter((file) => !used.has(file)).map((file) => rm(this.fileOf(file), { force: true })))
  }
}

const filesOf = (generations: readonly Generation[]): ReadonlySet<string> =>
  new Set(generations.flatMap(({ sources }) => Object.values(sources).flatMap(({ files }) => files)))

const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  )

/**
 * The sources with the editions of a generation in place of what was shipped. One whose shipped data is newer, after an
 * upgrade of the program, stays as shipped.
 */
export function withEditions(specs: readonly SourceSpec[], generation: Generation | undefined, store: EditionStore): readonly SourceSpec[] {
  return specs.map((spec) => {
    const edition = generation?.sources[spec.name]
    if (edition === undefined || (spec.date !== null && edition.date !== null && edition.date < spec.date)) return spec
    const { format, files, date } = edition
    return { ...spec, format, date, files: files.map((file) => store.fileOf(file)), expected: files }
  })
}
