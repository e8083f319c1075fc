/** The other half of `ringfence geoip update`: the address ranges that vendors publish for their apps. */
import { createHash } from 'node:crypto'
import type { AppFacts, AppRanges } from '../../../config/app-facts.ts'
import { AppRangesError, checkPlausible, parseRanges } from '../../../config/app-ranges.ts'
import { type FetchedByApp, readAppRanges, writeAppRanges } from '../../../config/app-ranges-store.ts'
import { type Downloading, downloadText } from '../../../geoip/download.ts'
import { type Cidr, formatCidr } from '../../../model/cidr.ts'
import { OperatorError } from '../../../model/errors.ts'
import type { Output } from '../../output.ts'

/** The longest list known has 100 kB. */
const MAX_LIST = 1_048_576

export interface AppsUpdate extends Omit<Downloading, 'progress'> {
  /** Where the lists are kept. */
  readonly folder: string
  readonly now: () => number
}

/** An app whose vendor has a list for programs. */
export interface FetchedApp extends AppFacts {
  readonly ranges: AppRanges & { readonly fetch: NonNullable<AppRanges['fetch']> }
}

export const isFetched = (facts: AppFacts): facts is FetchedApp => facts.ranges?.fetch != null

/**
 * Fetches the list of each, one after the other, and tells what became of it; one that can't be had or is refused leaves
 * what was in force, and the answer is `false`. Throws OperatorError where a list can't be kept, the signal's reason
 * where that fired.
 */
export async function updateApps(apps: readonly FetchedApp[], update: AppsUpdate, out: Pick<Output, 'write'>): Promise<boolean> {
  let kept = keptIn(update.folder)
  let failed = 0
  let changed = 0
  await out.write('Address ranges of apps:\n')
  for (const { app, ranges } of apps) {
    try {
      const { networks, sha256 } = await fetchRanges(app.name, ranges, update)
      const fetched = new Date(update.now()).toISOString()
      kept = { ...kept, [app.id]: { url: ranges.fetch.url, fetched, sha256, networks } }
      await writeAppRanges(update.folder, kept)
      const { told, isChange } = changeOf(ranges.networks, networks)
      if (isChange) changed++
      await out.write(`  ${app.id}: ${told}\n`)
    } catch (error) {
      if (update.signal.aborted) throw update.signal.reason
      if (!(error instanceof NotHad)) throw error
      failed++
      await out.write(`  ${app.id}: ${error.message}\n`)
    }
  }
  if (changed > 0) await out.write('A running proxy takes what changed at its next start.\n')
  return failed === 0
}

/** What stood in the way of one list and of no other. */
class NotHad extends Error {}

async function fetchRanges(name: string, { fetch, networks: before }: FetchedApp['ranges'], world: AppsUpdate) {
  const wanted = { label: `the list of ${name}`, url: new URL(fetch.url), maxBytes: MAX_LIST }
  const text = await downloadText(wanted, world).catch((cause) => {
    throw cause instanceof OperatorError ? new NotHad(`not updated: ${cause.message}`, { cause }) : cause
  })
  const bytes = Buffer.from(text)
  try {
    const networks = parseRanges(fetch.format, bytes)
    checkPlausible(networks, before)
    return { networks, sha256: createHash('sha256').update(bytes).digest('hex') }
  } catch (cause) {
    throw cause instanceof AppRangesError ? new NotHad(`refused: ${cause.message}`, { cause }) : cause
  }
}

/** A damaged file holds nothing that could be kept; that it is damaged, whoever opened the library was told. */
function keptIn(folder: string): FetchedByApp {
  try {
    return readAppRanges(folder)
  } catch (error) {
    if (error instanceof OperatorError) return {}
    throw error
  }
}

function changeOf(before: readonly Cidr[], after: readonly Cidr[]): { readonly told: string; readonly isChange: boolean } {
  const [was, is] = [new Set(before.map(formatCidr)), new Set(after.map(formatCidr))]
  const added = [...is].filter((network) => !was.has(network)).length
  const removed = [...was].filter((network) => !is.has(network)).length
  if (added + removed === 0) return { told: `unchanged (${count(is.size)})`, isChange: false }
  const parts = [
    ...(added > 0 ? [`${count(added)} added`] : []),
    ...(removed > 0 ? [`${added > 0 ? removed : count(removed)} removed`] : []),
  ]
  return { told: parts.join(', '), isChange: true }
}

const count = (n: number): string => (n === 1 ? '1 network' : `${n} networks`)
