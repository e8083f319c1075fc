/**
 * A file from a vendor, whole or not at all: it grows as `<file>.part`, goes on where it was cut off if the server
 * still has the same file (RFC 9110 §13.1.5, §14), and gets its name only when it is complete. How bytes come over the
 * network is the business of the `Fetch` that is handed in. No message holds more of a URL than its host: the rest may
 * be a secret.
 */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { errorKind, OperatorError, RingfenceError } from '../model/errors.ts'
import { append, type Begun, begin, discard, type Measured, measure, readBegun, seal } from './part-file.ts'
import { lengthOf, retryAfter, type Start, startOf, validatorOf } from './response-head.ts'

export interface FetchRequest {
  readonly url: URL
  /** Sent to the host of `url` only, not where that redirects to. */
  readonly headers?: Readonly<Record<string, string>>
  /** Asks for the bytes from `offset` on, if the server still has the file that this validator names; else for all. */
  readonly from?: { readonly offset: number; readonly validator: string }
}

export interface FetchResponse {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Throws RingfenceError where it breaks off. */
  readonly body: AsyncIterable<Uint8Array>
  /** The body is not wanted. Whoever neither reads nor closes keeps a connection until it has been idle for too long. */
  close(): Promise<void>
}

/** One GET, redirects followed. Throws RingfenceError: what the policy or the network said, or the signal's reason. */
export type Fetch = (request: FetchRequest, signal: AbortSignal) => Promise<FetchResponse>

/**
 * `not-found`: another URL may have it. `refused`: the key. `page`: a web page came instead. `size`, `damaged`: what
 * came is thrown away. `blocked`: by the policy. `network`: what came is kept, to go on from.
 */
export type DownloadProblem = 'not-found' | 'refused' | 'page' | 'size' | 'damaged' | 'blocked' | 'network' | 'disk'

/** Why there is no file, in one sentence for the operator. */
export class DownloadError extends OperatorError {
  readonly problem: DownloadProblem
  /** Milliseconds after which another try may help, or `null`. */
  readonly again: number | null

  constructor(problem: DownloadProblem, message: string, { again = null, cause }: { again?: number | null; cause?: unknown } = {}) {
    super(message, { cause })
    this.problem = problem
    this.again = again
  }
}

export interface Wanted {
  /** As messages call it: "GeoLite2-Country of MaxMind". */
  readonly label: string
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  /** More is refused, bytes. */
  readonly maxBytes: number
}

export interface WantedFile extends Wanted {
  /** Where the file is to stand. `<file>.part` and `<file>.part.json` beside it are ours; one process at a time. */
  readonly file: string
  /** SHA-256 that it must have, hex, or `null`. */
  readonly sha256: string | null
}

export interface Downloading {
  readonly fetch: Fetch
  readonly signal: AbortSignal
  /** Bytes that are there, and of how many, if the server says. */
  readonly progress?: (bytes: number, total: number | null) => void
  readonly wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>
}

export interface Downloaded {
  readonly bytes: number
  /** Hex. */
  readonly sha256: string
}

const TRIES = 3
const BACK_OFF_MS = 500 // doubled at each try
/** Whoever asks us to come back later than this gets a later run. */
const MAX_WAIT_MS = 2_000

/** Throws DownloadError; where the signal fired, its reason. */
export async function download(wanted: WantedFile, world: Downloading): Promise<Downloaded> {
  await inTries(world, async () => {
    await fetchPart(wanted, world).catch(async (thrown) => {
      const error = inWords(thrown, wanted)
      if (error instanceof DownloadError && error.problem === 'size') await discard(wanted.file)
      throw error
    })
  })
  return await finish(wanted).catch((error) => {
    throw inWords(error, wanted)
  })
}

/** A small text, such as a checksum or the page that links to a dated file. UTF-8. Throws as `download` does. */
export async function downloadText(wanted: Wanted, world: Downloading): Promise<string> {
  let text = ''
  await inTries(world, async () => {
    text = await fetchText(wanted, world).catch((error) => {
      throw inWords(error, wanted)
    })
  })
  return text
}

async function fetchText(wanted: Wanted, world: Downloading): Promise<string> {
  const response = await world.fetch(requestFor(wanted, null), world.signal)
  try {
    if (response.status !== 200) throw declined(response, wanted)
    const chunks: Uint8Array[] = []
    for await (const chunk of within(wanted, { offset: 0, total: lengthOf(response) }, response.body, undefined)) chunks.push(chunk)
    return Buffer.concat(chunks).toString('utf8')
  } finally {
    await response.close()
  }
}

