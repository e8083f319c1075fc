/**
 * How often the embedded data is right, on the networks of operators that publish where those are. Each operator is
 * judged with its own table left out (leave-one-out): what remains is what one knows of an operator that publishes
 * nothing. Two counts: by prefix (each weighs the same) and by IPv4 address. It measures agreement with what operators
 * say of themselves, at the dates of their tables; `geoip/README.md` shows the result with its limits.
 */
import { readManifest, specOf } from '../../src/geoip/embedded.ts'
import { type GeoTable, tableOf } from '../../src/geoip/index.ts'
import { openSource, readFiles } from '../../src/geoip/open-source.ts'
import { prefixesOf } from '../../src/geoip/range-prefixes.ts'
import type { GeoSource } from '../../src/geoip/source.ts'
import { compile } from '../../src/geoip/table-data.ts'
import { ipToBytes } from '../../src/model/address.ts'
import type { Cidr } from '../../src/model/cidr.ts'
import type { CountryCode } from '../../src/model/country.ts'
import type { Evidence } from '../../src/model/location.ts'

interface Truth {
  readonly network: Cidr
  readonly country: CountryCode
}

/** How often something was so, counted in prefixes and in IPv4 addresses. */
class Share {
  #prefixes = 0
  #addresses = 0
  #allPrefixes = 0
  #allAddresses = 0

  add(holds: boolean, { family, bits }: Cidr): void {
    const addresses = family === 4 ? 2 ** (32 - bits) : 0
    this.#allPrefixes++
    this.#allAddresses += addresses
    if (!holds) return
    this.#prefixes++
    this.#addresses += addresses
  }

  get byPrefix(): number {
    return (100 * this.#prefixes) / this.#allPrefixes
  }

  get byAddress(): number {
    return (100 * this.#addresses) / this.#allAddresses
  }
}

/** What is asked of the evidence about a prefix, beside the country that its operator names. */
const questions: Readonly<Record<string, (evidence: Evidence, truth: CountryCode) => boolean>> = {
  'best guess right': ({ best }, truth) => best === truth,
  'DB-IP Lite alone': ({ answers }, truth) => answers.find(({ source }) => source === 'DB-IP Lite')?.country === truth,
  'geo-whois-asn alone': ({ answers }, truth) => answers.find(({ source }) => source === 'geo-whois-asn')?.country === truth,
  'among the possible': ({ possible }, truth) => possible.includes(truth),
  'only possible one': ({ possible }, truth) => possible.length === 1 && possible[0] === truth,
  disputed: ({ possible }) => possible.length > 1,
  unknown: ({ possible }) => possible.length === 0,
}

export async function bench(): Promise<{ readonly title: string; readonly text: string }> {
  const specs = (await readManifest()).map(specOf)
  const sources = await Promise.all(specs.map(async (spec) => openSource(spec, await readFiles(spec))))
  const operators = sources.filter(({ info }) => info.role === 'authority')
  const scores = operators.map((operator) => score(operator, tableWithout(operator, sources)))
  const names = operators.map(({ info }) => info.name)
  const china = scores.flatMap(({ china }) => china)
  const header = ['', ...names, 'mean']
  const part = (title: string, count: 'byPrefix' | 'byAddress') =>
    [
      `| ${[title, ...header.slice(1)].join(' | ')} |`,
      `| ${header.map((_, i) => (i === 0 ? '---' : '--:')).join(' | ')} |`,
      ...Object.keys(questions).map((question) => {
        const shares = scores.map(({ shares }) => shares.get(question)?.[count] ?? Number.NaN)
        const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
        return `| ${[question, ...[...shares, mean].map((share) => share.toFixed(1))].join(' | ')} |`
      }),
    ].join('\n')
  const missed = china.filter(({ truth, possible }) => truth === 'CN' && !possible.includes('CN' as CountryCode)).length
  const alarms = china.filter(({ truth, possible }) => truth !== 'CN' && possible.includes('CN' as CountryCode))
  const certain = alarms.filter(({ possible }) => possible.length === 1).length
  const inChina = china.filter(({ truth }) => truth === 'CN').length
  return {
    title: 'Agreement with what operators publish, each with its own table left out (%)',
    text: `${part('by prefix', 'byPrefix')}\n\n${part('by IPv4 address', 'byAddress')}\n
Prefixes: ${scores.map(({ prefixes }, i) => `${names[i]} ${prefixes}`).join(', ')}.
In China by their operator: ${inChina} prefixes, of which CN is not among the possible countries for ${missed}.
Elsewhere: ${china.length - inChina} prefixes, of which CN is among the possible for ${alarms.length}, the only one for ${certain}.`,
  }
}

const tableWithout = (operator: GeoSource, sources: readonly GeoSource[]): GeoTable =>
  tableOf('', compile(sources.filter((source) => source !== operator)), { ofAsn: () => null, sha256: '' })

interface Score {
  readonly prefixes: number
  readonly shares: ReadonlyMap<string, Share>
  readonly china: readonly { readonly truth: CountryCode; readonly possible: readonly CountryCode[] }[]
}

function score(operator: GeoSource, table: GeoTable): Score {
  const shares = new Map(Object.keys(questions).map((question) => [question, new Share()]))
  const truths = truthsOf(operator)
  const china = truths.map(({ network, country }) => {
    const evidence = evidenceAt(table, network)
    for (const [question, holds] of Object.entries(questions)) shares.get(question)?.add(holds(evidence, country), network)
    return { truth: country, possible: evidence.possible }
  })
  return { prefixes: truths.length, shares, china }
}

function truthsOf({ says, v4, v6 }: GeoSource): readonly Truth[] {
  return [...prefixesOf(v4), ...prefixesOf(v6)].flatMap(({ network, value }) => {
    const place = says.kind === 'places' ? says.list[value - 1] : undefined
    return place === undefined ? [] : [{ network, country: place.country }]
  })
}

/** At the middle of the network: its ends are where databases cut it. */
function evidenceAt(table: GeoTable, { ip, bits }: Cidr): Evidence {
  const bytes = ipToBytes(ip)
  const middle = bits >> 3
  if (bits < bytes.length * 8) bytes[middle] = (bytes[middle] ?? 0) | (0x80 >> (bits & 7))
  const word = (at: number) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(at)
  return bytes.length === 4 ? table.lookup4(word(0)) : table.lookup6(word(0), word(4), word(8), word(12))
}
