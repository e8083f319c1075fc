/** Laws of the judge that hold for any policy, over every matcher of the table. */
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import type { Facts } from '../../src/model/facts.ts'
import type { KnownName } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import { type Effect, severest } from '../../src/model/verdict.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { evaluate } from '../../src/policy/evaluate.ts'
import { noLibrary } from '../../src/policy/library.ts'
import { matcherNames } from '../../src/policy/matchers/index.ts'
import type { Policy } from '../../src/policy/policy.ts'
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
import { country, hostname, ip, NOON, policy } from './words.ts'

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
