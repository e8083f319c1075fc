/**
 * Where overlays are kept: a small file beside the journal, written by the command line and read by the running proxy.
 * Of a damaged one those that were read last go on until they end.
 */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { OperatorError } from '../model/errors.ts'
import { parseMoment } from '../model/moment.ts'
import type { Overlay } from '../policy/overlay.ts'
import type { Settings } from './settings.ts'

const fileSchema = z.array(
  z.strictObject({ policy: z.string(), fence: z.string(), enabled: z.boolean(), until: z.string(), reason: z.string() }),
)

export interface KeptOverlay extends Overlay {
  /** The policy that it was set for: under another of that node it means nothing. */
  readonly policy: string
}

export const overlaysFile = ({ records }: Pick<Settings, 'records'>): string => join(records.folder, 'overlays.json')

/** Throws OperatorError for a file that can't be read as one; one that is not there holds none. */
export async function readOverlays(file: string): Promise<readonly KeptOverlay[]> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return '[]'
    throw new OperatorError(`can't read ${file}: ${cause.message}`, { cause })
  })
  const fault = (cause?: unknown) => new OperatorError(`${file} is damaged: remove it, or set the overlays anew`, { cause })
  let written: unknown
  try {
    written = JSON.parse(text)
  } catch (cause) {
    throw fault(cause)
  }
  const { data, error } = fileSchema.safeParse(written)
  if (data === undefined) throw fault(error)
  return data.map(({ until, ...rest }) => {
    const at = parseMoment(until)
    if (at === null) throw fault()
    return { ...rest, until: at }
  })
}

/** Replaces the file in one step. Throws OperatorError where it can't be written. */
export async function writeOverlays(file: string, overlays: readonly KeptOverlay[]): Promise<void> {
  const text = JSON.stringify(
    overlays.map((overlay) => ({ ...overlay, until: new Date(overlay.until).toISOString() })),
    null,
    2,
  )
  const beside = `${file}.${process.pid}.part`
  try {
    await writeFile(beside, `${text}\n`, { mode: 0o600 })
    await rename(beside, file)
  } catch (cause) {
    throw new OperatorError(`can't write ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
