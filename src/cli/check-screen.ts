/** What `ringfence check` shows: the sentence, the apps, a row for each address; or all of it as JSON. */
import type { GeoTable } from '../geoip/index.ts'
import { type Endpoint, formatEndpoint, type Ip } from '../model/address.ts'
import type { KnownApp } from '../model/app.ts'
import type { Millis } from '../model/flow.ts'
import { type Host, hostText } from '../model/hostname.ts'
import type { Identity } from '../model/identity.ts'
import { certaintyOf } from '../model/location.ts'
import type { Candidate } from '../model/verdict.ts'
import type { Judged } from '../pipeline/pipeline.ts'
import type { Policy } from '../policy/policy.ts'
import { askedOfAll, statements } from './location-rows.ts'
import { type Cell, type Output, table } from './output.ts'

/** Who asks, and at which door: what fences over `client` and `inbound` read. */
export interface Asking {
  readonly client: Ip
  readonly who: Identity
  readonly inbound: string
  /** `null`: now. */
  readonly at: Millis | null
}

/** Each app once for each thing that tells it. */
export function appsOf(candidates: readonly Candidate[], known: Judged['known']): readonly KnownApp[] {
  const told = candidates.length === 0 ? known.namedApps : candidates.flatMap(({ apps }) => apps)
  return [...new Map(told.map((each) => [`${each.app.id} ${each.origin}`, each])).values()]
}

const originNames: Readonly<Record<KnownApp['origin'], string>> = {
  asked: 'by its name',
  sni: 'by the name in its TLS hello',
  'http-host': 'by its Host field',
  dns: 'by a name that was looked up',
  range: "by its vendor's published ranges",
  port: 'by its port',
}

function appLine(apps: readonly KnownApp[]): string {
  if (apps.length === 0) return ''
  return `\napp: ${apps.map(({ app, origin }) => `${app.name} (${originNames[origin]})`).join(', ')}`
}

export function asText({ decision, known }: Judged, policy: Policy, geo: GeoTable, sentence: string, out: Output): string {
  const asked = askedOfAll(geo)
  const rows = decision.candidates.flatMap((candidate) =>
    candidate.locations.map((location, i): readonly Cell[] => [
      i === 0 ? candidate.ip : '',
      location.ip === candidate.ip ? '' : location.ip,
      i === 0 ? fate(candidate) : '',
      location.best ?? '-',
      certaintyOf(location),
      ...asked.map((name) => location.answers.find(({ source }) => source === name)?.country ?? '-'),
      statements(location.answers, asked),
      i === 0 ? whyOf(candidate) : '',
    ]),
  )
  const embedded = rows.some(([, inner]) => inner !== '')
  const heads = ['address', 'stands for', 'would be', 'country', 'certainty', ...asked, 'stated', 'why']
  const spoken = heads.length - 2
  const isStated = rows.some((row) => row[spoken] !== '-')
  const keep = (_: unknown, i: number) => (embedded || i !== 1) && (isStated || i !== spoken)
  const dated = geo.sources.filter(({ name }) => asked.includes(name)).map(({ name, date }) => `${name} of ${date ?? 'an unknown day'}`)
  const others = geo.sources.length - dated.length
  const told = appLine(appsOf(decision.candidates, known))
  const policyLine = `policy ${policy.name}, mode ${policy.mode}; data: ${dated.join(', ')}${others === 0 ? '' : ` and ${others} more`}`
  const credits = [...new Set(geo.sources.flatMap(({ attribution }) => attribution ?? []))].map((line) => `\n${line}`).join('')
  if (rows.length === 0) return `${sentence}${told}\n\n${policyLine}\n`
  return `${sentence}${told}\n\n${table(
    heads.map((head) => ({ head })).filter(keep),
    rows.map((row) => row.filter(keep)),
    out,
  )}\n${policyLine}${credits}\n`
}

const fate = ({ refusal, effect }: Candidate): Cell => {
  if (refusal !== null) return { text: 'refused', style: 'red' }
  return effect === 'block' ? { text: 'blocked', style: 'red' } : effect === 'log' ? { text: 'flagged', style: 'yellow' } : 'reached'
}

function whyOf({ fences, refusal, effect }: Candidate): string {
  if (refusal !== null) return refusal
  // What no fence did, `local_network` did: only it speaks for local addresses otherwise.
  const local = effect !== 'allow' && !fences.some((fence) => fence.effect === effect) ? ['local_network'] : []
  return [...local, ...fences.map(({ fence, outcome }) => `${fence}: ${outcome}`)].join(', ') || '-'
}

export const asJson = (
  asked: Endpoint<Host>,
  { client, who, inbound }: Asking,
  { decision, known }: Judged,
  policy: Policy,
  geo: GeoTable,
  sentence: string,
) => ({
  asked: formatEndpoint({ host: hostText(asked.host), port: asked.port }),
  client,
  user: who.name,
  groups: who.groups,
  inbound,
  apps: appsOf(decision.candidates, known).map(({ app, origin }) => ({ app: app.id, origin })),
  verdict: decision.verdict.kind,
  would: decision.verdict.would,
  mode: policy.mode,
  sentence,
  reasons: decision.verdict.reasons,
  addresses: decision.candidates.map(({ ip, locations, fences, effect, refusal }) => ({
    ip,
    effect,
    refusal,
    fences,
    judged: locations.map(({ ip: judged, scope, best, possible, stated, registry, anycast, answers, network }) => ({
      ip: judged,
      scope,
      country: best,
      possible,
      stated,
      registry,
      anycast,
      network: network === null ? null : { asn: network.asn, name: network.name, home: network.company?.home ?? null },
      sources: Object.fromEntries(answers.map(({ source, country }) => [source, country])),
    })),
  })),
  upstreams: (decision.way?.hops ?? []).map(({ ip, port, effect, refusal, fences, permitted }) => ({
    server: formatEndpoint({ host: ip, port }),
    effect,
    refusal,
    fences,
    permitted,
  })),
  policy: { name: policy.name, hash: policy.hash },
  table: { hash: geo.hash, sources: geo.sources },
})
