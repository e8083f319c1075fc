/** The hashes of all that decides what a source says: its own files, and those of the program that its format reads. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { referencesOf } from './publishers.ts'
import { GeoSourceError, whyUnreadable } from './source.ts'
import type { SourceSpec } from './spec.ts'

/** SHA-256 of each, hex, in a fixed order; throws GeoSourceError where one can't be read. Pieces at a time: no file is held. */
export const hashesOf = ({ files, publisher }: SourceSpec): Promise<readonly string[]> =>
  Promise.all([...files, ...referencesOf(publisher)].map(hashFile))

/** SHA-256 of a file, hex; throws GeoSourceError where it can't be read. */
async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const piece of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(piece)
  } catch (cause) {
    throw new GeoSourceError(file, whyUnreadable(cause), { cause })
  }
  return hash.digest('hex')
}
