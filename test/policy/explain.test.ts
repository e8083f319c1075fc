import fc from 'fast-check'
import { expect, test } from 'vitest'
import { noApps } from '../../src/model/app.ts'
import type { NonEmpty } from '../../src/model/brand.ts'
import { allCountries, countryLabel } from '../../src/model/country.ts'
import type { FlowId } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import type { Candidate, Decision, RefusalCode } from '../../src/model/verdict.ts'
import { decide, decideRefused } from '../../src/pipeline/decide.ts'
import { identify } from '../../src/pipeline/identify.ts'
import { explain } from '../../src/policy/explain.ts'
import { endpoint, ip, NOON, placed, policy, strict } from './words.ts'

// The sentences of whole decisions are cases: cases/*.yaml. Here is what those do not reach.

const judging = policy({ uncertain: strict, fences: [{ name: 'no-cn', never: ['CN'] }] })

const refused = (code: RefusalCode, address: string, name: string): string => {
  const candidate: Candidate = {
    ip: ip(address),
    apps: [],
    locations: [placed(address)],
    fences: [],
    localNetwork: null,
    effect: 'allow',
    refusal: code,
    permitted: false,
  }
  const verdict = { kind: 'block', mode: 'enforce', would: 'block', reasons: [{ kind: 'refusal', code, ip: ip(address) }] } as const
  return explain({ kind: 'refuse', verdict, candidates: [candidate] }, endpoint(name), judging)
}

test.each<[RefusalCode, address: string, asked: string, sentence: string]>([
  [
    'refuse.local-answer',
    '10.0.0.5',
    'zoom.us:443',
    'Blocked: the public name zoom.us was answered with the local address 10.0.0.5; names that may have local answers stand under "local_names".',
  ],
  [
    'refuse.cloud-metadata',
    '169.254.169.254',
    'x.test:80',
    'Blocked: 169.254.169.254 is a cloud metadata service, which is never reached through the proxy.',
  ],
  ['refuse.own-door', '127.0.0.1', 'localhost:8080', "Blocked: 127.0.0.1:8080 is Ringfence's own door."],
  ['refuse.own-door', '::1', 'localhost:8080', "Blocked: [::1]:8080 is Ringfence's own door."],
  ['refuse.unspecified', '0.0.0.0', 'x.test:80', 'Blocked: 0.0.0.0 is not the address of any destination.'],
])('%s: %s', (code, address, asked, sentence) => expect(refused(code, address, asked)).toBe(sentence))

test('a port that is denied is told before any look-up', () =>
  expect(explain(decideRefused(judging, 'refuse.denied-port'), endpoint('mail.example:25'), judging)).toBe(
    'Blocked: port 25 is denied; see "denied_ports".',
  ))

const allowed = (address: string, answers: Readonly<Record<string, string | null>>): string => {
  const candidate: Candidate = {
    ip: ip(address),
    apps: [],
    locations: [placed(address, answers)],
    fences: [],
    localNetwork: null,
    effect: 'allow',
    refusal: null,
    permitted: true,
  }
  const verdict = { kind: 'allow', mode: 'enforce', would: 'allow', reasons: [] } as const
  // A decision to dial needs pinned endpoints, which only `decide` makes; the sentence of one that allows reads none.
  const decision: Decision = { kind: 'refuse', verdict, candidates: [candidate] }
  return explain(decision, endpoint('zoom.us:443'), judging)
}

test.each([
  [{ A: 'US' }, 'which A places in the United States (US)'],
  [{ A: 'US', B: 'US' }, 'which both sources place in the United States (US)'],
  [{ A: 'US', B: 'US', C: 'US', D: null }, 'which all 3 sources place in the United States (US)'],
  [{ A: 'NL' }, 'which A places in the Netherlands (NL)'],
  [{ A: 'HK' }, 'which A places in Hong Kong (HK)'],
  [{ A: null }, 'which no source can place'],
])('%o: %s', (answers, clause) => expect(allowed('23.192.228.7', answers)).toBe(`Allowed: zoom.us is at 23.192.228.7, ${clause}.`))

test('a sentence is one line, begins with the verdict, ends with a full stop, and names code and country together', () =>
  fc.assert(
    fc.property(fc.constantFrom(...allCountries), (code) => {
      const sentence = allowed('23.192.228.7', { A: code })
      expect(sentence).toMatch(/^Allowed: [^\n]+\.$/)
      expect(sentence).toContain(countryLabel(code))
      expect(sentence).not.toContain('undefined')
    }),
  ))

