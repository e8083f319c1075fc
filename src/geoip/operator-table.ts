/**
 * The tables in `geoip/operators/`: what an operator published, compiled by `geoip/compile.mjs` into as few prefixes as
 * give the same answers. Lines are `region,prefix prefix …`, or `country,prefix …` where a geofeed was compiled.
 */
import { type Cidr, formatCidr, isCidr, parseCidr } from '../model/cidr.ts'
import { isCountryCode } from '../model/country.ts'
import { printable } from '../model/hostname.ts'
import { prefixesOf } from './range-prefixes.ts'
import { gazetteerOf, type RegionTable } from './regions.ts'
import type { Content } from './source.ts'
import { contentOf, type Gazetteer, type StatedPlace } from './stated-places.ts'

/** Reads one table; `regions` is `null` where its first column is the country itself. Throws an Error that names the line. */
export function parseOperatorTable(bytes: Buffer, regions: RegionTable | null): Content {
  const statements: StatedPlace[] = []
  let date: string | null = null
  for (const [i, text] of bytes.toString('utf8').split('\n').entries()) {
    const line = text.trim()
    if (line.startsWith('#')) date ??= /^# date: (\d{4}-\d{2}-\d{2})$/.exec(line)?.[1] ?? null
    else if (line !== '') statements.push(...statementsOf(line, i + 1))
  }
  if (statements.length === 0) throw new Error('it lists no prefix')
  return contentOf(statements, regions === null ? byCountryCode : gazetteerOf(regions), date)
}

/**
 * The lines of a table that gives the same answers as `content`, without heading comments: for each place one line for
 * each first part of an address (`18.`, `2600:`), so that a change of one prefix changes one line of a hundred.
 */
export function formatOperatorTable({ says, v4, v6 }: Content): readonly string[] {
  if (says.kind !== 'places') throw new Error(`a table of places can't be made from ${says.kind}`)
  const lines = new Map<string, Cidr[]>()
  for (const { network, value } of [...prefixesOf(v4), ...prefixesOf(v6)]) {
    const place = says.list[value - 1]
    if (place === undefined) throw new Error(`no place has the number ${value}`)
    const key = `${place.detail ?? place.country},${/^[^.:]*[.:]/.exec(network.ip)?.[0]}`
    const line = lines.get(key)
    if (line === undefined) lines.set(key, [network])
    else line.push(network)
  }
  return [...lines]
    .map(([key, networks]) => ({ place: key.slice(0, key.lastIndexOf(',')), networks }))
    .sort((a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : 0))
    .map(({ place, networks }) => `${place},${networks.map(formatCidr).join(' ')}`)
}

function statementsOf(line: string, number: number): readonly StatedPlace[] {
  const comma = line.indexOf(',')
  if (comma < 1) throw new Error(`line ${number}: not of the form "region,prefix prefix …"`)
  const region = line.slice(0, comma)
  return line
    .slice(comma + 1)
    .split(' ')
    .map((prefix) => {
      const network = parseCidr(prefix)
      if (!isCidr(network)) throw new Error(`line ${number}: "${printable(prefix)}" is not a prefix (${network.problem})`)
      return { network, region }
    })
}

const byCountryCode: Gazetteer = {
  doubted: [],
  placeOf: (code) => (isCountryCode(code) ? { country: code, detail: null } : null),
}
