/** Laws of the judge that hold for any policy, over every matcher of the table. */

import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { ipFromBytes } from '../../src/model/address.ts'
import { isNonEmpty } from '../../src/model/brand.ts'
import type { Facts } from '../../src/model/facts.ts'
import type { KnownName } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import type { Location } from '../../src/model/location.ts'
import { type Effect, severest } from '../../src/model/verdict.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { evaluate } from '../../src/policy/evaluate.ts'
import { type MatcherName, matcherNames, matchers } from '../../src/policy/matchers/index.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { country, hostname, ip, NOON, placed, policy } from './words.ts'

const isSevererThan = (a: Effect, b: Effect): boolean => a !== b && severest(a, b) === a

// --- policies: few values of each kind, so that fences and facts meet often -------------------------------------------

const someNames = ['zoom.us', 'www.zoom.us', 'tiktok.com', 'example.com']
const someAddresses = ['52.81.151.250', '23.192.228.7', '23.192.228.8', '10.0.0.5', '127.0.0.1', '2001:67c::1', 'fd00::5']
const someCountries = ['CN', 'US', 'IN', 'DE']

/** Values of every matcher; a new one fails to compile here until it has its line. */
const values: Readonly<Record<MatcherName, fc.Arbitrary<string | number>>> = {
  host: fc.tuple(fc.constantFrom('', '.', '*.'), fc.constantFrom(...someNames)).map(([prefix, name]) => prefix + name),
  cidr: fc.constantFrom('52.80.0.0/15', '23.192.228.0/24', '23.192.228.7/32', '10.0.0.0/8', '2001:67c::/32', '0.0.0.0/0', 'fd00::/8'),
  port: fc.constantFrom(80, 443, '440-450', '1-65535'),
  network: fc.constantFrom('tcp', 'udp', 'other'),
  client: fc.constantFrom('192.0.2.0/24', '192.0.2.10/32', '2001:67c::/64'),
  inbound: fc.constantFrom('mixed', 'office'),
}

test('there are at least six matchers, and each of them is in these properties', () => {
  expect(matcherNames.length).toBeGreaterThanOrEqual(6)
  expect(Object.keys(values).sort()).toEqual([...matcherNames].sort())
})

const effect = fc.constantFrom<Effect>('allow', 'log', 'block')
const countries = fc.uniqueArray(fc.constantFrom(...someCountries), { minLength: 1, maxLength: 3 })
const oneOrList = (item: fc.Arbitrary<string | number>) => fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 3 }))
const selectors = fc.record(Object.fromEntries(matcherNames.map((name) => [name, oneOrList(values[name])])), { requiredKeys: [] })
const few = selectors.map((all) => Object.fromEntries(Object.entries(all).slice(0, 2)))

const exception = fc
  .record({
    selection: few.filter((selection) => Object.keys(selection).some((name) => matchers[name as MatcherName].identifies)),
    rest: fc.record({ to: countries, until: fc.constantFrom('2026-10-31', '2026-11-01', '2027-06-30') }, { requiredKeys: [] }),
  })
  .map(({ selection, rest }) => ({ ...selection, ...rest, reason: 'a reason' }))

const uncertain = fc.record({ disputed: effect, unknown: effect, anycast: effect })

const territory = fc.oneof(
  countries.map((never) => ({ never })),
  countries.map((only) => ({ only })),
  fc.constant({ never: 'anywhere' }),
)

const fenceBody = fc
  .tuple(territory, fc.record({ traffic: few, action: fc.constantFrom('block', 'log'), uncertain }, { requiredKeys: [] }))
  .chain(([where, rest]) =>
    fc.array(exception, { maxLength: 2 }).map((except) => ({ ...where, ...rest, ...(isNonEmpty(except) && { except }) })),
  )

const fences = fc.array(fenceBody, { maxLength: 4 }).map((bodies) => bodies.map((body, i) => ({ name: `fence-${i}`, ...body })))

const localNetwork = fc.oneof(
  effect,
  fc.record({ allow: fc.constant(['10.0.0.0/8', '127.0.0.1']), otherwise: fc.constantFrom('block', 'log') }),
)

