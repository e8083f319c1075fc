/** Laws of the judge that hold for any policy, over every matcher of the table. */
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import type { Facts } from '../../src/model/facts.ts'
import type { KnownName } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import type { Location } from '../../src/model/location.ts'
import { type Effect, severest } from '../../src/model/verdict.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { evaluate } from '../../src/policy/evaluate.ts'
import { noLibrary } from '../../src/policy/library.ts'
import { matcherNames } from '../../src/policy/matchers/index.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { runTests } from '../../src/policy/suite.ts'
import {
  anyLocation,
  anyPolicy,
  completeFacts,
  countries,
  document,
  exception,
  fenceBody,
  madeUpApps,
  onTheWay,
  someCountries,
  someNames,
  values,
  withApps,
} from './made-up.ts'
import { country, facts, hostname, ip, libraryOf, NOON, placed, policy } from './words.ts'

const isSevererThan = (a: Effect, b: Effect): boolean => a !== b && severest(a, b) === a

const compiled = (written: Readonly<Record<string, unknown>>): Policy => policy(written, { apps: madeUpApps })

test('every matcher of the table is in these properties', () => {
  expect(Object.keys(values).sort()).toEqual([...matcherNames].sort())
})

const { FUZZ_SECONDS: seconds } = process.env
const milliseconds = seconds === undefined ? 700 : Number(seconds) * 1_000

vi.setConfig({ testTimeout: milliseconds + 20_000 })

/** As many runs as fit into 0.7 s, or into FUZZ_SECONDS. */
const holds = <T extends [unknown, ...unknown[]]>(...args: [...{ [K in keyof T]: fc.Arbitrary<T[K]> }, (...given: T) => void]): void =>
  fc.assert(fc.property<T>(...args), { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: milliseconds })

/** Before, while and after the exceptions of the made-up policies hold. */
const anyTime = fc.oneof(
  fc.constantFrom(0, NOON, NOON + 86_400_000, Date.UTC(2030, 0, 1)),
  fc.integer({ min: 0, max: Date.UTC(2028, 0, 1) }),
)

const isAtLeast = (a: Effect, b: Effect): boolean => !isSevererThan(b, a)

// --- the laws -----------------------------------------------------------------------------------------------------------

test('total: on complete facts the judge has one answer, and no fence is open', () =>
  holds(anyPolicy, completeFacts, (judging, complete) => {
    const { low, high, fences: outcomes } = evaluate(judging, complete)
    expect(low).toBe(high)
    expect(outcomes.map(({ outcome }) => outcome)).not.toContain('open')
    // A fence that is over other traffic may be left out; the others come in the order of the policy.
    const told = outcomes.map(({ fence }) => fence)
    expect(told).toEqual(judging.fences.flatMap(({ name }) => (told.includes(name) ? [name] : [])))
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
      const one = evaluate(compiled(written), complete)
      const other = evaluate(compiled({ ...written, fences: shuffled }), complete)
      expect([one.low, one.high]).toEqual([other.low, other.high])
      const byName = (judged: typeof one) => [...judged.fences].sort((a, b) => (a.fence < b.fence ? -1 : 1))
      expect(byName(one)).toEqual(byName(other))
    },
  ))

test('another fence never permits more', () =>
  holds(document, fenceBody, completeFacts, (written, body, complete) => {
    const before = evaluate(compiled(written), complete).low
    const after = evaluate(compiled({ ...written, fences: [...written.fences, { name: 'another', ...body }] }), complete).low
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
      const before = evaluate(compiled(written), complete).low
      const after = evaluate(compiled({ ...written, fences: more }), complete).low
      expect(isAtLeast(before, after)).toBe(true)
    },
  ))

test('a claim without proof never permits more', () =>
  holds(anyPolicy, completeFacts, fc.constantFrom(...someNames), (judging, complete, name) => {
    const claim: KnownName = { name: hostname(name), origin: 'sni', provedAt: new Set() }
    const before = evaluate(judging, complete).low
    expect(isAtLeast(evaluate(judging, withApps({ ...complete, names: [...complete.names, claim] })).low, before)).toBe(true)
  }))

test('a policy that is printed and compiled again is the same policy', () =>
  holds(document, completeFacts, (written, complete) => {
    const first: Policy = compiled(written)
    const second = compilePolicy(stringify(first.document), 'printed.yaml', first.name, { ...noLibrary, apps: madeUpApps })
    expect(second.hash).toBe(first.hash)
    expect(second.document).toEqual(first.document)
    expect(evaluate(second, complete)).toEqual(evaluate(first, complete))
  }))

test('what is settled without a time is the same at every time', () =>
  holds(anyPolicy, completeFacts, fc.array(anyTime, { minLength: 1, maxLength: 5 }), (judging, complete, times) => {
    const timeless = evaluate(judging, { ...complete, at: undefined })
    for (const at of times) {
      const { low, high, fences } = evaluate(judging, { ...complete, at })
      expect(isAtLeast(low, timeless.low) && isAtLeast(timeless.high, high)).toBe(true)
      const effect = (outcomes: typeof fences, name: string) => outcomes.find(({ fence }) => fence === name)?.effect ?? 'allow'
      for (const { name } of judging.fences) {
        if (timeless.fences.some(({ fence, outcome }) => fence === name && outcome === 'open')) continue
        expect(effect(fences, name)).toBe(effect(timeless.fences, name))
      }
    }
  }))

