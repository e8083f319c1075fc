/**
 * The lists that this node fetched, beside its location data: `app-ranges.json`. One that can't be read is no list at
 * all, and that is told: the ranges of the catalogue count then.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { whyUnreadable } from '../geoip/source.ts'
import { type Cidr, formatCidr, isCidr, parseCidr } from '../model/cidr.ts'
import { OperatorError } from '../model/errors.ts'

const network = z.string().transform((text, context): Cidr => {
  const parsed = parseCidr(text)
  if (isCidr(parsed)) return parsed
  context.addIssue({ code: 'custom', message: 'is not a network' })
  return z.NEVER
})

const schema = z.strictObject({
  version: z.literal(1),
  /** By the app's id. */
  apps: z.record(
    z.string(),
    z.strictObject({
      url: z.string(),
      /** ISO 8601 UTC. */
      fetched: z.iso.datetime(),
      /** Of the text that the vendor sent, hex. */
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      networks: z.array(network).min(1).readonly(),
    }),
  ),
})

export type FetchedRanges = z.output<typeof schema>['apps'][string]
export type FetchedByApp = Readonly<Record<string, FetchedRanges>>

export const appRangesFile = (folder: string): string => join(folder, 'app-ranges.json')

/** What changes with each write of the file; `null` where there is none. */
export function stampOf(folder: string): string | null {
  try {
    const { ino, size, mtimeMs } = statSync(appRangesFile(folder))
    return `${ino} ${size} ${mtimeMs}`
  } catch (error) {
    // Whatever else is wrong with it, reading it will tell.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : 'unknown'
  }
}

/** None where there is no file. Throws OperatorError for one that can't be read. */
export function readAppRanges(folder: string): FetchedByApp {
  const file = appRangesFile(folder)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new OperatorError(`${file}: ${whyUnreadable(cause)}`, { cause })
  }
  try {
    return schema.parse(JSON.parse(text)).apps
  } catch (cause) {
    throw new OperatorError(`${file}: damaged`, { cause })
  }
}

/** Replaces the file in one step. Throws OperatorError where it can't be written. */
export async function writeAppRanges(folder: string, apps: FetchedByApp): Promise<void> {
  const file = appRangesFile(folder)
  const written = Object.entries(apps).map(([id, ranges]) => [id, { ...ranges, networks: ranges.networks.map(formatCidr) }])
  const fresh = `${file}.${randomBytes(4).toString('hex')}.part`
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(fresh, `${JSON.stringify({ version: 1, apps: Object.fromEntries(written) }, null, 2)}\n`, { mode: 0o600 })
    await rename(fresh, file)
  } catch (cause) {
    await rm(fresh, { force: true }).catch(() => undefined)
    throw new OperatorError(`${file} can't be written: ${whyUnreadable(cause)}`, { cause })
  }
}
