/**
 * The data inside what vendors pack it in: gzip, or a gzipped tar of which one entry is wanted. It streams, so that a
 * few kilobytes that unpack to a terabyte cost no more than the limit; names inside an archive choose an entry, never a
 * place on the disk.
 */
import { createReadStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import { Parser } from 'tar'
import { OperatorError } from '../model/errors.ts'
import { GeoSourceError, whyUnreadable } from './source.ts'

export type Packing = 'plain' | 'gzip' | 'tar.gz'

export interface Unpacking {
  /** The packed file; it stays. */
  readonly from: string
  /** Where the data is to stand; `<to>.part` beside it is ours until then. */
  readonly to: string
  readonly packing: Packing
  /** More is refused, bytes. */
  readonly maxBytes: number
  /** How the name of the wanted entry ends, as `.mmdb`. Archives only. */
  readonly entry: string
}

type Bytes = AsyncIterable<Uint8Array>

/** What an archive may hold beside the wanted entry: headers, a licence, a readme. */
const BESIDE = 1024 * 1024

/** Returns the number of bytes unpacked. Throws GeoSourceError where the file is damaged, too large or not what it should be. */
export async function unpack({ from, to, packing, maxBytes, entry }: Unpacking): Promise<number> {
  const part = `${to}.part`
  const tooLarge = new Damage(`it unpacks to more than the ${Math.round(maxBytes / 1_048_576)} MiB that it may have`)
  try {
    const { size } = await stat(from)
    const unpacked = packing === 'plain' ? (createReadStream(from) as Bytes) : gunzipped(from, size)
    const data = packing === 'tar.gz' ? entryOf(within(unpacked, maxBytes + BESIDE, tooLarge), entry) : unpacked
    const bytes = await write(within(data, maxBytes, tooLarge), part)
    if (bytes === 0) throw new Damage('there is nothing in it')
    await rename(part, to)
    return bytes
  } catch (error) {
    await rm(part, { force: true })
    throw error instanceof OperatorError ? error : whyNot(from, error)
  }
}

async function write(data: Bytes, file: string): Promise<number> {
  const unwritable = (cause: Error) => {
    throw new OperatorError(`${file}: it cannot be written: ${cause.message}`, { cause })
  }
  const output = await open(file, 'w').catch(unwritable)
  let bytes = 0
  try {
    for await (const chunk of data) {
      await output.writeFile(chunk).catch(unwritable)
      bytes += chunk.length
    }
    await output.sync().catch(unwritable)
  } finally {
    await output.close()
  }
  return bytes
}

async function* within(chunks: Bytes, limit: number, tooLarge: Error): Bytes {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > limit) throw tooLarge
    yield chunk
  }
}

/** Node checks the CRC-32 and the length, but takes zeros behind the end for padding: here they are refused as any other bytes. */
async function* gunzipped(from: string, size: number): Bytes {
  const input = createReadStream(from)
  const gunzip = createGunzip()
  input.on('error', (error) => gunzip.destroy(error))
  input.pipe(gunzip)
  let bytes = 0
  try {
    for await (const chunk of gunzip as Bytes) {
      bytes += chunk.length
      yield chunk
    }
  } catch (error) {
    throw whyNotGunzipped(error, bytes)
  } finally {
    input.destroy()
    gunzip.destroy()
  }
  if (gunzip.bytesWritten !== size) throw behindTheEnd
}

/**
 * The only entry with this ending; its place in the archive means nothing. The parser hands on what it is given before
 * `write` returns, so that no more than a chunk is ever held.
 */
async function* entryOf(tar: Bytes, ending: string): Bytes {
  let found = 0
  let failure: Error | null = null
  let pending: Uint8Array[] = []
  const parser = new Parser({
    strict: true,
    onReadEntry(entry) {
      if ((entry.type !== 'File' && entry.type !== 'OldFile') || !entry.path.endsWith(ending)) return entry.resume()
      if (++found > 1) failure ??= new Damage(`it holds more than one file that ends in ${ending}`)
      entry.on('data', (chunk) => pending.push(chunk))
    },
  })
  parser.on('error', (error) => {
    failure ??= new Damage('it is no tar archive, or damaged', { cause: error })
  })
  const handedOn = (): readonly Uint8Array[] => {
    if (failure !== null) throw failure
    const chunks = pending
    pending = []
    return chunks
  }
  let first = true
  for await (const chunk of tar) {
    // The parser would unpack gzip again, past the limit.
    if (first && chunk[0] === 0x1f) throw new Damage('it is no tar archive, or damaged')
    first = false
    parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    yield* handedOn()
  }
  parser.end()
  yield* handedOn()
  if (found === 0) throw new Damage(`it holds no file that ends in ${ending}`)
}

/** The file is not what it should be; the message says how, as in "it is cut short". */
class Damage extends Error {}

const behindTheEnd = new Damage('bytes follow behind its end')

function whyNotGunzipped(error: unknown, bytes: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'Z_BUF_ERROR') return new Damage('it is cut short', { cause: error })
  if (code !== 'Z_DATA_ERROR') return error
  if (!(error instanceof Error) || error.message !== 'incorrect header check') return new Damage('it is damaged', { cause: error })
  return bytes === 0 ? new Damage('it is not gzip', { cause: error }) : behindTheEnd
}

const whyNot = (from: string, error: unknown): Error =>
  new GeoSourceError(from, error instanceof Damage ? error.message : whyUnreadable(error), { cause: error })
