/**
 * The table that may be used: what the sources make now, where that was accepted before or may take the place of what
 * was; else the last good one, with the reason.
 */
import { parseIp } from '../model/address.ts'
import { OperatorError } from '../model/errors.ts'
import type { Evidence } from '../model/location.ts'
import { whyHeld, whyImplausible, whyRefused } from './acceptance.ts'
import { type GeoTable, openTable, reopenTable, type TableWorld } from './index.ts'
import { type Ledger, readLedger, writeLedger } from './ledger.ts'
import { movedOut } from './moved.ts'
import type { SourceSpec } from './spec.ts'
import { keepCached } from './table-cache.ts'

/** What opening came to. */
export interface Opened {
  /** The table to be used; `null` where none is good. */
  readonly table: GeoTable | null
  /** Why it is not the one that the sources make now, or `null` where it is. */
  readonly refused: Refused | null
}

export interface Refused {
  readonly why: string
  /** The table that was refused, where it could be built at all: `accept` takes this one. */
  readonly key: string | null
}

/** What acceptance needs beside what a table is made with. */
export interface AcceptingWorld extends TableWorld {
  /** Where what was accepted is written down; `null`: everything that can be read is accepted. */
  readonly ledger: string | null
  /** Whether the policy in force forbids a place of which this is known. */
  readonly isForbidden: (evidence: Evidence) => boolean
}

/**
 * Opens the table of these sources, or the last good one. Never throws for a bad file; writes nothing. A table in force
 * is what the new one is measured by, whatever the cache still holds.
 */
export async function openAccepted(specs: readonly SourceSpec[], world: AcceptingWorld, inForce: GeoTable | null = null): Promise<Opened> {
  let ledger: Ledger | null = null
  try {
    ledger = world.ledger === null ? null : await readLedger(world.ledger)
    const table = await openTable(specs, world, inForce)
    if (world.ledger === null) return { table, refused: null }
    const why = await whyNot(table, ledger, world, inForce)
    return why === null ? { table, refused: null } : { table: await lastGood(ledger, world, inForce), refused: { why, key: table.key } }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    return { table: await lastGood(ledger, world, inForce), refused: { why, key: null } }
  }
}

/** What is used where the sources could not even be listed, for this reason. Never throws. */
export async function openLastGood(why: string, world: AcceptingWorld): Promise<Opened> {
  const ledger = world.ledger === null ? null : await readLedger(world.ledger).catch(() => null)
  return { table: await lastGood(ledger, world, null), refused: { why, key: null } }
}

async function lastGood(ledger: Ledger | null, world: AcceptingWorld, inForce: GeoTable | null): Promise<GeoTable | null> {
  if (ledger === null) return null
  if (inForce?.key === ledger.key) return inForce
  return (await reopenTable(ledger.key, world)) ?? (await reopenTable(ledger.key, { ...world, cache: besideOf(world.ledger) }))
}

/** Where the last good table is kept beside its ledger: other configurations, and clean-ups, drive it out of the cache. */
const besideOf = (ledger: string | null): string | null => ledger?.replace(/\.json$/, '') ?? null

/** Makes a table the last good one. Throws GeoSourceError where that can't be written. */
export async function keepAccepted({ key, sources }: GeoTable, world: Pick<AcceptingWorld, 'ledger' | 'cache'>): Promise<void> {
  const { ledger: file, cache } = world
  if (file === null) return
  const beside = besideOf(file)
  if (cache !== null && beside !== null) await keepCached(cache, key, beside)
  const before = await readLedger(file).catch(() => null)
  if (before?.key === key && before.accepted === null) return
  await writeLedger(file, {
    version: 1,
    key,
    sources: sources.map(({ name, date, sha256, coverage }) => ({ name, date, sha256, coverage })),
    accepted: null,
  })
}

/** Writes down that a person takes the table of this key though it was held or refused. */
export async function acceptByHand(key: string, file: string | null): Promise<void> {
  if (file === null) throw new OperatorError('the data is locked (geoip.lock): nothing else is accepted')
  const before = await readLedger(file)
  await writeLedger(file, before === null ? { version: 1, key, sources: [], accepted: key } : { ...before, accepted: key })
}

async function whyNot(table: GeoTable, ledger: Ledger | null, world: AcceptingWorld, inForce: GeoTable | null): Promise<string | null> {
  if (ledger?.key === table.key || ledger?.accepted === table.key) return null
  const before = new Map(ledger?.sources.map((edition) => [edition.name, edition]))
  for (const source of table.sources) {
    const edition = before.get(source.name)
    if (edition?.sha256 === source.sha256) continue
    const why =
      (edition === undefined ? null : whyRefused(edition, source)) ?? (source.role === 'voter' ? implausible(table, source.name) : null)
    if (why !== null) return why
  }
  // Another set of sources is the operator's own word.
  if (ledger === null || before.size !== table.sources.length || !table.sources.every(({ name }) => before.has(name))) return null
  // The same files read by another version of the program.
  if (table.sources.every(({ name, sha256 }) => before.get(name)?.sha256 === sha256)) return null
  const old = await lastGood(ledger, world, inForce)
  const held =
    old === null
      ? "the data that was in force is gone, so that this can't be compared with it"
      : whyHeld(movedOut(old, table, world.isForbidden))
  return held === null ? null : `${held}; "ringfence geoip diff" shows it, "ringfence geoip update --accept" takes it`
}

const implausible = (table: GeoTable, name: string): string | null =>
  whyImplausible(name, (text) => {
    const ip = parseIp(text)
    return ip === null ? null : (table.locate(ip).answers.find(({ source }) => source === name)?.country ?? null)
  })
