import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Endpoint, Ip } from '../../src/model/address.ts'
import { noApps } from '../../src/model/app.ts'
import { isNonEmpty } from '../../src/model/brand.ts'
import type { Flow, FlowId } from '../../src/model/flow.ts'
import type { Hostname } from '../../src/model/hostname.ts'
import { anonymous } from '../../src/model/identity.ts'
import type { Location } from '../../src/model/location.ts'
import { judgedAddresses } from '../../src/model/scope.ts'
import type { Candidate, Decision } from '../../src/model/verdict.ts'
import { decide, decideEarly, decideRefused, decideWould, isOpen } from '../../src/pipeline/decide.ts'
import { factsAbout, identify, type Known, whenNamesEnd } from '../../src/pipeline/identify.ts'
import type { Located } from '../../src/pipeline/locate.ts'
import type { Dialer } from '../../src/pipeline/ports.ts'
import { type RefusalSettings, refusalOf } from '../../src/pipeline/refusals.ts'
import { evaluate } from '../../src/policy/evaluate.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { type Answers, claimed, endpoint, hostname, ip, NOON, placed, policy, strict } from '../policy/words.ts'

const refusals: RefusalSettings = {
  deniedPorts: [25],
  localNames: [hostname('internal')],
  ownDoors: { has: (address, port) => address === '127.0.0.1' && port === 8080 },
}

const flowTo = (asked: string): Flow => ({
  id: 'a-flow' as FlowId,
  openedAt: NOON,
  inbound: 'mixed',
  network: 'tcp',
  client: { host: ip('192.0.2.10'), port: 50_000 },
  who: anonymous,
  asked: endpoint(asked),
})

const knownOf = (flow: Flow): Known => identify(flow, NOON, noApps)

function at(address: string, answers: Answers = {}, anycast = false): Located {
  const locations: readonly Location[] = judgedAddresses(ip(address)).map((judged) => placed(judged, answers, anycast))
  if (!isNonEmpty(locations)) throw new Error('an address stands for at least itself')
  return { ip: ip(address), locations }
}

const china = at('52.81.151.250', { A: 'CN', B: 'CN' })
const america = at('23.192.228.7', { A: 'US', B: 'US' })
const disputed = at('23.192.228.8', { A: 'US', B: 'CN' })
const unknown = at('23.192.228.9')

const noChina = { uncertain: { disputed: 'allow', unknown: 'allow', anycast: 'allow' }, fences: [{ name: 'no-cn', never: ['CN'] }] }

const judge = (judging: Policy, located: readonly Located[], asked = 'zoom.us:443'): Decision => {
  const flow = flowTo(asked)
  return decide(judging, knownOf(flow), located, flow, refusals)
}

const dialled = (decision: Decision): readonly string[] => (decision.kind === 'dial' ? decision.pinned.map(({ host }) => host) : [])

describe('enforcing', () => {
  test('the permitted addresses are dialled, the others left out', () => {
    const decision = judge(policy(noChina), [china, america])
    expect(dialled(decision)).toEqual(['23.192.228.7'])
    expect(decision.verdict).toEqual({
      kind: 'allow',
      mode: 'enforce',
      would: 'steer',
      reasons: [{ kind: 'fence', fence: 'no-cn', outcome: 'violated', effect: 'block', ip: '52.81.151.250' }],
    })
  })

  test('the flow is blocked only when no address is left', () => {
    const decision = judge(policy(noChina), [china])
    expect(decision).toMatchObject({ kind: 'refuse', verdict: { kind: 'block', would: 'block' } })
  })

  test('addresses about which a blocking fence is in doubt are dialled last', () => {
    expect(dialled(judge(policy(noChina), [disputed, unknown, america]))).toEqual(['23.192.228.7', '23.192.228.8', '23.192.228.9'])
  })

  test('doubts of a fence that only logs do not count', () => {
    const logging = policy({ ...noChina, fences: [{ name: 'no-cn', never: ['CN'], action: 'log' }] })
    expect(dialled(judge(logging, [disputed, america]))).toEqual(['23.192.228.8', '23.192.228.7'])
  })

  test('the asked port is pinned with each address', () => {
    const decision = judge(policy({}), [america], 'zoom.us:8801')
    expect(decision.kind === 'dial' && decision.pinned).toEqual([{ host: '23.192.228.7', port: 8801 }])
  })

  test('a flagged address flags the flow, if it may be dialled', () => {
    const logging = policy({ ...noChina, fences: [{ name: 'no-cn', never: ['CN'], action: 'log' }] })
    expect(judge(logging, [america, china]).verdict).toMatchObject({ kind: 'log', would: 'log' })
  })
})

