/** Apps of the catalogue on a screen: a row each, or everything that is known of one, with where it is from. */
import { type AppFacts, type AppPorts, type AppRanges, formatPortRange } from '../config/app-facts.ts'
import { formatCidr } from '../model/cidr.ts'
import { countryLabel } from '../model/country.ts'
import { formatHostPattern } from '../model/host-pattern.ts'
import { printable } from '../model/hostname.ts'
import type { Company } from '../model/location.ts'
import { type Cell, type Output, paint, table } from './output.ts'

type Paper = Pick<Output, 'width' | 'colour'>

export function appsTable(apps: readonly AppFacts[], paper: Paper): string {
  const rows = apps.map(({ app, domains, ranges, confidence }): readonly Cell[] => [
    app.id,
    app.name,
    app.categories.join(', '),
    app.company === null ? '-' : `${app.company.home}${app.company.contested === null ? '' : ', contested'}`,
    app.company?.name ?? '-',
    String(domains.length),
    ranges === null ? '-' : `${ranges.networks.length} of ${ranges.date}`,
    confidence === 'low' ? { text: confidence, style: 'yellow' } : confidence,
  ])
  const columns = [
    { head: 'app' },
    { head: 'name', least: 12, spare: 1 },
    { head: 'categories', least: 12 },
    { head: 'home' },
    { head: 'company', least: 10, spare: 2 },
    { head: 'domains', align: 'right' as const },
    { head: 'ranges' },
    { head: 'confidence', spare: 3 },
  ]
  return table(columns, rows, paper)
}

export function appCard({ app, ...facts }: AppFacts, paper: Paper): string {
  const { ranges, blockedByIndia2020 } = facts
  const lines: readonly (readonly [string, string | null])[] = [
    ['id', [app.id, ...facts.aliases.map((alias) => `${alias} (alias)`)].join(', ')],
    ['categories', app.categories.join(', ')],
    ['company', app.company === null ? 'not on the list of companies' : homeOf(app.company)],
    ['contested', app.company?.contested ?? null],
    ['operator', facts.operator],
    ['domains', facts.domains.map(formatHostPattern).join('  ')],
    [
      '',
      facts.togetherWith.length === 0 ? null : `in common with ${facts.togetherWith.join(', ')}: a flow to such a name is taken for each`,
    ],
    ['shared', facts.shared.length === 0 ? null : facts.shared.map(formatHostPattern).join('  ')],
    ['', facts.shared.length === 0 ? null : 'other products use these too: no sign of the app'],
    ['ranges', ranges === null ? 'none that the vendor publishes could be used' : ranges.networks.map(formatCidr).join('  ')],
    ['', ranges === null ? null : originOf(ranges)],
    ['ports', portsText(facts.ports)],
    ['confidence', facts.confidence],
    [
      'India 2020',
      blockedByIndia2020 === null ? null : blockedByIndia2020 ? 'blocked by the order of 29 June 2020' : 'not in the order of 29 June 2020',
    ],
    ['note', facts.note],
    ['as of', facts.date],
    ...facts.sources.map((source, i) => [i === 0 ? 'sources' : '', source] as const),
  ]
  return `${bold(app.name, paper)}\n\n${lines.map(([label, text]) => (text === null ? '' : entry(label, text, paper))).join('')}`
}

const originOf = ({ from, date, fetched }: AppRanges): string =>
  fetched === null
    ? `published at ${from}, as of ${date}`
    : `published at ${from}, fetched by this node on ${fetched.slice(0, 16).replace('T', ' ')} UTC`

const homeOf = ({ name, home }: Company): string => `${name}, at home in ${countryLabel(home)}`

function portsText({ tcp, udp }: AppPorts): string | null {
  const parts = Object.entries({ udp, tcp }).flatMap(([network, ranges]) =>
    ranges.length === 0 ? [] : [`${network} ${ranges.map(formatPortRange).join(', ')}`],
  )
  return parts.length === 0 ? null : `${parts.join('; ')} (a port alone decides nothing)`
}

const LABEL = 12

/** Folded at the width of a terminal: of a network or a sentence nothing may be cut. */
function entry(label: string, text: string, { width, colour }: Paper): string {
  const head = label.padEnd(LABEL)
  return foldedAt(text, width - LABEL)
    .map((line, i) => `${i > 0 ? ' '.repeat(LABEL) : colour ? paint(head, 'dim') : head}${line}\n`)
    .join('')
}

const bold = (text: string, { colour }: Paper): string => (colour ? paint(printable(text), 'bold') : printable(text))

function foldedAt(text: string, width: number): readonly string[] {
  const lines: string[] = []
  // One by one: `printable` cuts what is long.
  for (const part of Array.from(text, (character) => printable(character))
    .join('')
    .match(/\S+ */g) ?? []) {
    const last = lines.at(-1)
    if (last !== undefined && (last + part.trimEnd()).length <= width) lines[lines.length - 1] = last + part
    else lines.push(part)
  }
  return lines.map((line) => line.trimEnd())
}
