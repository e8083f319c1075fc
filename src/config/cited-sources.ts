/** What a curated list goes by: its table of sources, which rows cite by key, and the pages that they name themselves. */
import { z } from 'zod'
import { printable } from '../model/hostname.ts'
import { didYouMean } from '../model/suggest.ts'
import type { Path, Report } from '../policy/path.ts'

export const listWord = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, { error: 'must be lower-case letters, digits and hyphens, at most 64' })
export const sentence = z.string().regex(/\S/, { error: 'must say something' })
export const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, { error: 'must be a day such as 2026-06-17' })
export const citations = z.array(z.string()).min(1, { error: 'must name at least one source' })
export const sourceTable = z.record(listWord, z.strictObject({ what: sentence, date: day }))

/** As far as it could be read: of a file with faults, what is sound. */
export type SourceTable = Readonly<Record<string, { readonly what?: string; readonly date?: string }>>

/** The citations as people read them: what the source is, and of which day. */
export function resolveCitations(written: readonly string[], table: SourceTable, at: Path, report: Report): readonly string[] {
  const resolved: string[] = []
  for (const [i, citation] of written.entries()) {
    const source = Object.hasOwn(table, citation) ? table[citation] : undefined
    if (source !== undefined) resolved.push(`${source.what} (${source.date})`)
    else if (/^https?:\/\/\S+$/.test(citation)) resolved.push(citation)
    else {
      const hint = didYouMean(citation, Object.keys(table))
      report([...at, i], `"${printable(citation)}" is neither a source of this file nor the address of a page${hint}`)
    }
  }
  return resolved
}
