/**
 * Compiles what operators publish into the tables of `geoip/operators/`, for a maintainer:
 *
 *     npm run build && node geoip/compile.mjs <folder with the publications>
 *
 * The folder holds the files under the names below, plain or with `.gz`. Every table is read back and compared with the
 * publication before it is written: the same answer for every address. Prints a line for each, and all warnings.
 */
import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { parseCloudAnycast, parseCloudRanges } from '../dist/geoip/cloud-ranges.js'
import { parseGeofeed } from '../dist/geoip/geofeed.js'
import { formatOperatorTable, parseOperatorTable } from '../dist/geoip/operator-table.js'
import { PrefixSet } from '../dist/geoip/prefixes.js'
import { loadPublishers, loadRegions } from '../dist/geoip/publishers.js'
import { covered, overlay } from '../dist/geoip/ranges.js'
import { parseDoubted } from '../dist/geoip/regions.js'
import { formatCidr } from '../dist/model/cidr.js'

/** `date`: of editions that bear none. `about`: how that day was chosen. */
const publications = [
  { id: 'aws', file: 'aws-ip-ranges.json' },
  { id: 'google-cloud', file: 'google-cloud.json' },
  {
    id: 'azure',
    file: 'azure-servicetags-public.json',
    date: '2026-04-20',
    about: 'the file bears no day; an edition of April 2026, change number 396; editions appear on Mondays',
  },
  {
    id: 'azure-china',
    file: 'azure-servicetags-china.json',
    date: '2025-07-28',
    about: 'the file bears no day; that of the edition, change number 363',
  },
  { id: 'oracle', file: 'oracle-public-ip-ranges.json' },
  { id: 'digitalocean', file: 'digitalocean-geofeed.csv', date: '2025-06-21', about: 'the file bears no day; that of its retrieval' },
  { id: 'linode', file: 'linode-geofeed.csv', date: '2025-06-20', about: 'by the heading of the file' },
]

/** Where operators document that these addresses are anycast. */
const anycastSources = {
  aws: 'https://docs.aws.amazon.com/global-accelerator/latest/dg/introduction-components.html',
  'google-cloud': 'https://cloud.google.com/load-balancing',
  azure: 'https://learn.microsoft.com/en-us/training/modules/explore-azure-networking/10-explore-azure-front-door',
}

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('say where the publications are: node geoip/compile.mjs <folder>')
const here = (name) => new URL(name, import.meta.url)
const doubts = fs.readFileSync(here('doubted.csv'), 'utf8')
const publishers = await loadPublishers()
const anycast = []

for (const publication of publications) {
  const publisher = publishers.get(publication.id)
  const bytes = read(publication.file)
  const regions = publisher.format === 'geofeed' ? null : await loadRegions(publisher.id)
  const published =
    regions === null ? withoutDoubted(parseGeofeed(bytes), publisher.id) : parseCloudRanges(bytes, publisher.format, regions)
  const date = publication.date ?? published.date
  if (date === null) throw new Error(`${publication.file} bears no day: write one in geoip/compile.mjs`)
  const lines = formatOperatorTable(published)
  const prefixes = lines.reduce((sum, line) => sum + line.split(' ').length, 0)
  const table = [
    `# ${publisher.name}: where its addresses are, by its own publication`,
    `# source: ${publisher.url}`,
    `# date: ${date}`,
    ...(publication.about === undefined ? [] : [`# of that day: ${publication.about}`]),
    `# compiled by geoip/compile.mjs into ${prefixes} prefixes`,
    ...lines,
    '',
  ].join('\n')
  const compiled = parseOperatorTable(Buffer.from(table), regions)
  if (answersOf(compiled) !== answersOf(published))
    throw new Error(`${publisher.id}: the compiled table answers otherwise than the publication`)
  fs.writeFileSync(here(`operators/${publisher.id}.csv`), table)
  say(`${publisher.id}: ${date}, ${prefixes} prefixes, ${covered(compiled.v4)} IPv4 addresses, ${table.length} bytes`)
  for (const warning of published.warnings) say(`  ${warning}`)
  if (publisher.id in anycastSources) anycast.push({ publisher, date, networks: parseCloudAnycast(bytes, publisher.format) })
}

const anycastTable = [
  '# Anycast addresses that cloud operators list in what they publish, and document as such',
  ...anycast.flatMap(({ publisher, date, networks }) => [
    `# source: ${publisher.url} of ${date}, ${anycastSources[publisher.id]}`,
    ...[...new Set(networks.map(({ network, whose }) => `${formatCidr(network)},${whose}`))].sort(byNumbers),
  ]),
  '',
].join('\n')
fs.writeFileSync(here('operators/anycast.csv'), anycastTable)
say(`anycast: ${anycast.map(({ publisher, networks }) => `${publisher.id} ${networks.length}`).join(', ')}, ${anycastTable.length} bytes`)

/** 9.0.0.0 before 10.0.0.0. */
function byNumbers(a, b) {
  return a.localeCompare(b, 'en', { numeric: true })
}

function say(line) {
  process.stdout.write(`${line}\n`)
}

function read(file) {
  const plain = path.join(folder, file)
  return fs.existsSync(plain) ? fs.readFileSync(plain) : zlib.gunzipSync(fs.readFileSync(`${plain}.gz`))
}

/** Holes where the publisher's word is doubted; formats with regions have them from their table. */
function withoutDoubted(content, id) {
  const holes = new PrefixSet()
  for (const network of parseDoubted(doubts, id)) holes.add(network, 1)
  const { v4, v6 } = holes.build()
  const unlessHole = (value, hole) => (hole === 1 ? 0 : value)
  return { ...content, v4: overlay(content.v4, v4, unlessHole), v6: overlay(content.v6, v6, unlessHole) }
}

/** Every range with its answer in words, as one text: equal where two contents answer alike. A geofeed's cities are not kept. */
function answersOf({ says, v4, v6 }) {
  const inWords = ({ starts, lanes, values }) => {
    const told = []
    for (const [i, value] of values.entries()) {
      const place = says.list[value - 1]
      const words = place === undefined ? '-' : `${place.country} ${place.detail ?? ''}`
      if (told.at(-1)?.words !== words) told.push({ words, start: starts.subarray(i * lanes, (i + 1) * lanes).join('.') })
    }
    return told.map(({ words, start }) => `${start} ${words}`).join('\n')
  }
  return `${inWords(v4)}\n\n${inWords(v6)}`
}
