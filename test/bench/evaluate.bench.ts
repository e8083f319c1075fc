/**
 * Verdicts per second on addresses that are located: over ten fences, and over a thousand with 100,000 hosts and networks,
 * against a judge that walks all fences and their lists, in the same run. Aims: 5 µs for the first, 20 µs for the second.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { stringify } from 'yaml'
import { type Ip, ipFromBytes, ipToBytes } from '../../src/model/address.ts'
import { type Cidr, isCidr, parseCidr } from '../../src/model/cidr.ts'
import { allCountries } from '../../src/model/country.ts'
import type { Facts } from '../../src/model/facts.ts'
import { type HostPattern, isHostPattern, matchesHostPattern, parseHostPattern } from '../../src/model/host-pattern.ts'
import type { Hostname } from '../../src/model/hostname.ts'
import { anonymous } from '../../src/model/identity.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { effectSpan, evaluate } from '../../src/policy/evaluate.ts'
import { judgeFence } from '../../src/policy/fence.ts'
import { noLibrary } from '../../src/policy/library.ts'
import { certain, type Matcher } from '../../src/policy/matchers/matcher.ts'
import type { Fence, Policy } from '../../src/policy/policy.ts'
import { type BenchTable, median } from './bench.ts'

const FENCES = 1_000
const VALUES_A_FENCE = 100
/** A file may hold 1 MiB: the large policy is put together of several by `extends`. */
const FENCES_A_FILE = 200
const SAMPLES = 2_000
const ROUNDS = 15

const ten = [
  { name: 'no-cn', never: ['CN', 'RU'], except: [{ host: '.partner.example', reason: 'audited' }] },
  { name: 'legal-in-eea', traffic: { group: 'legal' }, only: ['DE', 'FR', 'NL', 'NO', 'SE', 'FI', 'ES', 'IT', 'PL'] },
  { name: 'calls', traffic: { host: ['.zoom.us', '.webex.com', 'meet.google.com'], port: [443, '8801-8810'] }, only: ['US', 'IN', 'DE'] },
  { name: 'lab', traffic: { client: '10.20.0.0/16' }, never: ['US'], action: 'log' },
  { name: 'mail', traffic: { port: [25, 465, 587], network: 'tcp' }, only: ['IN'] },
  { name: 'carrier', traffic: { cidr: ['52.80.0.0/15', '2001:67c::/32'] }, never: 'anywhere' },
  { name: 'guests', traffic: { group: 'guests', not: { host: '.example.com' } }, never: ['CN', 'RU', 'IR', 'KP'] },
  { name: 'firms', never: ['CN'], country_of: ['server', 'registry', 'network'], action: 'log' },
  {
    name: 'ana',
    traffic: { user: 'ana', inbound: 'office' },
    only: ['IN', 'SG'],
    except: [{ cidr: '8.8.8.0/24', to: ['US'], reason: 'DNS' }],
  },
  { name: 'payments', traffic: { host: ['*.bank.example', 'pay.example'], network: 'tcp' }, only: ['IN'] },
]

