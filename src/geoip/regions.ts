/**
 * In which country a publisher's regions are, from the tables in `geoip/regions/`. A region that is not in its table has
 * no country here: the name of a region is never read for hints (AWS `us-east-1-lim-1` is in Lima).
 */
import { type Cidr, isCidr, parseCidr } from '../model/cidr.ts'
import { type CountryCode, isCountryCode } from '../model/country.ts'
import type { Gazetteer } from './stated-places.ts'

/** One publisher's regions. */
export interface RegionTable {
  /** By the publisher's own word: a region, a zone group, a scope. */
  readonly countries: ReadonlyMap<string, CountryCode>
  /** Networks that the publisher files under a region though they are, or may be, elsewhere: its word has no place there. */
  readonly doubted: readonly Cidr[]
}

/** The places of a table's regions, each with the region's name as its detail. */
export const gazetteerOf = ({ countries, doubted }: RegionTable): Gazetteer => ({
  doubted,
  placeOf(region) {
    const country = countries.get(region)
    return country === undefined ? null : { country, detail: region }
  },
})

/** Reads `region,country,city,source,date`; throws an Error that names the line. */
export function parseRegions(text: string): ReadonlyMap<string, CountryCode> {
  const countries = new Map<string, CountryCode>()
  for (const [line, fields] of rows(text)) {
    const [region = '', country = ''] = fields
    if (region === '' || fields.length !== 5) throw new Error(`line ${line}: a region has five columns: region,country,city,source,date`)
    if (!isCountryCode(country)) throw new Error(`line ${line}: "${country}" is not a country code`)
    if (countries.has(region)) throw new Error(`line ${line}: region "${region}" stands there twice`)
    countries.set(region, country)
  }
  return countries
}

/** Reads the networks of one publisher from `publisher,prefix,reason,date`; throws an Error that names the line. */
export function parseDoubted(text: string, publisher: string): readonly Cidr[] {
  const networks: Cidr[] = []
  for (const [line, fields] of rows(text)) {
    const [id, prefix = ''] = fields
    if (fields.length !== 4) throw new Error(`line ${line}: a doubt has four columns: publisher,prefix,reason,date`)
    const network = parseCidr(prefix)
    if (!isCidr(network)) throw new Error(`line ${line}: "${prefix}" is not a prefix (${network.problem})`)
    if (id === publisher) networks.push(network)
  }
  return networks
}

/** Lines below the heading with their numbers, cut into fields; blank lines and comments left out. */
function rows(text: string): readonly (readonly [number, readonly string[]])[] {
  return text
    .split(/\r?\n/)
    .map((line, i) => [i + 1, line.trim()] as const)
    .filter(([, line]) => line !== '' && !line.startsWith('#'))
    .slice(1)
    .map(([number, line]) => [number, line.split(',')])
}
