/**
 * A file on its way: `<file>.part` holds the bytes that are there, `<file>.part.json` what names this version of it to
 * the server. It gets its own name at once and whole. One process at a time; it knows nothing of the network.
 */
import { createHash } from 'node:crypto'
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'

const sidecarSchema = z.strictObject({ source: z.string(), validator: z.string().min(1), total: z.int().nonnegative().nullable() })

/** What the server said of the file when it began. */
export interface Version {
  /** Where it came from, in a form that holds no secret. */
  readonly source: string
  /** A strong ETag, or a date. */
  readonly validator: string
  /** Size of the whole, bytes, or `null` where the server did not say. */
  readonly total: number | null
}

export interface Begun extends Version {
  /** Bytes that are there: more than none, fewer than all. */
  readonly offset: number
}

export interface Measured {
  readonly bytes: number
  /** Hex. */
  readonly sha256: string
  /** How it begins. */
  readonly head: Buffer
}

const HEAD_BYTES = 512

const partOf = (file: string): string => `${file}.part`
const sidecarOf = (file: string): string => `${file}.part.json`

/** What an earlier try or run has left of the file from this source, or `null` where nothing can be gone on from. */
export async function readBegun(file: string, source: string): Promise<Begun | null> {
  try {
    const version = sidecarSchema.parse(JSON.parse(await readFile(sidecarOf(file), 'utf8')))
    const { size } = await stat(partOf(file))
    return version.source === source && size > 0 && size < (version.total ?? Number.POSITIVE_INFINITY) ? { ...version, offset: size } : null
  } catch {
    // Missing or unreadable: it is fetched from the start, and what stands in the way of that will show.
    return null
  }
}

/** An empty part. `version`: `null` where the server names none, so that it can't be gone on from. */
export async function begin(file: string, version: Version | null): Promise<void> {
  await discard(file)
  await writeFile(partOf(file), '')
  if (version !== null) await writeFile(sidecarOf(file), JSON.stringify(version))
}

/** Appends behind the `offset` bytes that are there. What was written when `chunks` throws stays, on the disk. */
export async function append(file: string, offset: number, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(partOf(file), 'r+')
  try {
    let at = offset
    for await (const chunk of chunks) {
      for (let written = 0; written < chunk.length; ) {
        const { bytesWritten } = await handle.write(chunk, written, chunk.length - written, at)
        written += bytesWritten
        at += bytesWritten
      }
    }
  } finally {
    await handle.sync().finally(() => handle.close())
  }
}

export async function discard(file: string): Promise<void> {
  await rm(sidecarOf(file), { force: true })
  await rm(partOf(file), { force: true })
}

export async function measure(file: string): Promise<Measured> {
  const hash = createHash('sha256')
  const heads: Buffer[] = []
  let bytes = 0
  const handle = await open(partOf(file))
  for await (const chunk of handle.createReadStream() as AsyncIterable<Buffer>) {
    if (bytes < HEAD_BYTES) heads.push(chunk.subarray(0, HEAD_BYTES - bytes))
    bytes += chunk.length
    hash.update(chunk)
  }
  return { bytes, sha256: hash.digest('hex'), head: Buffer.concat(heads) }
}

/** Gives the part its name; it is on the disk under that name when this resolves. */
export async function seal(file: string): Promise<void> {
  await rename(partOf(file), file)
  await rm(sidecarOf(file), { force: true })
  const folder = await open(path.dirname(file))
  await folder.sync().finally(() => folder.close())
}
