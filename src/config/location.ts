/** From the settings to the location table: sources, companies, where tables and what was accepted are kept, what the policy forbids. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type AcceptingWorld, type Opened, openAccepted, openLastGood } from '../geoip/accepted-table.ts'
import { EditionStore, type Generation, withEditions } from '../geoip/editions.ts'
import { type GeoTable, planSources } from '../geoip/index.ts'
import { readLock, specsOfLock } from '../geoip/lock.ts'
import { GeoSourceError } from '../geoip/source.ts'
import type { SourceSpec } from '../geoip/spec.ts'
import { OperatorError } from '../model/errors.ts'
import type { Policy } from '../policy/policy.ts'
import { type PlaceOutcome, placeOutcome } from '../policy/territory.ts'
import { shippedCompanies } from './companies.ts'
import type { Settings } from './settings.ts'

/** All that opening the settings' table needs. */
export interface LocationWorld extends AcceptingWorld {
  readonly store: EditionStore
  /** The sources as they are to be opened now. */
  readonly plan: () => Promise<readonly SourceSpec[]>
  /** The same with another generation of downloaded editions, or none. */
  readonly planAt: (generation: Generation | undefined) => Promise<readonly SourceSpec[]>
  /** What the table depends on: a change to one of these files may make it another. */
  readonly files: () => Promise<readonly string[]>
  /** Opens the table that is to be used, or the last good one. Throws OperatorError for settings, or a lock, that make none. */
  readonly open: (inForce?: GeoTable | null) => Promise<Opened>
}

/** What the sources hold shows when they are opened. The policy is asked anew each time: another may have come into force. */
export function locationOf({ geoip }: Pick<Settings, 'geoip'>, policy: Pick<Policy, 'fences'>): LocationWorld {
  const { lock, folder } = geoip
  const store = new EditionStore(folder)
  const planAt = async (generation: Generation | undefined) => withEditions(await planSources(geoip.sources), generation, store)
  const planNow = async () => {
    const { generations, current } = await store.read()
    return await planAt(generations.find(({ number }) => number === current))
  }
  const accepting: AcceptingWorld = {
    companies: shippedCompanies(),
    cache: geoip.cache,
    // A lock is the operator's word for its data, however old.
    ledger: lock === null ? join(folder, `accepted-${nameOf(geoip.sources)}.json`) : null,
    isForbidden: (evidence) =>
      policy.fences.some(
        ({ territory, axes }) =>
          territory.kind !== 'anywhere' && axes.includes('server') && mayViolate.has(placeOutcome(territory, evidence)),
      ),
  }
  // To find the files of a lock they are all read: too much for every look.
  let locked: readonly string[] | null = null
  const planLocked = async (file: string) => {
    const specs = await specsOfLock(await readLock(file), await planNow(), store)
    locked = specs.flatMap(({ files, expected }) => [...files, ...expected.map((sha256) => store.fileOf(sha256))])
    return specs
  }
  const plan = () => (lock === null ? planNow() : planLocked(lock))
  return {
    ...accepting,
    store,
    plan,
    planAt,
    files: async () => {
      if (lock !== null) return [lock, ...(locked ?? (await plan()).flatMap(({ files }) => files))]
      const files = (await plan()).flatMap((spec) => spec.files)
      return [...files, store.indexFile, ...(accepting.ledger === null ? [] : [accepting.ledger])]
    },
    open: async (inForce = null) => {
      if (lock === null) return await openPlanned(plan, accepting, inForce)
      const opened = await openAccepted(await plan(), accepting)
      if (opened.table !== null) await assertLocked(opened.table, lock)
      return opened
    },
  }
}

/** A damaged list of editions, or a package that is missing, is data that can't be used. A fault of the settings is thrown. */
async function openPlanned(plan: LocationWorld['plan'], accepting: AcceptingWorld, inForce: GeoTable | null): Promise<Opened> {
  try {
    return await openAccepted(await plan(), accepting, inForce)
  } catch (error) {
    if (!(error instanceof GeoSourceError)) throw error
    return await openLastGood(error.message, accepting)
  }
}

/** Each list of sources has what was accepted of its own: another list is another matter. */
const nameOf = (sources: Settings['geoip']['sources']): string =>
  createHash('sha256').update(JSON.stringify(sources)).digest('hex').slice(0, 12)

const mayViolate: ReadonlySet<PlaceOutcome> = new Set(['violated', 'disputed'])

/** The same files make another table where the program's own tables, or its list of companies, are others. */
async function assertLocked({ key, hash }: GeoTable, file: string): Promise<void> {
  const lock = await readLock(file)
  if (key === lock.table && hash === lock.hash) return
  const what = key === lock.table ? 'its list of companies' : 'its regions, publishers or readers'
  throw new OperatorError(
    `${file}: the files are the same, but this version of Ringfence differs in ${what}; the lock was made by ${lock.program}`,
  )
}
