/**
 * Newer editions of the sources, from where their vendors publish them: found, downloaded, unpacked, read as a whole,
 * and put into the store. Whether they come into force is decided elsewhere. How bytes come over the network is the
 * business of the `Fetch` that is handed in.
 */
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../model/errors.ts'
import { DownloadError, type Downloading, download, downloadText } from './download.ts'
import type { Edition, EditionStore } from './editions.ts'
import { openSource, readFiles } from './open-source.ts'
import { readSecret } from './secret.ts'
import type { SourceSpec, VendorAsk } from './spec.ts'
import { unpack } from './unpack.ts'
import { type Access, type Ask, findVendorFile, MAX_TEXT, type Need, type Vendor, type VendorFile } from './vendors.ts'

/** What an update needs of the world. */
export interface UpdateWorld extends Downloading {
  readonly store: EditionStore
  /** For files on their way. */
  readonly scratch: string
  /** ISO 8601. */
  readonly today: string
  /** Where keys are that the settings say are in variables. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/**
 * The newest edition of a source, stored; the same as the current one where there is nothing newer. Throws DownloadError
 * or OperatorError: no file, no key, or a file that can't be read as this source.
 */
export async function fetchEdition(spec: SourceSpec, ask: VendorAsk, world: UpdateWorld): Promise<Edition> {
  const { vendor, file } = findVendorFile(ask.file)
  const label = `${file.name} of ${vendor.name}`
  const access: Access = {
    today: world.today,
    account: await given('account', ask.account, vendor, world.env),
    key: await keyOf(ask, vendor, world.env),
  }
  await mkdir(world.scratch, { recursive: true })
  const packed = join(world.scratch, `${file.name}.download`)
  const data = join(world.scratch, file.file)
  const from = await downloadFirst(label, file, packed, access, world)
  try {
    await unpack({ from: packed, to: data, packing: file.packing, maxBytes: file.maxBytes, entry: '.mmdb' })
    const format = file.kind
    const fresh: SourceSpec = { ...spec, format, files: [data], expected: [], date: null }
    const { info } = await openSource(fresh, await readFiles(fresh))
    return { format, files: [await world.store.keep(data)], date: info.date, from: `${from.origin}${from.pathname}` }
  } finally {
    // Whole, so there is nothing to go on from, whether it was good or not.
    await Promise.all([packed, data].map((each) => rm(each, { force: true })))
  }
}

/** From the first place that has the file; returns which that was. */
async function downloadFirst(label: string, file: VendorFile, to: string, access: Access, world: UpdateWorld): Promise<URL> {
  const asks = await placesOf(label, file, access, world)
  const sha256 = await publishedHash(label, file, access, world)
  let notFound: DownloadError | null = null
  for (const { url, headers } of asks) {
    try {
      await download({ label, url, headers, maxBytes: file.maxDownload, file: to, sha256 }, world)
      return url
    } catch (error) {
      if (!(error instanceof DownloadError) || error.problem !== 'not-found') throw error
      notFound = error
    }
  }
  throw notFound ?? new Error(`${label} has no address`)
}

async function placesOf(label: string, { place }: VendorFile, access: Access, world: UpdateWorld): Promise<readonly Ask[]> {
  if (place.kind === 'direct') return place.asks(access)
  const html = await downloadText({ label, url: place.page, maxBytes: MAX_TEXT }, world)
  const url = place.link(html)
  if (url === null) throw new DownloadError('not-found', `${label}: ${place.page.hostname} links to no such file any more`)
  return [{ url, headers: {} }]
}

async function publishedHash(label: string, { sha256 }: VendorFile, access: Access, world: UpdateWorld): Promise<string | null> {
  if (sha256 === null) return null
  const text = await downloadText({ label: `the checksum of ${label}`, ...sha256.ask(access), maxBytes: MAX_TEXT }, world)
  const hash = sha256.read(text)
  if (hash === null) throw new DownloadError('damaged', `${label}: what should be its checksum is none`)
  return hash
}

const keyOf = async ({ key }: VendorAsk, vendor: Vendor, env: UpdateWorld['env']): Promise<string | null> =>
  key === null ? await given('key', null, vendor, env) : await readSecret(key, env)

/** What the vendor needs of the user: as the settings say it, or in the variable where it usually stands. */
async function given(
  what: Need['what'],
  said: string | null,
  { name, needs, home }: Vendor,
  env: UpdateWorld['env'],
): Promise<string | null> {
  const need = needs.find((each) => each.what === what)
  if (said !== null || need === undefined) return said
  if (env[need.env] === undefined) {
    const hint = what === 'account' ? 'say "account:" at the source' : 'say "key:" at the source ({ file: … } or { env: … })'
    throw new OperatorError(
      `${name} wants ${what === 'account' ? 'an account number' : 'a key'}: ${hint}, or set ${need.env}${home === null ? '' : `; to be had at ${home}`}`,
    )
  }
  return await readSecret({ env: need.env }, env)
}