test('a fence that is off judges as one that is not there', () =>
  holds(document, fenceBody, completeFacts, (written, body, complete) => {
    const off = { name: 'off', ...body, enabled: false }
    const judged = evaluate(compiled({ ...written, fences: [off, ...written.fences] }), complete)
    expect(judged).toEqual(evaluate(compiled(written), complete))
  }))

test('a policy that does nothing but extend another judges as that one', () =>
  holds(document, completeFacts, (written, complete) => {
    const base = compiled(written)
    const { mode, local_network } = base.document
    const extending = policy({ mode, local_network, extends: 'base' }, libraryOf({ base: base.document }, { apps: madeUpApps }))
    expect(evaluate(extending, complete)).toEqual(evaluate(base, complete))
  }))

// --- the tests that a policy carries --------------------------------------------------------------------------------------

const someone = fc.record(
  { user: fc.constantFrom('ana', 'bo'), group: fc.subarray(['legal', 'research'], { minLength: 1 }) },
  { requiredKeys: [] },
)
const someHome = fc.constantFrom(...someCountries, null)

/** What a test of a policy may say, of an address or a name whose places it gives. */
const asking = fc.record({
  target: fc.oneof(fc.constantFrom(...someNames), fc.constantFrom('52.81.151.250', '23.192.228.8', '10.0.0.5')),
  port: fc.constantFrom(80, 443, 8801),
  server: fc.uniqueArray(fc.constantFrom(...someCountries), { maxLength: 2 }),
  anycast: fc.boolean(),
  registry: someHome,
  home: someHome,
  who: someone,
  client: fc.constantFrom('192.0.2.10', '192.0.3.1'),
  inbound: fc.constantFrom('mixed', 'office'),
  network: fc.constantFrom('tcp', 'udp', 'other'),
  at: fc.constantFrom('2026-10-31', '2026-11-01T12:00Z', '2030-01-01', undefined),
})

type Asking = typeof asking extends fc.Arbitrary<infer T> ? T : never

const testOf = ({ target, port, server, anycast, registry, home, who, at, ...rest }: Asking) => ({
  to: `${target}:${port}`,
  given: {
    ...((server.length > 0 || anycast) && { server: [...server, ...(anycast ? ['anycast'] : [])] }),
    ...(registry !== null && { registry }),
    ...(home !== null && { network: home }),
  },
  ...who,
  ...(at !== undefined && { at }),
  ...rest,
})

/** The same as the road would know it. */
function factsOf({ target, port, server, anycast, registry, home, who, client, inbound, network, at }: Asking): Facts {
  const isName = someNames.includes(target)
  const address = isName ? '23.192.228.7' : target
  const location: Location = {
    ...placed(address, Object.fromEntries(server.map((code, i) => [`source ${i}`, code])), anycast),
    // A name stands for an address that no policy speaks of.
    ...(isName && { ip: ip('198.51.100.1') }),
    registry: registry === null ? null : country(registry),
    network: { asn: 64_496, name: 'a network', company: home === null ? null : { name: 'a firm', home: country(home), contested: null } },
  }
  const groups = who.group ?? []
  return withApps({
    ...facts(),
    network,
    port,
    inbound,
    client: ip(client),
    who: who.user === undefined ? { ...anonymous, groups } : { name: who.user, groups, by: 'password' },
    at: at === undefined ? undefined : Date.parse(at),
    names: isName ? [{ name: hostname(target), origin: 'asked', provedAt: 'everywhere' }] : [],
    address: location.ip,
    location,
  })
}

test('the tests that a policy carries come to what the judge says: one expectation passes, and no other', () =>
  holds(document, asking, (written, asked) => {
    const expectations = ['allow', 'log', 'block'] as const
    const judging = compiled({ ...written, tests: expectations.map((expected) => ({ ...testOf(asked), expect: expected })) })
    const { low, high, fences } = evaluate(judging, factsOf(asked))
    const { results } = runTests(judging, { apps: madeUpApps, locate: null })
    expect(results.map(({ passed }) => passed)).toEqual(expectations.map((expected) => low === high && expected === low))
    for (const { got, why, passed } of results) {
      expect(why === null).toBe(passed)
      expect(got.effect).toBe(low === high ? low : null)
      if (low === high && low !== 'allow')
        expect(got.decidedBy).toEqual(fences.filter(({ effect }) => effect === low).map(({ fence }) => fence))
    }
  }))

test('what a country fence does depends on no more than the places that it names', () =>
  holds(countries, anyLocation, (never, location) => {
    const complement = someCountries.concat('JP').filter((code) => !never.includes(code))
    const judge = (fence: object) =>
      evaluate(policy({ fences: [{ name: 'one', uncertain: { disputed: 'log', unknown: 'log', anycast: 'log' }, ...fence }] }), {
        ...facts(),
        location,
        address: location.ip,
      }).low
    // `never: N` and `only: the rest of the world` are one fence, but for anycast.
    if (!location.anycast) expect(judge({ never })).toBe(judge({ only: complement.map(country) }))
  }))
