/** One row of the app catalogue: everything that is known of an app, checked. */
import { parsePort } from '../model/address.ts'
import type { App } from '../model/app.ts'
import { type Cidr, formatCidr } from '../model/cidr.ts'
import { formatHostPattern, type HostPattern, isHostPattern, parseHostPattern } from '../model/host-pattern.ts'
import { printable } from '../model/hostname.ts'
import { compileNetworks } from '../policy/matchers/networks.ts'
import type { Path, Report } from '../policy/path.ts'
import type { AppDocument, AppFetch } from './app-document.ts'
import { resolveCitations, type SourceTable } from './cited-sources.ts'
import type { Companies } from './companies.ts'

export interface PortRange {
  readonly from: number
  readonly to: number
}

export type AppPorts = Readonly<Record<'tcp' | 'udp', readonly PortRange[]>>

/** What the vendor publishes, where, and as of which day. */
export interface AppRanges {
  readonly from: string
  readonly date: string
  readonly networks: readonly Cidr[]
  /** Where its list for programs is; `null` where it has none. */
  readonly fetch: AppFetch | null
  /** When this node fetched them, ISO 8601 UTC; `null`: they are those of the catalogue. */
  readonly fetched: string | null
}

export interface AppFacts {
  readonly app: App
  readonly aliases: readonly string[]
  /** Who contracts with users, in a sentence; the home of the group is `app.company`'s. */
  readonly operator: string
  /** Names that are the app's. */
  readonly domains: readonly HostPattern[]
  /** Apps with some of the same domains, by id. */
  readonly togetherWith: readonly string[]
  /** Names that other products use as well: never a sign of the app. */
  readonly shared: readonly HostPattern[]
  /** `null` where the vendor publishes nothing that could be used. */
  readonly ranges: AppRanges | null
  /** Of the vendor's manual, all of them: also those that are no sign of the app. */
  readonly ports: AppPorts
  readonly confidence: 'high' | 'medium' | 'low'
  /** Whether India's order of 29 June 2020 named it; `null`: not checked. */
  readonly blockedByIndia2020: boolean | null
  readonly note: string | null
  /** As people read them. */
  readonly sources: readonly string[]
  readonly date: string
}

/** What a row refers to beyond itself. */
export interface AppsFile {
  readonly sources: SourceTable
  readonly date: string
  readonly companies: Companies
}

export function compileApp(written: AppDocument, file: AppsFile, at: Path, report: Report): AppFacts {
  const { id, name, ranges, ports, note } = written
  const domains = compilePatterns(written.domains, [...at, 'domains'], report)
  const shared = compilePatterns(written.shared ?? '', [...at, 'shared'], report, written.domains)
  return Object.freeze({
    app: appOf(id, name, written.categories, file.companies),
    aliases: written.aliases ?? [],
    operator: written.operator,
    domains,
    togetherWith: written.together_with ?? [],
    shared,
    ranges: ranges === undefined ? null : rangesOf(ranges, [...at, 'ranges'], report),
    ports: compilePorts(ports ?? {}, [...at, 'ports'], report),
    confidence: written.confidence,
    blockedByIndia2020: written.blocked_by_india_2020 ?? null,
    note: note?.trimEnd() ?? null,
    sources: resolveCitations(written.sources, file.sources, [...at, 'sources'], report),
    date: written.date ?? file.date,
  })
}

const rangesOf = (written: NonNullable<AppDocument['ranges']>, at: Path, report: Report): AppRanges => ({
  ...written,
  networks: compileRanges(written.networks, [...at, 'networks'], report),
  fetch: written.fetch ?? null,
  fetched: null,
})

/** The company is asked for when it is read: whoever only names apps does without that list, which takes longer to read than this one. */
const appOf = (id: string, name: string, categories: readonly string[], companies: Companies): App =>
  Object.freeze({
    id,
    name,
    categories: Object.freeze([...categories]),
    get company() {
      return companies.ofApp(id)
    },
  })

/** Texts of a list that is written with spaces between. */
const wordsOf = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '')

/** `others`: the app's other list, of which nothing may stand here again. */
function compilePatterns(written: string, at: Path, report: Report, others = ''): readonly HostPattern[] {
  const seen = new Set(wordsOf(others))
  return wordsOf(written).flatMap((text) => {
    const pattern = parseHostPattern(text)
    if (!isHostPattern(pattern)) report(at, pattern.problem)
    // In one form only: what is written twice in two ways would not be seen to be the same.
    else if (formatHostPattern(pattern) !== text) report(at, `"${printable(text)}" must be written "${formatHostPattern(pattern)}"`)
    else if (seen.has(text)) report(at, `"${text}" stands in this app already`)
    else {
      seen.add(text)
      return [pattern]
    }
    return []
  })
}

function compileRanges(written: string, at: Path, report: Report): readonly Cidr[] {
  const networks = compileNetworks(wordsOf(written), (_, message) => report(at, message))
  const seen = new Set<string>()
  for (const network of networks.map(formatCidr)) {
    if (seen.has(network)) report(at, `${network} stands here twice`)
    seen.add(network)
  }
  return networks
}

/** Ports as they are written: numbers, and ranges as text. */
export function compilePorts(written: NonNullable<AppDocument['ports']>, at: Path, report: Report): AppPorts {
  const read = (network: keyof AppPorts): readonly PortRange[] =>
    (written[network] ?? []).flatMap((item, i) => {
      const [first = '', last = first, ...more] = String(item).split('-')
      const [from, to] = [parsePort(first), parsePort(last)]
      if (from !== null && to !== null && more.length === 0 && from <= to) return [{ from, to }]
      report([...at, network, i], `"${printable(String(item))}" is not a port (1–65535) or a range such as "8801-8810"`)
      return []
    })
  return { tcp: read('tcp'), udp: read('udp') }
}

/** `8801-8810`, or `443`. */
export const formatPortRange = ({ from, to }: PortRange): string => (from === to ? String(from) : `${from}-${to}`)