test('an address that nobody could place, since there is no data, says so', () => {
  const location = { ...placed('8.8.8.8'), located: false }
  const sentence = (action: 'block' | 'log') => {
    const judgingPolicy = policy({ uncertain: strict, fences: [{ name: 'no-cn', never: ['CN'], action }] })
    const fences = [{ fence: 'no-cn', outcome: 'unlocated', effect: action }] as const
    const candidate: Candidate = {
      ip: ip('8.8.8.8'),
      apps: [],
      locations: [location],
      fences,
      localNetwork: null,
      effect: action,
      refusal: null,
      permitted: action === 'log',
    }
    const reasons = [{ kind: 'fence', fence: 'no-cn', outcome: 'unlocated', effect: action, ip: ip('8.8.8.8') }] as const
    const decision: Decision = {
      kind: 'refuse',
      verdict: { kind: action, mode: 'enforce', would: action, reasons },
      candidates: [candidate],
    }
    return explain(decision, endpoint('dns.google:443'), judgingPolicy)
  }
  expect(sentence('block')).toBe(
    'Blocked: dns.google is at 8.8.8.8, which could not be placed, since no location data is loaded; fence "no-cn" needs its country, and blocks what has none.',
  )
  expect(sentence('log')).toMatch(/^Flagged: .* fence "no-cn" needs its country, and logs what has none\.$/)
})

test('observing, such an address is reached, and what enforcing would have done is said', () => {
  const flow = {
    id: 'a' as FlowId,
    openedAt: NOON,
    inbound: 'mixed',
    network: 'tcp',
    client: { host: ip('192.0.2.10'), port: 50_000 },
    who: anonymous,
    asked: endpoint('dns.google:443'),
  } as const
  const unplaced = (address: string) => ({ ...placed(address), located: false })
  const refusals = { deniedPorts: [], localNames: [], ownDoors: { has: () => false } }
  const judged = (mode: 'observe' | 'enforce', ...addresses: NonEmpty<string>) => {
    const [first, ...more] = addresses
    const located = [{ ip: ip(first), locations: [unplaced(first), ...more.map(unplaced)] as const }]
    const judging = policy({ mode, uncertain: { ...strict, unknown: 'allow' }, fences: [{ name: 'no-cn', never: ['CN'] }] })
    const decision = decide(judging, identify(flow, NOON, noApps), located, flow, refusals)
    const { kind, would } = decision.verdict
    return { does: decision.kind, kind, would, sentence: explain(decision, flow.asked, judging) }
  }
  const clause =
    'dns.google is at 8.8.8.8, which could not be placed, since no location data is loaded; fence "no-cn" needs its country, and blocks what has none.'
  expect(judged('observe', '8.8.8.8')).toEqual({ does: 'dial', kind: 'allow', would: 'block', sentence: `Would block: ${clause}` })
  expect(judged('enforce', '8.8.8.8')).toEqual({ does: 'refuse', kind: 'block', would: 'block', sentence: `Blocked: ${clause}` })
  // A local address that stands for a global one: the latter is what could not be placed.
  expect(judged('enforce', '64:ff9b:1::808:808', '8.8.8.8').sentence).toBe(
    'Blocked: dns.google is at 64:ff9b:1::808:808 (it stands for 8.8.8.8), which could not be placed, since no location data is loaded; fence "no-cn" needs its country, and blocks what has none.',
  )
})

test('where one word decides against other sources, whose it is', () => {
  const location = {
    ...placed('18.162.0.1', { AWS: 'HK', Two: 'CN' }),
    possible: placed('18.162.0.1', { AWS: 'HK' }).possible,
    stated: 'AWS',
  }
  const candidate: Candidate = {
    ip: ip('18.162.0.1'),
    apps: [],
    locations: [location],
    fences: [],
    localNetwork: null,
    effect: 'allow',
    refusal: null,
    permitted: true,
  }
  const decision: Decision = {
    kind: 'refuse',
    verdict: { kind: 'allow', mode: 'enforce', would: 'allow', reasons: [] },
    candidates: [candidate],
  }
  expect(explain(decision, endpoint('hk.example:443'), judging)).toBe(
    'Allowed: hk.example is at 18.162.0.1, which AWS, against other sources, places in Hong Kong (HK).',
  )
})