const document = fc
  .tuple(fc.record({ mode: fc.constantFrom('observe', 'enforce'), uncertain, fences }), fc.option(localNetwork, { nil: undefined }))
  .map(([rest, local]) => ({ ...rest, ...(local !== undefined && { local_network: local }) }))

const anyPolicy = document.map(policy)

// --- facts --------------------------------------------------------------------------------------------------------------

const anyAddress = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...someAddresses).map(ip) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 4, maxLength: 4 }).map(ipFromBytes) },
)

const anyLocation: fc.Arbitrary<Location> = fc
  .tuple(anyAddress, fc.array(fc.constantFrom(...someCountries, 'JP', null), { maxLength: 3 }), fc.boolean())
  .map(([address, said, anycast]) => placed(address, Object.fromEntries(said.map((code, i) => [`source ${i}`, code])), anycast))

const anyName: fc.Arbitrary<KnownName> = fc
  .tuple(
    fc.constantFrom(...someNames, 'us04web.zoom.us', 'other.example').map(hostname),
    fc.oneof(
      fc.constant('everywhere' as const),
      fc.subarray(someAddresses).map((proved) => new Set(proved.map(ip))),
    ),
  )
  .map(([name, provedAt]) => ({ name, origin: provedAt === 'everywhere' ? 'asked' : 'sni', provedAt }))

/** All that can be known of one address in the end. */
const completeFacts: fc.Arbitrary<Facts> = fc
  .record({
    network: fc.constantFrom('tcp', 'udp', 'other'),
    port: fc.constantFrom(80, 443, 8801),
    inbound: fc.constantFrom('mixed', 'office'),
    client: fc.constantFrom('192.0.2.10', '192.0.3.1', '2001:67c::1').map(ip),
    at: fc.constantFrom(NOON, NOON + 86_400_000, 0),
    names: fc.array(anyName, { maxLength: 3 }),
    location: anyLocation,
  })
  .map((known) => ({ ...known, who: anonymous, apps: [], namesFinal: true, anyName: false, address: known.location.ip }))

/** What may be known of them on the way there: some of the names, with more to come, and perhaps no address yet. */
const onTheWay = (complete: Facts): fc.Arbitrary<Facts> =>
  fc.tuple(fc.subarray([...complete.names]), fc.boolean(), fc.boolean()).map(([names, noAddress, allNames]) => ({
    ...complete,
    ...(allNames ? {} : { names, namesFinal: false }),
    ...(noAddress && { address: undefined, location: undefined }),
  }))

const { FUZZ_SECONDS: seconds } = process.env
const milliseconds = seconds === undefined ? 700 : Number(seconds) * 1_000

vi.setConfig({ testTimeout: milliseconds + 20_000 })

/** As many runs as fit into 0.7 s, or into FUZZ_SECONDS. */
const holds = <T extends [unknown, ...unknown[]]>(...args: [...{ [K in keyof T]: fc.Arbitrary<T[K]> }, (...given: T) => void]): void =>
  fc.assert(fc.property<T>(...args), { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: milliseconds })

const isAtLeast = (a: Effect, b: Effect): boolean => !isSevererThan(b, a)

// --- the laws -----------------------------------------------------------------------------------------------------------

test('total: on complete facts the judge has one answer, and no fence is open', () =>
  holds(anyPolicy, completeFacts, (judging, complete) => {
    const { low, high, fences: outcomes } = evaluate(judging, complete)
    expect(low).toBe(high)
    expect(outcomes.map(({ outcome }) => outcome)).not.toContain('open')
    expect(outcomes.map(({ fence }) => fence)).toEqual(judging.fences.map(({ name }) => name))
  }))

test('monotone: the final effect always lies in the span of every earlier judgement, so a settled one is final', () =>
  holds(
    anyPolicy,
    completeFacts.chain((complete) => onTheWay(complete).map((early) => ({ early, complete }))),
    (judging, { early, complete }) => {
      const before = evaluate(judging, early)
      const after = evaluate(judging, complete)
      expect(isAtLeast(after.low, before.low), `${after.low} is milder than ${before.low}, which was certain`).toBe(true)
      expect(isAtLeast(before.high, after.high), `${after.high} is severer than ${before.high}, the worst`).toBe(true)
    },
  ))