describe('observing', () => {
  const observing = policy({ ...noChina, mode: 'observe' })

  test('every address is dialled in the order of the look-up, and what enforcing would do is told', () => {
    const decision = judge(observing, [china, disputed, america])
    expect(dialled(decision)).toEqual(['52.81.151.250', '23.192.228.8', '23.192.228.7'])
    expect(decision.verdict).toMatchObject({ kind: 'allow', mode: 'observe', would: 'steer' })
  })

  test('a flow that would be blocked goes on', () =>
    expect(judge(observing, [china])).toMatchObject({ kind: 'dial', verdict: { kind: 'allow', would: 'block' } }))

  test('refusals hold all the same', () =>
    expect(judge(observing, [at('10.0.0.5')])).toMatchObject({
      kind: 'refuse',
      verdict: { kind: 'block', would: 'block', reasons: [{ kind: 'refusal', code: 'refuse.local-answer', ip: '10.0.0.5' }] },
    }))

  test('nothing is decided early', () => {
    const nowhere = { fences: [{ name: 'nothing', never: 'anywhere' }] }
    const known = knownOf(flowTo('zoom.us:443'))
    expect(decideEarly(policy({ ...nowhere, mode: 'observe' }), known)).toBeNull()
    expect(decideEarly(policy(nowhere), known)).toMatchObject({
      kind: 'refuse',
      candidates: [],
      verdict: { kind: 'block', reasons: [{ kind: 'fence', fence: 'nothing', outcome: 'violated', ip: null }] },
    })
  })
})

test('before the look-up a fence on countries decides nothing', () =>
  expect(decideEarly(policy({ ...noChina, uncertain: strict }), knownOf(flowTo('zoom.us:443')))).toBeNull())

test('an address that stands for several is judged by each of them, and the severest outcome is told', () => {
  // Teredo: the outer address, its server 65.54.227.120 and its client 23.192.228.45.
  const teredo = '2001:0:4136:e378:8000:63bf:e83f:1bd2'
  const [outer, server, client] = judgedAddresses(ip(teredo))
  for (const inChina of [outer, server, client]) {
    const place = (address: Ip | undefined) => placed(address ?? '', { A: address === inChina ? 'CN' : 'US' })
    expect(judge(policy(noChina), [{ ip: ip(teredo), locations: [place(outer), place(server), place(client)] }])).toMatchObject({
      kind: 'refuse',
      candidates: [{ ip: teredo, effect: 'block', fences: [{ fence: 'no-cn', outcome: 'violated', effect: 'block' }] }],
    })
  }
})

test('fences that apply to some of the addresses that one stands for are all told of, in the order of the policy', () => {
  const teredo = '2001:0:4136:e378:8000:63bf:e83f:1bd2'
  const over = (name: string, cidr: string, action = 'block') => ({ name, traffic: { cidr }, never: ['CN'], action })
  const judging = policy({
    uncertain: strict,
    fences: [over('client', '23.192.0.0/16', 'log'), over('none', '8.8.8.0/24'), over('outer', '2001::/32'), over('both', '0.0.0.0/0')],
  })
  const place = (address: Ip) => placed(address, { A: address === '23.192.228.45' ? 'CN' : 'US' })
  const [outer, ...inner] = judgedAddresses(ip(teredo))
  expect(judge(judging, [{ ip: ip(teredo), locations: [place(outer), ...inner.map(place)] }]).candidates[0]?.fences).toEqual([
    { fence: 'client', outcome: 'violated', effect: 'log' },
    { fence: 'outer', outcome: 'satisfied', effect: 'allow' },
    { fence: 'both', outcome: 'violated', effect: 'block' },
  ])
})

test('local_network is a reason where no fence is', () => {
  const { verdict } = judge(policy({ local_network: 'block' }), [at('10.0.0.5')], '10.0.0.5:80')
  expect(verdict.reasons).toEqual([{ kind: 'local-network', effect: 'block', ip: '10.0.0.5' }])
})

test('a refusal before any look-up blocks in every mode', () => {
  for (const mode of ['observe', 'enforce'] as const) {
    expect(decideRefused(policy({ mode }), 'refuse.denied-port')).toEqual({
      kind: 'refuse',
      verdict: { kind: 'block', mode, would: 'block', reasons: [{ kind: 'refusal', code: 'refuse.denied-port', ip: null }] },
      candidates: [],
    })
  }
})

test('in the shadow only what it would do is told', () => {
  const flow = flowTo('zoom.us:443')
  const would = (located: readonly Located[]) => decideWould([policy(noChina)], knownOf(flow), located, flow, refusals)
  expect([would([america]), would([china, america]), would([china])]).toEqual([['allow'], ['steer'], ['block']])
})

