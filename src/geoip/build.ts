/** Builds an encoded table from sources: reads, verifies and parses every file, and lays all over each other. */
import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { hashesOf } from './input-hashes.ts'
import { openSource, readFiles } from './open-source.ts'
import { GeoSourceError } from './source.ts'
import { identityOf, type SourceSpec } from './spec.ts'
import { compile } from './table-data.ts'
import { encodeTable } from './table-file.ts'

/** Raised whenever a reader or the merge takes the same files for something else: a table is the work of both. */
const READING = 1

/** What names the inputs of a table: SHA-256 over what `identityOf` says of each source, hex. */
export const keyOf = (specs: readonly SourceSpec[], hashes: readonly (readonly string[])[]): string =>
  createHash('sha256')
    .update(JSON.stringify([READING, ...specs.map((spec, i) => identityOf(spec, hashes[i] ?? []))]))
    .digest('hex')

/** Builds in this thread; throws GeoSourceError for the first source that can't be used. */
export async function buildTable(specs: readonly SourceSpec[]): Promise<Uint8Array<ArrayBuffer>> {
  const opened = await Promise.all(
    specs.map(async (spec) => {
      const files = await readFiles(spec)
      const references = await hashesOf({ ...spec, files: [] })
      return { source: await openSource(spec, files), hashes: [...files.map(({ sha256 }) => sha256), ...references] }
    }),
  )
  return encodeTable(
    compile(opened.map(({ source }) => source)),
    keyOf(
      specs,
      opened.map(({ hashes }) => hashes),
    ),
  )
}

/** Builds in a thread of its own, some seconds long; throws as `buildTable` does. */
export function buildApart(specs: readonly SourceSpec[]): Promise<Uint8Array<ArrayBuffer>> {
  const file = new URL(import.meta.url.endsWith('.ts') ? './build-worker.ts' : './build-worker.js', import.meta.url)
  return new Promise((resolve, reject) => {
    const worker = new Worker(file, { workerData: specs })
    worker.once('message', (answer: { bytes: Uint8Array<ArrayBuffer> } | { file: string | null; message: string }) => {
      if ('bytes' in answer) return resolve(answer.bytes)
      reject(answer.file === null ? new Error(answer.message) : GeoSourceError.told(answer.file, answer.message))
    })
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('the thread that builds the location table ended without an answer')))
  })
}