/** Numerical Recipes' generator: the same values in every run. */
function createRandom(): (below: number) => number {
  let state = 1
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** As sources give them: names of some labels with and without a star, networks of all sizes in both families. */
function randomHost(random: (below: number) => number): string {
  const name = `host-${random(1e6)}.domain-${random(1e5)}.${['com', 'net', 'co.uk', 'example'][random(4)]}`
  return `${['', '.', '*.'][random(3)]}${name}`
}

function randomNetwork(random: (below: number) => number): string {
  const length = random(5) === 0 ? 16 : 4
  const bytes = Uint8Array.from({ length }, (_, i) => (length === 16 && i === 0 ? 0x24 : random(223) + 1))
  const parsed = parseCidr(`${ipFromBytes(bytes)}/${length === 16 ? 32 + 8 * random(5) : 16 + random(17)}`)
  return isCidr(parsed) ? `${parsed.ip}/${parsed.bits}` : (parsed.suggestion ?? '')
}

function manyFences(count: number) {
  const random = createRandom()
  return Array.from({ length: count }, (_, i) => {
    const [key, value] = i % 2 === 0 ? (['host', randomHost] as const) : (['cidr', randomNetwork] as const)
    const values = Array.from({ length: VALUES_A_FENCE }, () => value(random))
    return { name: `fence-${i}`, traffic: { [key]: values }, never: [allCountries[random(allCountries.length)], 'CN'] }
  })
}

type Written = readonly Readonly<Record<string, unknown>>[]

function compiled(fences: Written): Policy {
  const files = Array.from({ length: Math.ceil(fences.length / FENCES_A_FILE) }, (_, i) => i)
  const text = (part: object) =>
    stringify({ version: 1, mode: 'enforce', uncertain: { disputed: 'block', unknown: 'log', anycast: 'log' }, ...part })
  const find = (name: string) => {
    const from = Number(name) * FENCES_A_FILE
    return { text: text({ fences: fences.slice(from, from + FENCES_A_FILE) }), file: `${name}.yaml`, name }
  }
  return compilePolicy(text({ extends: files.map(String) }), 'bench.yaml', 'bench', { ...noLibrary, find })
}

/** Half of the names and of the addresses are ones that a fence speaks of. */
function samples(fences: Written): readonly Facts[] {
  const random = createRandom()
  const all = (key: string) => fences.flatMap(({ traffic }) => [Object(traffic)[key] ?? []].flat().map(String))
  const [hosts, networks] = [all('host'), all('cidr')]
  const one = (list: readonly string[]) => list[random(list.length)] ?? ''
  return Array.from({ length: SAMPLES }, (): Facts => {
    const name = random(2) === 0 ? one(hosts).replace(/^\*?\./, 'www.') : `www-${random(1e6)}.elsewhere.example`
    const address =
      random(2) === 0 ? (one(networks).split('/')[0] as Ip) : ipFromBytes(Uint8Array.from({ length: 4 }, () => random(223) + 1))
    const country = allCountries[random(allCountries.length)] ?? null
    const possible = country === null ? [] : [country]
    const place = { answers: [], possible, best: country, stated: null, registry: country, network: null, anycast: false, located: true }
    return {
      network: 'tcp',
      port: 443,
      inbound: 'mixed',
      client: ipFromBytes(Uint8Array.of(10, 20, random(250), random(250))),
      who: { ...anonymous, groups: random(4) === 0 ? ['legal'] : [] },
      at: 0,
      names: [{ name: name as Hostname, origin: 'asked', provedAt: 'everywhere' }],
      namesFinal: true,
      anyName: false,
      apps: [],
      address,
      location: { ip: address, scope: 'global', ...place },
    }
  })
}

/** The same fences as lists, which are gone through from the start. */
function withLists(fence: Fence): Fence {
  return { ...fence, traffic: fence.traffic.map((term) => ({ ...term, matcher: asList(term.name, term.matcher) })) }
}

function asList(key: string, matcher: Matcher): Matcher {
  const values = matcher.document.map(String)
  if (key === 'host') {
    const patterns = values.map(parseHostPattern).filter((each): each is HostPattern => isHostPattern(each))
    return certain(values, ({ names }) => names.some(({ name }) => patterns.some((pattern) => matchesHostPattern(pattern, name))))
  }
  if (key !== 'cidr' && key !== 'client') return matcher
  const networks = values.map(parseCidr).filter((each): each is Cidr => isCidr(each))
  const read = networks.map(({ ip, bits }) => ({ bytes: ipToBytes(ip), bits }))
  return certain(values, (facts) => {
    const asked = ipToBytes(key === 'cidr' && facts.address !== undefined ? facts.address : facts.client)
    return read.some(({ bytes, bits }) => bytes.length === asked.length && samePrefix(bytes, asked, bits))
  })
}

function samePrefix(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const whole = bits >> 3
  for (let i = 0; i < whole; i++) if (a[i] !== b[i]) return false
  return (bits & 7) === 0 || ((a[whole] ?? 0) ^ (b[whole] ?? 0)) >> (8 - (bits & 7)) === 0
}

/** Microseconds for one, the median of some rounds over all. */
function microseconds<T>(list: readonly T[], judge: (one: T) => unknown): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const started = performance.now()
    for (const one of list) judge(one)
    return (1_000 * (performance.now() - started)) / list.length
  })
  // The first find the compiler cold.
  return median(rounds.slice(3))
}

function memory(): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 1e6
}

interface Measured {
  readonly title: string
  readonly row: BenchTable['rows'][number]
}

function measure(what: string, fences: Written): Measured {
  const before = memory()
  const started = performance.now()
  const policy = compiled(fences)
  const built = performance.now()
  const facts = samples(fences)
  const first = performance.now()
  for (const one of facts.slice(0, 1)) evaluate(policy, one)
  const indexed = performance.now() - first
  const used = memory() - before

  const ours = microseconds(facts, (one) => evaluate(policy, one))
  const open = facts.map((one): Facts => ({ ...one, namesFinal: false })).slice(0, 500)
  const span = microseconds(open, (one) => effectSpan(policy, one))
  const lists = policy.fences.map(withLists)
  const few = facts.slice(0, Math.ceil(20_000 / fences.length))
  const peer = microseconds(few, (one) => lists.map((fence) => judgeFence(fence, one)))
  const entries = fences.flatMap(({ traffic }) => Object.values(Object(traffic)).flat()).length
  return {
    title: `${what}, ${entries} values: ${ours.toFixed(2)} µs a verdict (lists: ${peer.toFixed(1)} µs), ${span.toFixed(1)} µs to say whether a name may still turn it;
  compiled in ${Math.round(built - started)} ms, the first verdict with its index in ${indexed.toFixed(1)} ms, ${used.toFixed(1)} MB`,
    row: [what, 1e6 / ours, 1e6 / peer, peer / ours, 'verdicts/s'],
  }
}

export async function bench(): Promise<BenchTable> {
  const small = measure('10 fences', ten)
  const large = measure('1,000 fences', [...ten, ...manyFences(FENCES - ten.length)])
  return {
    title: [small.title, large.title, 'Other: a judge that goes through all fences and their lists'].join('\n'),
    rows: [small.row, large.row],
  }
}
