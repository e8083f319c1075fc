/** Everything that is known of one address, on one screen: each source's own answer with its date, and what follows. */
import type { CoveredSource, GeoTable } from '../geoip/index.ts'
import { reachSentence } from '../geoip/reach.ts'
import { countryLabel } from '../model/country.ts'
import { certaintyOf, type Location, type SourceAnswer, type SourceRole } from '../model/location.ts'
import type { RuledOut } from '../model/reach.ts'
import { type Cell, table } from './output.ts'

type Sources = Pick<GeoTable, 'sources' | 'hash'>

interface Paper {
  readonly width: number
  readonly colour: boolean
}

/** What recorded handshakes with an address say, seen from the vantage of the settings. */
export interface Handshakes {
  readonly count: number
  /** The quickest, ms; `null` where none is recorded. */
  readonly quickest: number | null
  readonly ruledOut: readonly RuledOut[]
}

/** The card of one address; `address` as it was given. `handshakes`: `null` where no vantage is set. */
export function locationCard(address: string, location: Location, handshakes: Handshakes | null, geo: Sources, paper: Paper): string {
  const { ip, network } = location
  const certainty = certaintyOf(location)
  const facts: (readonly [string, Cell])[] = [
    ...(ip === address ? [] : [['stands for', ip] as const]),
    ['country', headline(location)],
    ['certainty', `${certainty}: ${meaning(location)}`],
    ...(location.scope !== 'global'
      ? []
      : ([
          ['registered in', location.registry === null ? '-' : `${countryLabel(location.registry)}: who holds the block, not where it is`],
          ['network', network === null ? 'announced by nobody, as far as the data goes' : `AS${network.asn} ${network.name}`],
          ['its firm', firm(location)],
          ...(handshakes === null ? [] : [['round trip', roundTrip(handshakes)] as const]),
        ] as const)),
  ]
  const said = geo.sources.filter(({ role }) => role !== 'registry' && role !== 'asn').flatMap((source) => saidBy(source, location))
  const shown = table(
    [{ head: '' }, { head: '' }],
    facts.map(([label, text]) => [{ text: label, style: 'dim' }, text]),
    paper,
  )
  // The facts need no heads.
  const list = shown.slice(shown.indexOf('\n') + 1)
  const voices =
    said.length === 0
      ? ''
      : `\n${table([{ head: 'source' }, { head: 'says' }, { head: 'role' }, { head: 'data of' }, { head: '', least: 10 }], said, paper)}`
  return `${address}\n\n${list}${voices}\n`
}

function headline({ best, possible, scope, anycast }: Location): Cell {
  if (scope !== 'global') return { text: 'none', style: 'bold' }
  if (anycast)
    return {
      text: `in many places${possible.length === 0 ? '' : `; sources name ${possible.map(countryLabel).join(', ')}`}`,
      style: 'bold',
    }
  if (best === null) return { text: 'unknown', style: 'bold' }
  const others = possible.filter((country) => country !== best)
  const also = others.length === 0 ? '' : `, or ${others.map(countryLabel).join(', ')}`
  return { text: `${countryLabel(best)}${also}`, style: 'bold' }
}

function meaning({ scope, anycast, possible, stated }: Location): string {
  if (scope !== 'global') return `not on the Internet (${scope})`
  if (anycast) return 'one address in many places; no source can say which of them answers'
  if (possible.length === 0) return 'no source knows'
  if (possible.length > 1) return 'the sources differ; a fence counts every country that they name'
  return stated === null ? 'all voters that answer name one country' : `${stated} says so, and its word decides`
}

function firm({ network }: Location): string {
  if (network === null) return '-'
  if (network.company === null) return 'not on the list of companies'
  const { name, home, contested } = network.company
  return `${name}, at home in ${countryLabel(home)}${contested === null ? '' : ` (contested: ${contested})`}`
}

function roundTrip({ count, quickest, ruledOut }: Handshakes): string {
  if (quickest === null) return 'no handshake with it is recorded'
  const [first, ...more] = ruledOut.map((each) => reachSentence(quickest, each))
  if (first === undefined) return `${quickest} ms, the quickest of ${count}: rules out nothing that a source names`
  return [first, ...more].join('; ')
}

/** `null`s are shown of those that are asked of every address. */
function saidBy(source: CoveredSource, { answers, scope }: Location): readonly (readonly Cell[])[] {
  if (scope !== 'global') return []
  const answer = answers.find((each) => each.source === source.name)
  if (answer === undefined) return []
  return [
    [
      source.name,
      placeOf(answer),
      answer.disowned === true ? 'authority: not its network' : roleWord[source.role],
      source.date ?? '-',
      regionOf(answer),
    ],
  ]
}

const placeOf = ({ country, detail }: SourceAnswer): string => (country === null ? (detail ?? '-') : countryLabel(country))

/** Beside a country; alone it stands in the country's place. */
const regionOf = ({ country, detail }: SourceAnswer): string => (country !== null && detail !== undefined ? detail : '')

/** What its word counts for. */
const roleWord: Readonly<Record<SourceRole, string>> = {
  override: 'override: beats all',
  authority: 'authority: its own network',
  voter: 'voter',
  witness: 'witness: not counted',
  registry: 'registry',
  asn: 'asn',
  anycast: 'anycast list',
}
