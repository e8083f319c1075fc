import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AppFacts } from '../../src/config/app-facts.ts'
import { compileLookup } from '../../src/config/app-lookup.ts'
import { loadApps } from '../../src/config/apps.ts'
import { ipFromBytes } from '../../src/model/address.ts'
import { type Cidr, cidr, isCidr, parseCidr } from '../../src/model/cidr.ts'
import { CidrSet } from '../../src/model/cidr-set.ts'
import { type HostPattern, isHostPattern, matchesHostPattern, parseHostPattern } from '../../src/model/host-pattern.ts'
import { idsOf, ipOf, nameOf, noCompanies } from './made-up-apps.ts'

const noPorts = { tcp: [], udp: [] }

const factsOf = (id: string, known: Partial<AppFacts>): AppFacts => ({
  app: { id, name: id, categories: [], company: null },
  aliases: [],
  operator: '',
  domains: [],
  togetherWith: [],
  shared: [],
  ranges: null,
  ports: noPorts,
  confidence: 'high',
  blockedByIndia2020: null,
  note: null,
  sources: [],
  date: '',
  ...known,
})

const publishing = (networks: readonly Cidr[]) => ({ ranges: { from: '', date: '', networks, fetch: null, fetched: null } })

function patternOf(text: string): HostPattern {
  const pattern = parseHostPattern(text)
  if (!isHostPattern(pattern)) throw new Error(`${text} is no pattern`)
  return pattern
}

// A small alphabet, so that names lie below each other.
const names = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))
const patterns = fc.tuple(fc.constantFrom('', '.', '*.'), names).map(([prefix, name]) => patternOf(prefix + name))

test('a name belongs to the apps of which some pattern matches it, in their order', () => {
  fc.assert(
    fc.property(fc.array(fc.array(patterns, { maxLength: 4 }), { maxLength: 4 }), names, (domains, name) => {
      const facts = domains.map((each, i) => factsOf(`app${i}`, { domains: each }))
      const naive = facts.filter((each) => each.domains.some((pattern) => matchesHostPattern(pattern, name)))
      expect(compileLookup(facts, noPorts).named(nameOf(name))).toEqual(naive.map(({ app }) => app))
    }),
    { numRuns: 2_000 },
  )
})

// Few bytes differ, so that networks lie within each other.
const bytes = (length: number) =>
  fc
    .array(fc.constantFrom(0, 1, 127, 128, 255), { minLength: 3, maxLength: 3 })
    .map((varying) => Uint8Array.from([...varying, ...new Array<number>(length - 4).fill(0), 7]))
const addresses = fc.oneof(bytes(4), bytes(16)).map(ipFromBytes)
// `cidr` refuses host bits, and names the network that was meant.
const networks = fc.tuple(addresses, fc.integer({ min: 0, max: 24 })).map(([ip, bits]) => {
  const parsed = parseCidr(`${ip}/${bits}`)
  return isCidr(parsed) ? parsed : cidr(parsed.suggestion ?? '')
})

test('an address is in the ranges that contain it, of its own family', () => {
  fc.assert(
    fc.property(fc.array(fc.array(networks, { maxLength: 5 }), { maxLength: 4 }), addresses, (ranges, ip) => {
      const facts = ranges.map((each, i) => factsOf(`app${i}`, publishing(each)))
      const naive = facts.filter((each) => new CidrSet(each.ranges?.networks ?? []).has(ip))
      expect(compileLookup(facts, noPorts).at(ip)).toEqual(naive.map(({ app }) => app))
    }),
    { numRuns: 2_000 },
  )
})

test('the shipped catalogue answers as its patterns and networks do', () => {
  const shipped = loadApps(noCompanies)
  const facts = [...shipped.facts.values()]
  const domains = facts.flatMap((each) => each.domains.map(({ name }) => name))
  const near = fc
    .tuple(fc.constantFrom('', 'www.', 'x', 'a.b.'), fc.constantFrom(...domains))
    .map(([before, name]) => nameOf(before + name))
  fc.assert(
    fc.property(near, (name) => {
      const naive = facts.filter((each) => each.domains.some((pattern) => matchesHostPattern(pattern, name)))
      expect(shipped.named(name)).toEqual(naive.map(({ app }) => app))
    }),
    { numRuns: 2_000 },
  )
  for (const { app, ranges } of facts) for (const { ip } of ranges?.networks ?? []) expect(idsOf(shipped.at(ip))).toContain(app.id)
})

test('the same set of apps is the same frozen array, and of nothing too', () => {
  const facts = ['one', 'two'].map((id) =>
    factsOf(id, { domains: [patternOf('.x.test'), patternOf(`.${id}.test`)], ...publishing([cidr('192.0.2.0/24')]) }),
  )
  const { named, at, onPort } = compileLookup(facts, noPorts)
  expect(named(nameOf('x.test'))).toBe(named(nameOf('a.b.x.test')))
  expect(named(nameOf('x.test'))).toBe(at(ipOf('192.0.2.7')))
  expect(Object.isFrozen(named(nameOf('x.test')))).toBe(true)
  expect(named(nameOf('nobody.test'))).toBe(at(ipOf('::1')))
  expect(named(nameOf('nobody.test'))).toBe(onPort('other', 1))
})

test('a port that more than three apps name is nobody’s, nor is a common one, nor those of the web', () => {
  const ports = {
    tcp: [],
    udp: [
      { from: 80, to: 90 },
      { from: 85, to: 100 },
      { from: 440, to: 450 },
    ],
  }
  const facts = ['a', 'b', 'c'].map((id) => factsOf(id, { ports }))
  const common = { tcp: [{ from: 81, to: 81 }], udp: [{ from: 99, to: 99 }] }
  const { onPort } = compileLookup(facts, common)
  const asked = [79, 80, 81, 87, 99, 100, 101, 443, 444]
  expect(asked.filter((port) => onPort('udp', port).length > 0)).toEqual([81, 87, 100, 444])
  expect(idsOf(onPort('udp', 87))).toEqual(['a', 'b', 'c'])
  expect(onPort('tcp', 81)).toEqual([])
  expect(compileLookup([...facts, factsOf('d', { ports })], common).onPort('udp', 87)).toEqual([])
})