// --- laws ---------------------------------------------------------------------------------------------------------------

const anyPlace = fc
  .tuple(
    fc.constantFrom(
      '52.81.151.250',
      '23.192.228.7',
      '23.192.228.8',
      '10.0.0.5',
      '127.0.0.1',
      '169.254.169.254',
      '0.0.0.0',
      '64:ff9b::a00:5',
    ),
    fc.constantFrom<Answers>({}, { A: 'CN' }, { A: 'US' }, { A: 'US', B: 'CN' }, { A: 'IN', B: 'IN' }),
    fc.boolean(),
  )
  .map(([address, answers, anycast]) => at(address, answers, anycast))

const anyPlaces = fc.uniqueArray(anyPlace, { selector: (place) => place.ip, minLength: 1, maxLength: 5 })

const anyEffect = fc.constantFrom('allow', 'log', 'block')
const selection = fc.constantFrom({}, { host: 'zoom.us' }, { port: 443 }, { cidr: '23.192.228.0/24' }, { host: '.example.com' })
const territory = fc.constantFrom({ never: ['CN'] }, { only: ['US'] }, { only: ['IN', 'US'] }, { never: 'anywhere' })
const except = fc.constantFrom({}, { except: [{ host: 'zoom.us', reason: 'x' }] }, { except: [{ cidr: '52.80.0.0/15', reason: 'x' }] })
const fence = fc
  .tuple(selection, territory, except, fc.constantFrom('block', 'log'))
  .map(([traffic, where, exceptions, action]) => ({ traffic, ...where, ...exceptions, action }))

const anyPolicy = fc
  .record({
    mode: fc.constantFrom('observe', 'enforce'),
    uncertain: fc.record({ disputed: anyEffect, unknown: anyEffect, anycast: anyEffect }),
    local_network: anyEffect,
    fences: fc.array(fence, { maxLength: 3 }).map((fences) => fences.map((one, i) => ({ name: `fence-${i}`, ...one }))),
  })
  .map(policy)

const anyAsked = fc.constantFrom('zoom.us:443', '52.81.151.250:443', '127.0.0.1:8080', 'wiki.internal:80', 'localhost:8080')

const holds = <T extends [unknown, ...unknown[]]>(...args: [...{ [K in keyof T]: fc.Arbitrary<T[K]> }, (...given: T) => void]): void =>
  fc.assert(fc.property<T>(...args), { numRuns: 400, interruptAfterTimeLimit: 700 })

test('law: each candidate is an address that was located, and what is pinned are the permitted ones, each once', () =>
  holds(anyPolicy, anyPlaces, anyAsked, (judging, places, asked) => {
    const decision = judge(judging, places, asked)
    expect(decision.candidates.map((candidate) => candidate.ip)).toEqual(places.map((place) => place.ip))
    const permitted = decision.candidates.filter((candidate) => candidate.permitted).map((candidate) => candidate.ip)
    expect([...dialled(decision)].sort()).toEqual([...permitted].sort())
    expect(decision.kind).toBe(permitted.length > 0 ? 'dial' : 'refuse')
  }))

test('law: nothing that is refused is pinned, in any mode', () =>
  holds(anyPolicy, anyPlaces, anyAsked, (judging, places, asked) => {
    const decision = judge(judging, places, asked)
    const refused = decision.candidates.filter(({ refusal }) => refusal !== null).map((candidate) => candidate.ip)
    for (const address of refused) expect(dialled(decision)).not.toContain(address)
  }))

test('law: while observing all but refusals are pinned, in the order of the look-up', () =>
  holds(anyPolicy, anyPlaces, anyAsked, (judging, places, asked) => {
    const decision = judge({ ...judging, mode: 'observe' }, places, asked)
    expect(dialled(decision)).toEqual(decision.candidates.filter(({ refusal }) => refusal === null).map((candidate) => candidate.ip))
  }))

test('law: while enforcing nothing that a fence or local_network blocks is pinned, and doubts come last', () =>
  holds(anyPolicy, anyPlaces, anyAsked, (judging, places, asked) => {
    const enforcing: Policy = { ...judging, mode: 'enforce' }
    const decision = judge(enforcing, places, asked)
    const byIp = new Map<string, Candidate>(decision.candidates.map((candidate) => [candidate.ip, candidate]))
    const order = dialled(decision).map((address) => byIp.get(address)!)
    for (const { effect } of order) expect(effect).not.toBe('block')
    const blocking = new Set(enforcing.fences.filter(({ action }) => action === 'block').map(({ name }) => name))
    const isDoubtful = ({ fences }: Candidate) =>
      fences.some(({ fence: name, outcome }) => blocking.has(name) && ['disputed', 'unknown', 'anycast'].includes(outcome))
    const doubts = order.map(isDoubtful)
    expect(doubts).toEqual([...doubts].sort((a, b) => Number(a) - Number(b)))
    // Among equals the order of the look-up stands.
    const inOrder = decision.candidates.filter((candidate) => order.includes(candidate))
    for (const doubt of [true, false]) {
      expect(order.filter((candidate) => isDoubtful(candidate) === doubt)).toEqual(inOrder.filter((c) => isDoubtful(c) === doubt))
    }
  }))