test('monotone: facts that come one after the other only narrow the span', () =>
  holds(
    anyPolicy,
    completeFacts.chain((complete) => onTheWay(complete).chain((middle) => onTheWay(middle).map((early) => ({ early, middle })))),
    (judging, { early, middle }) => {
      // Names that were final do not become open again on the way.
      if (early.namesFinal && !middle.namesFinal) return
      const before = evaluate(judging, early)
      const after = evaluate(judging, middle)
      expect(isAtLeast(after.low, before.low) && isAtLeast(before.high, after.high)).toBe(true)
    },
  ))

test('the order of fences means nothing', () =>
  holds(
    document.chain((written) =>
      fc.shuffledSubarray(written.fences, { minLength: written.fences.length }).map((shuffled) => ({ written, shuffled })),
    ),
    completeFacts,
    ({ written, shuffled }, complete) => {
      const one = evaluate(policy(written), complete)
      const other = evaluate(policy({ ...written, fences: shuffled }), complete)
      expect([one.low, one.high]).toEqual([other.low, other.high])
      const byName = (judged: typeof one) => [...judged.fences].sort((a, b) => (a.fence < b.fence ? -1 : 1))
      expect(byName(one)).toEqual(byName(other))
    },
  ))

test('another fence never permits more', () =>
  holds(document, fenceBody, completeFacts, (written, body, complete) => {
    const before = evaluate(policy(written), complete).low
    const after = evaluate(policy({ ...written, fences: [...written.fences, { name: 'another', ...body }] }), complete).low
    expect(isAtLeast(after, before)).toBe(true)
  }))

test('another exception never blocks more', () =>
  holds(
    document.filter(({ fences: written }) => written.length > 0),
    fc.nat(3),
    exception,
    completeFacts,
    (written, which, another, complete) => {
      const more = written.fences.map((fence, i) =>
        i === which % written.fences.length ? { ...fence, except: [...('except' in fence ? (fence.except ?? []) : []), another] } : fence,
      )
      const before = evaluate(policy(written), complete).low
      const after = evaluate(policy({ ...written, fences: more }), complete).low
      expect(isAtLeast(before, after)).toBe(true)
    },
  ))

test('a claim without proof never permits more', () =>
  holds(anyPolicy, completeFacts, fc.constantFrom(...someNames), (judging, complete, name) => {
    const claim: KnownName = { name: hostname(name), origin: 'sni', provedAt: new Set() }
    const before = evaluate(judging, complete).low
    expect(isAtLeast(evaluate(judging, { ...complete, names: [...complete.names, claim] }).low, before)).toBe(true)
  }))

test('a policy that is printed and compiled again is the same policy', () =>
  holds(document, completeFacts, (written, complete) => {
    const first: Policy = policy(written)
    const second = compilePolicy(stringify(first.document), 'printed.yaml', first.name)
    expect(second.hash).toBe(first.hash)
    expect(second.document).toEqual(first.document)
    expect(evaluate(second, complete)).toEqual(evaluate(first, complete))
  }))

test('what a country fence does depends on no more than the places that it names', () =>
  holds(countries, anyLocation, (never, location) => {
    const complement = someCountries.concat('JP').filter((code) => !never.includes(code))
    const judge = (fence: object) =>
      evaluate(policy({ fences: [{ name: 'one', uncertain: { disputed: 'log', unknown: 'log', anycast: 'log' }, ...fence }] }), {
        ...baseFacts,
        location,
        address: location.ip,
      }).low
    // `never: N` and `only: the rest of the world` are one fence, but for anycast.
    if (!location.anycast) expect(judge({ never })).toBe(judge({ only: complement.map(country) }))
  }))

const baseFacts: Omit<Facts, 'address' | 'location'> = {
  network: 'tcp',
  port: 443,
  inbound: 'mixed',
  client: ip('192.0.2.10'),
  who: anonymous,
  apps: [],
  at: NOON,
  names: [],
  namesFinal: true,
  anyName: false,
}