async function inTries({ signal, wait = pause }: Downloading, attempt: () => Promise<void>): Promise<void> {
  for (let tried = 1; ; tried++) {
    try {
      return await attempt()
    } catch (error) {
      if (signal.aborted || !(error instanceof DownloadError) || error.again === null || tried === TRIES) throw error
      await wait(Math.max(error.again, BACK_OFF_MS * 2 ** (tried - 1)), signal)
    }
  }
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> => sleep(milliseconds, undefined, { signal })

// --- one try ----------------------------------------------------------------------------------------------------------

async function fetchPart(wanted: WantedFile, world: Downloading): Promise<void> {
  const { file } = wanted
  const source = sourceOf(wanted.url)
  const begun = await readBegun(file, source)
  const response = await world.fetch(requestFor(wanted, begun), world.signal)
  try {
    const start = startOf(response, begun)
    if (start === 'declined') throw declined(response, wanted)
    if (start === 'restart') {
      await discard(file)
      throw anotherVersion(wanted)
    }
    if ((start.total ?? 0) > wanted.maxBytes) throw tooLarge(wanted)
    if (start.offset === 0) {
      const validator = validatorOf(response)
      await begin(file, validator === null ? null : { source, validator, total: start.total })
    }
    await append(file, start.offset, within(wanted, start, response.body, world.progress))
  } finally {
    await response.close()
  }
}

/** Without the query, which may hold a key, or a signature that changes. */
const sourceOf = (url: URL): string => createHash('sha256').update(`${url.origin}${url.pathname}`).digest('hex')

/** The chunks, as long as they stay below the limit; throws at the end where they are fewer than announced. */
async function* within(wanted: Wanted, { offset, total }: Start, chunks: AsyncIterable<Uint8Array>, progress: Downloading['progress']) {
  let bytes = offset
  progress?.(bytes, total)
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > wanted.maxBytes) throw tooLarge(wanted)
    yield chunk
    progress?.(bytes, total)
  }
  if (bytes !== (total ?? bytes)) throw cutShort(wanted)
}

const requestFor = ({ url, headers = {} }: Wanted, begun: Begun | null): FetchRequest => ({
  url,
  headers,
  ...(begun === null ? {} : { from: { offset: begun.offset, validator: begun.validator } }),
})

// --- what can go wrong ------------------------------------------------------------------------------------------------

const tooLarge = ({ label, url, maxBytes }: Wanted) =>
  new DownloadError('size', `${label}: ${url.hostname} sends more than the ${Math.round(maxBytes / 1_048_576)} MiB that it may have`)

const anotherVersion = ({ label, url }: Wanted) =>
  new DownloadError('network', `${label}: ${url.hostname} has another file than the one that was begun`, { again: 0 })

const cutShort = ({ label, url }: Wanted) =>
  new DownloadError('network', `${label}: ${url.hostname} sent less than it had announced`, { again: 0 })

function declined(response: FetchResponse, { label, url, headers }: Wanted): DownloadError {
  const { status } = response
  const said = `${label}: ${url.hostname} answered ${status}`
  if (status === 404 || status === 410) return new DownloadError('not-found', `${said}: there is no such file`)
  if (status === 401 || status === 403) {
    const why =
      headers === undefined || Object.keys(headers).length === 0
        ? 'it may not be downloaded'
        : 'is the key right, and does it cover this file?'
    return new DownloadError('refused', `${said}: ${why}`)
  }
  const later = retryAfter(response)
  if (later !== null && later > MAX_WAIT_MS)
    return new DownloadError('network', `${said} and asks to come back in ${Math.ceil(later / 1_000)} s`)
  return new DownloadError('network', said, { again: status === 429 || status >= 500 ? (later ?? 0) : null })
}

/** Any failure as a DownloadError, but for the caller's own wish to stop and faults of ours. */
function inWords(error: unknown, { label, url }: Wanted): unknown {
  if (error instanceof RingfenceError) {
    const { blame } = errorKind(error.code)
    const what = `${label}: ${error.message.replace(/\.$/, '')}`
    if (blame === 'policy') return new DownloadError('blocked', what, { cause: error })
    if (blame === 'network')
      return new DownloadError('network', what, { again: error.code === 'resolve.not-found' ? null : 0, cause: error })
    return error
  }
  if (error instanceof Error && 'syscall' in error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ENOSPC' ? 'the disk is full' : error.message
    return new DownloadError('disk', `${label}: what ${url.hostname} sends cannot be written: ${why}`, { cause: error })
  }
  return error
}

// --- the whole file ---------------------------------------------------------------------------------------------------

async function finish({ label, url, file, sha256 }: WantedFile): Promise<Downloaded> {
  const whole = await measure(file)
  const wrong = whatIsWrong(whole, sha256)
  if (wrong === null) {
    await seal(file)
    return { bytes: whole.bytes, sha256: whole.sha256 }
  }
  await discard(file)
  throw new DownloadError(wrong.problem, `${label}: ${url.hostname} sent ${wrong.what}`)
}

function whatIsWrong({ bytes, sha256, head }: Measured, expected: string | null): { problem: DownloadProblem; what: string } | null {
  if (bytes === 0) return { problem: 'damaged', what: 'an empty file' }
  if (isWebPage(head)) return { problem: 'page', what: 'a web page instead of data (a login page, a captive portal?)' }
  if (expected === null || sha256 === expected.toLowerCase()) return null
  return { problem: 'damaged', what: `a file with the SHA-256 ${sha256} instead of ${expected}` }
}

/** No database, table or list begins as HTML does. */
const isWebPage = (head: Buffer): boolean =>
  /^(\u00ef\u00bb\u00bf)?\s*(<!--|<!doctype html|<(html|head|body|title|script)\b)/i.test(head.toString('latin1'))