test('law: observing and enforcing say the same of what enforcing would do', () =>
  holds(anyPolicy, anyPlaces, anyAsked, (judging, places, asked) => {
    const [one, other] = (['observe', 'enforce'] as const).map((mode) => judge({ ...judging, mode }, places, asked).verdict)
    expect(one?.would).toBe(other?.would)
    expect(one?.reasons).toEqual(other?.reasons)
    if (other?.would === 'block') expect(other.kind).toBe('block')
  }))

test('law: what a policy would do in the shadow is what it says when it judges', () =>
  holds(anyPolicy, anyPlaces, anyAsked, (judging, places, asked) => {
    const flow = flowTo(asked)
    const [would] = decideWould([judging], knownOf(flow), places, flow, refusals)
    expect(would).toBe(judge(judging, places, asked).verdict.would)
  }))

test('law: a block always has its reason', () =>
  holds(anyPolicy, anyPlaces, anyAsked, (judging, places, asked) => {
    const { verdict } = judge(judging, places, asked)
    if (verdict.would !== 'allow') expect(verdict.reasons.length).toBeGreaterThan(0)
  }))

const namesToCome = fc
  .subarray(['zoom.us', 'www.example.com', 'other.example'])
  .chain((names) => fc.tuple(...names.map((name) => fc.subarray(['52.81.151.250', '23.192.228.7']).map((proved) => claimed(name, proved)))))

test('law: when a flow is not open, no name that still comes turns a permitted address into a blocked one, or back', () =>
  holds(anyPolicy, anyPlaces, anyAsked, namesToCome, (judging, places, asked, more) => {
    const flow = flowTo(asked)
    const known = knownOf(flow)
    if (isOpen(judging, known, places, flow, refusals)) return
    const later = whenNamesEnd({ ...known, names: [...known.names, ...more] })
    for (const { ip, locations } of places) {
      if (refusalOf(ip, flow, refusals) !== null) continue
      const blocked = (facts: Known) => locations.some((location) => evaluate(judging, factsAbout(facts, location)).low === 'block')
      expect(blocked(later)).toBe(blocked(whenNamesEnd(known)))
    }
  }))

test('law: when no name can come, nothing is open', () =>
  holds(anyPolicy, anyPlaces, anyAsked, (judging, places, asked) => {
    const flow = flowTo(asked)
    expect(isOpen(judging, whenNamesEnd(knownOf(flow)), places, flow, refusals)).toBe(false)
  }))

test('law: what is decided early is what the addresses would have brought', () =>
  holds(anyPolicy, anyPlaces, anyAsked, (judging, places, asked) => {
    const flow = flowTo(asked)
    if (decideEarly(judging, knownOf(flow)) !== null) expect(judge(judging, places, asked).verdict.kind).toBe('block')
  }))

// --- what must not compile ----------------------------------------------------------------------------------------------

/** Checked by `npm run typecheck` alone: each of these lines must be an error, or a destination could be dialled unjudged. */
function mustNotCompile(dialer: Dialer, signal: AbortSignal, address: Ip, name: Hostname): void {
  const judgedNowhere: Endpoint<Ip> = { host: address, port: 443 }
  // @ts-expect-error an endpoint that was not judged
  void dialer.dial([judgedNowhere], signal)
  // @ts-expect-error an endpoint with a name
  void dialer.dial([{ host: name, port: 443 }], signal)
  // @ts-expect-error a name
  void dialer.dial([name], signal)
  // @ts-expect-error plain text
  void dialer.dial(['zoom.us:443'], signal)
  // @ts-expect-error nothing at all
  void dialer.dial([], signal)
}

test('a dialer is never given what was not judged: see mustNotCompile', () => expect(mustNotCompile).toBeTypeOf('function'))

test('an address that is refused in every mode holds no first bytes: it is refused cleanly', () => {
  const judging = policy({ fences: [{ name: 'no-x', traffic: { host: 'x.example' }, never: 'anywhere' }] })
  const flow = flowTo('169.254.169.254:80')
  expect(isOpen(judging, knownOf(flow), [at('169.254.169.254')], flow, refusals)).toBe(false)
})
