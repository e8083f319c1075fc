/**
 * Locations as columns and JSON, for one address as for millions: what many addresses share (the evidence, the network)
 * is put into words once.
 */
import type { GeoTable } from '../geoip/index.ts'
import type { CountryCode } from '../model/country.ts'
import { certaintyOf, type Location, type Network, type SourceAnswer } from '../model/location.ts'

/** What is known of an address, put into words by the printers of one table. */
export interface Row {
  /** As it was given, so that the output can be joined with the input. */
  readonly address: string
  readonly location: Location
}

/** The names of the sources that are asked of every address: each has a column. */
export const askedOfAll = (geo: Pick<GeoTable, 'sources'>): readonly string[] =>
  geo.sources.filter(({ role }) => role === 'voter' || role === 'witness').map(({ name }) => name)

export const rowHeads = (geo: Pick<GeoTable, 'sources'>): readonly string[] => [
  'address',
  'country',
  'possible',
  'certainty',
  'registry',
  'stated',
  ...askedOfAll(geo),
  'asn',
  'network',
  'home',
]

export const rowCells = ({ address, location }: Row, geo: Pick<GeoTable, 'sources'>): readonly string[] => [
  address,
  ...evidenceCells(location, askedOfAll(geo)),
  ...networkCells(location.network),
]

const evidenceCells = (location: Location, names: readonly string[]): readonly string[] => {
  const { best, possible, registry, answers } = location
  const country = (name: string): CountryCode | '-' => answers.find(({ source }) => source === name)?.country ?? '-'
  return [best ?? '-', possible.join(' ') || '-', certaintyOf(location), registry ?? '-', statements(answers, names), ...names.map(country)]
}

const networkCells = (network: Network | null): readonly string[] =>
  network === null ? ['-', '-', '-'] : [String(network.asn), network.name || '-', network.company?.home ?? '-']

/** What those say that are not asked of every address: "AWS: HK (ap-east-1)". */
export const statements = (answers: readonly SourceAnswer[], asked: readonly string[]): string =>
  answers
    .filter(({ source }) => !asked.includes(source))
    .map(({ source, country, detail, disowned }) => {
      const place = country === null ? (detail ?? '') : detail === undefined ? country : `${country} (${detail})`
      return `${source}: ${place}${disowned === true ? ', not its network' : ''}`
    })
    .join('; ') || '-'

const evidenceJson = ({ best, possible, stated, registry, anycast, answers }: Location) => ({
  country: best,
  possible,
  stated,
  registry,
  anycast,
  sources: Object.fromEntries(answers.map(({ source, country }) => [source, country])),
  details: Object.fromEntries(answers.flatMap(({ source, detail }) => (detail === undefined ? [] : [[source, detail]]))),
  disowned: answers.flatMap(({ source, disowned }) => (disowned === true ? [source] : [])),
})

const networkJson = (network: Network | null) => ({
  network:
    network === null
      ? null
      : { asn: network.asn, name: network.name, home: network.company?.home ?? null, firm: network.company?.name ?? null },
})

/** Prints rows as lines, each shared part once. */
export interface RowPrinter {
  line(row: Row): string
}

/** Lines of CSV; `csv` makes one line of cells, with its end. */
export function csvPrinter(geo: Pick<GeoTable, 'sources'>, csv: (cells: readonly string[]) => string): RowPrinter {
  const names = askedOfAll(geo)
  const cells = (list: readonly string[]) => csv(list).trimEnd()
  const evidence = shared((location: Location) => cells(evidenceCells(location, names)))
  const network = remembered((of: Network | null) => csv(networkCells(of)))
  return { line: ({ address, location }) => `${cells([address])},${evidence(location)},${network(location.network)}` }
}

/** JSON lines; `json` makes one line of a value, with its end. */
export function jsonPrinter(geo: Pick<GeoTable, 'hash'>, json: (value: unknown) => string): RowPrinter {
  const inner = (value: unknown) => json(value).trimEnd().slice(1, -1)
  const evidence = shared((location: Location) => inner({ certainty: certaintyOf(location), ...evidenceJson(location) }))
  // Which data it was: "geoip status" and the records name it by the same hash.
  const network = remembered((of: Network | null) => inner({ ...networkJson(of), table: geo.hash }))
  return {
    line: ({ address, location }) => {
      const own = inner({ address, ...(location.ip !== address && { judged_as: location.ip }), scope: location.scope })
      return `{${own},${evidence(location)},${network(location.network)}}\n`
    },
  }
}

/** Global addresses of the same evidence share its list of answers; of the others each says why it has none. */
function shared(print: (location: Location) => string): (location: Location) => string {
  const known = new Map<readonly SourceAnswer[], string>()
  return (location) => {
    if (location.scope !== 'global' || location.answers.length === 0) return print(location)
    const before = known.get(location.answers)
    if (before !== undefined) return before
    const text = print(location)
    known.set(location.answers, text)
    return text
  }
}

function remembered<K>(print: (key: K) => string): (key: K) => string {
  const known = new Map<K, string>()
  return (key) => {
    const before = known.get(key)
    if (before !== undefined) return before
    const text = print(key)
    known.set(key, text)
    return text
  }
}
