/** From the sources that the settings list to the one table that the road asks: from the cache where its inputs are unchanged, else built. */
import { createHash } from 'node:crypto'
import { OperatorError } from '../model/errors.ts'
import type { Company, SourceInfo } from '../model/location.ts'
import { didYouMean } from '../model/suggest.ts'
import { buildApart, keyOf } from './build.ts'
import { hashesOf } from './input-hashes.ts'
import { type GeoSourceSettings, sourceKinds } from './kinds.ts'
import { loadPublishers } from './publishers.ts'
import { GeoSourceError } from './source.ts'
import type { SourceSpec } from './spec.ts'
import { CompiledTable, type Table } from './table.ts'
import { readCached, writeCached } from './table-cache.ts'
import type { Coverage, TableData } from './table-data.ts'
import { decodeTable } from './table-file.ts'

/** Homes of firms by their origin AS (`config/companies.yaml`). */
export interface Companies {
  ofAsn(asn: number): Company | null
  /** Of the list, hex. */
  readonly sha256: string
}

/** One source of a table, with how much it speaks of. */
export interface CoveredSource extends SourceInfo {
  readonly coverage: Coverage
}

/** The compiled table with what it was made of. Implements the road's `Locator`. */
export interface GeoTable extends Table {
  readonly sources: readonly CoveredSource[]
  /** Names the inputs without the list of companies: what the cache goes by. Hex. */
  readonly key: string
  /** SHA-256 over the inputs: the sources' names, roles and contents in their order, and the list of companies. Hex. */
  readonly hash: string
  readonly oldestDate: string
  readonly newestDate: string
  /** What the operator should know of usable sources, each beginning with the source's name. */
  readonly warnings: readonly string[]
}

/** What a table is made with, beside its sources. */
export interface TableWorld {
  readonly companies: Companies
  /** Where compiled tables are kept, or `null`. */
  readonly cache: string | null
}

/** The sources that the settings stand for, in order; throws OperatorError for a list that makes no table. */
export async function planSources(settings: readonly GeoSourceSettings[]): Promise<readonly SourceSpec[]> {
  const specs = (await Promise.all(settings.map((each) => sourceKinds[each.type].specs(each)))).flat()
  const twice = specs.find(({ name }, i) => specs.findIndex((other) => other.name === name) < i)
  if (twice !== undefined) throw new OperatorError(`geoip.sources: two sources are called "${twice.name}"; give one of them another name`)
  const publishers = await loadPublishers()
  const stranger = specs.find(({ publisher }) => publisher !== null && !publishers.has(publisher))
  if (stranger?.publisher != null) {
    const known = [...publishers.keys()]
    throw new OperatorError(
      `geoip.sources: "${stranger.publisher}" is not on the list of publishers${didYouMean(stranger.publisher, known)} (they are ${known.join(', ')})`,
    )
  }
  if (!specs.some(({ role }) => role === 'voter'))
    throw new OperatorError('geoip.sources: no source is a voter, so few addresses would ever have a country')
  return specs
}

/**
 * Opens the table of these sources; throws GeoSourceError for a file that can't be used. The one in force is not read
 * again where the inputs are still those that it was made of: that takes the thread of all flows half a second.
 */
export async function openTable(
  specs: readonly SourceSpec[],
  { companies, cache }: TableWorld,
  inForce: GeoTable | null = null,
): Promise<GeoTable> {
  const absent = specs.find(({ format, files }) => files.length === 0 && format !== 'override')
  if (absent !== undefined) throw new GeoSourceError(absent.name, 'not downloaded yet: run "ringfence geoip update"')
  const key = keyOf(specs, await Promise.all(specs.map(hashesOf)))
  const kept = inForce?.key === key ? inForce : await reopenTable(key, { companies, cache })
  if (kept !== null) return labelled(kept, specs)
  const bytes = await buildApart(specs)
  // By what was built, should a file have been replaced meanwhile.
  const built = decodeTable(bytes)
  if (cache !== null) await writeCached(cache, built.key, bytes)
  return tableOf(built.key, built.data, companies)
}

/** With licence and attribution as they are said now: they change no look-up, so they are no part of the key. */
const labelled = (table: GeoTable, specs: readonly SourceSpec[]): GeoTable => {
  const now = new Map(specs.map(({ name, licence, attribution }) => [name, { licence, attribution }]))
  return { ...table, sources: table.sources.map((source) => ({ ...source, ...now.get(source.name) })) }
}

/** The table of these inputs, should it be in the cache. */
export async function reopenTable(key: string, { companies, cache }: TableWorld): Promise<GeoTable | null> {
  const kept = cache === null ? null : await readCached(cache, key)
  return kept === null ? null : tableOf(key, kept, companies)
}

/** Makes a look-up of compiled data. */
export function tableOf(key: string, data: TableData, companies: Companies): GeoTable {
  const table = new CompiledTable(data, (asn) => companies.ofAsn(asn))
  const dates = data.sources.flatMap(({ info: { date } }) => date ?? []).sort()
  const heard = data.sources.some(({ info }) => info.role === 'asn')
  const silent = heard ? [] : data.sources.filter(({ info }) => info.role === 'authority').map(({ info }) => info.name)
  return {
    key,
    v4: table.v4,
    v6: table.v6,
    answer: (number) => table.answer(number),
    locate: (ip) => table.locate(ip),
    lookup4: (address) => table.lookup4(address),
    lookup6: (a, b, c, d) => table.lookup6(a, b, c, d),
    size: table.size,
    sources: data.sources.map(({ info, coverage }) => ({ ...info, coverage })),
    hash: createHash('sha256').update(`${key}\n${companies.sha256}`).digest('hex'),
    oldestDate: dates[0] ?? '',
    newestDate: dates.at(-1) ?? '',
    warnings: [
      ...data.warnings,
      ...(silent.length === 0 ? [] : [`${silent.join(', ')}: not counted, since no source of role "asn" says whose network an address is`]),
    ],
  }
}
