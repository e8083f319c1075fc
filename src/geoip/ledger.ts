/**
 * What was accepted last, kept beside the records: it tells an older edition, or one that lost most of its coverage,
 * from the one it would replace, also over a restart; and it keeps a person's word for an update that waits for one.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { GeoSourceError, whyUnreadable } from './source.ts'

const hex = z.string().regex(/^[0-9a-f]{64}$/)

const ledgerSchema = z.strictObject({
  version: z.literal(1),
  /** Of the table in force: `keyOf` its inputs. */
  key: hex,
  sources: z.array(
    z.strictObject({
      name: z.string(),
      date: z.string().nullable(),
      sha256: hex,
      coverage: z.strictObject({ v4: z.number().nonnegative(), v6: z.number().nonnegative() }),
    }),
  ),
  /** The table that a person accepted though it was held or refused. */
  accepted: hex.nullable(),
})

export type Ledger = z.output<typeof ledgerSchema>

/** The ledger in a folder; `null` where there is none yet. Throws GeoSourceError for one that can't be read: nothing may then be taken for accepted. */
export async function readLedger(file: string): Promise<Ledger | null> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null
    throw new GeoSourceError(file, whyUnreadable(cause), { cause })
  })
  if (text === null) return null
  try {
    return ledgerSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new GeoSourceError(file, 'damaged; remove it, and the data as it is now will be taken as the first', { cause })
  }
}

/** Replaces the ledger as a whole. Throws GeoSourceError where it can't be written. */
export async function writeLedger(file: string, ledger: Ledger): Promise<void> {
  const fresh = `${file}.${randomBytes(4).toString('hex')}.part`
  try {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(fresh, `${JSON.stringify(ledger, null, 2)}\n`, { mode: 0o600 })
    await rename(fresh, file)
  } catch (cause) {
    throw new GeoSourceError(file, whyUnreadable(cause), { cause })
  }
}
