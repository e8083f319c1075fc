import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { noApps } from '../../src/model/app.ts'
import { isNonEmpty } from '../../src/model/brand.ts'
import type { Flow, FlowId } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import { judgedAddresses } from '../../src/model/scope.ts'
import { type Decision, severest } from '../../src/model/verdict.ts'
import { decide, decideWould, isOpen } from '../../src/pipeline/decide.ts'
import { hopText, type LocatedHop, locateHops } from '../../src/pipeline/hops.ts'
import { identify, type Known, proveAt, whenNamesEnd, withNames } from '../../src/pipeline/identify.ts'
import type { Located } from '../../src/pipeline/locate.ts'
import type { RefusalSettings } from '../../src/pipeline/refusals.ts'
import { explain } from '../../src/policy/explain.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { type Answers, claimed, endpoint, ip, NOON, placed, policy } from '../policy/words.ts'
import { tableLocator } from '../support/fake-ports.ts'

const refusals: RefusalSettings = {
  deniedPorts: [25],
  localNames: [],
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

function at(address: string, answers: Answers = {}): Located {
  const locations = judgedAddresses(ip(address)).map((judged) => placed(judged, answers))
  if (!isNonEmpty(locations)) throw new Error('an address stands for at least itself')
  return { ip: ip(address), locations }
}

const hopAt = (address: string, country?: string, port = 1080): LocatedHop => ({
  ...at(address, country === undefined ? {} : { A: country, B: country }),
  port,
})

const america = at('23.192.228.7', { A: 'US', B: 'US' })
const china = at('52.81.151.250', { A: 'CN', B: 'CN' })
const chinaHop = hopAt('52.81.0.1', 'CN')
const americaHop = hopAt('23.192.0.1', 'US')
const localHop = hopAt('10.0.0.1')

const lax = { disputed: 'allow', unknown: 'allow', anycast: 'allow' }
const noChina = { uncertain: lax, fences: [{ name: 'no-cn', never: ['CN'] }] }

interface Asked {
  readonly to?: string
  readonly located?: readonly Located[]
  readonly known?: (known: Known) => Known
}

function judge(
  judging: Policy,
  hops: readonly LocatedHop[],
  { to = 'zoom.us:443', located = [america], known = (same) => same }: Asked = {},
) {
  const flow = flowTo(to)
  const decision = decide(judging, known(identify(flow, NOON, noApps)), located, flow, refusals, hops)
  return { decision, sentence: explain(decision, flow.asked, judging) }
}

const via = (decision: Decision): readonly string[] | null =>
  decision.kind === 'dial' && decision.via !== null ? decision.via.map(({ host, port }) => hopText({ ip: host, port })) : null

test('without a hop nothing is judged of any', () => {
  const { decision } = judge(policy(noChina), [])
  expect(decision).toMatchObject({ kind: 'dial', via: null })
  expect(decision.way).toBeUndefined()
})

describe('enforcing', () => {
  test('a hop in forbidden territory refuses the flow, and the reason names it', () => {
    const { decision, sentence } = judge(policy(noChina), [chinaHop])
    expect(decision).toMatchObject({
      kind: 'refuse',
      verdict: {
        kind: 'block',
        would: 'block',
        reasons: [{ kind: 'fence', fence: 'no-cn', outcome: 'violated', effect: 'block', ip: '52.81.0.1', hop: '52.81.0.1:1080' }],
      },
    })
    expect(sentence).toBe(
      'Blocked: on the way to zoom.us, the upstream proxy 52.81.0.1 is an address that both sources place in China (CN); fence "no-cn" lets nothing reach it.',
    )
  })

  test('a destination in forbidden territory is refused wherever the hop is, and no hop is asked about', () => {
    const { decision } = judge(policy(noChina), [americaHop], { located: [china] })
    expect(decision).toMatchObject({ kind: 'refuse', verdict: { kind: 'block' } })
    expect(decision.way).toBeUndefined()
  })

  test('of several hops only those that are permitted are used', () => {
    const { decision, sentence } = judge(policy(noChina), [chinaHop, americaHop])
    expect(via(decision)).toEqual(['23.192.0.1:1080'])
    expect(decision.verdict).toMatchObject({ kind: 'allow', would: 'steer' })
    expect(sentence).toBe(
      'Allowed: zoom.us is at 23.192.228.7, which both sources place in the United States (US). Upstream proxies: 52.81.0.1 in China (CN) left out by fence "no-cn".',
    )
  })

  test('a fence over a part of the traffic holds its hops for that part alone', () => {
    const zoom = policy({ uncertain: lax, fences: [{ name: 'zoom-at-home', traffic: { host: ['zoom.us'] }, only: ['US'] }] })
    expect(judge(zoom, [chinaHop]).decision.kind).toBe('refuse')
    expect(judge(zoom, [chinaHop], { to: 'other.example:443' }).decision.kind).toBe('dial')
  })

  test('a fence that selects the destination by its network is over the way there', () => {
    const fences = [{ name: 'ours', traffic: { cidr: '23.192.0.0/16' }, never: ['CN'] }]
    expect(judge(policy({ uncertain: lax, fences }), [chinaHop]).decision.kind).toBe('refuse')
  })

  test('a fence that names the hop by its network holds, even where local_network allows it', () => {
    const fences = [{ name: 'not-there', traffic: { cidr: '10.0.0.1/32' }, never: 'anywhere' }]
    const { decision } = judge(policy({ fences, local_network: 'allow' }), [localHop])
    expect(decision).toMatchObject({ kind: 'refuse', verdict: { reasons: [{ fence: 'not-there', hop: '10.0.0.1:1080' }] } })
  })

  test('an exception that lifts the fence from the destination lifts it from the hop only within its territory', () => {
    const home = (to?: readonly string[]) =>
      policy({
        uncertain: lax,
        fences: [{ name: 'home', only: ['IN'], except: [{ host: ['zoom.us'], ...(to === undefined ? {} : { to }), reason: 'sign-in' }] }],
      })
    expect(via(judge(home(['US']), [americaHop]).decision)).toEqual(['23.192.0.1:1080'])
    expect(judge(home(['US']), [chinaHop]).decision.kind).toBe('refuse')
    expect(via(judge(home(), [chinaHop]).decision)).toEqual(['52.81.0.1:1080'])
  })

  test('a name that is only claimed is proved where its destination is, and does not lift a fence from the hop', () => {
    const home = policy({ uncertain: lax, fences: [{ name: 'home', only: ['IN'], except: [{ host: ['zoom.us'], reason: 'sign-in' }] }] })
    const known = (known: Known) => whenNamesEnd(withNames(known, [proveAt(claimed('zoom.us'), [america.ip])]))
    const asked = { to: '23.192.228.7:443', known }
    expect(judge(home, [], asked).decision.kind).toBe('dial')
    expect(judge(home, [americaHop], asked).decision.kind).toBe('refuse')
  })

  test('a local hop is the business of local_network: no fence over countries asks where it is', () => {
    const only = { uncertain: { disputed: 'block', unknown: 'block', anycast: 'block' }, fences: [{ name: 'home', only: ['US'] }] }
    expect(via(judge(policy({ ...only, local_network: 'allow' }), [localHop]).decision)).toEqual(['10.0.0.1:1080'])
    const { decision, sentence } = judge(policy({ ...only, local_network: 'block' }), [localHop])
    expect(decision).toMatchObject({
      kind: 'refuse',
      verdict: { reasons: [{ kind: 'local-network', effect: 'block', hop: '10.0.0.1:1080' }] },
    })
    expect(sentence).toMatch(/^Blocked: on the way to zoom\.us, the upstream proxy 10\.0\.0\.1 is .*; local_network does not permit it\.$/)
  })

  test('a fence that logs flags the flow', () => {
    const logs = policy({ uncertain: lax, fences: [{ name: 'no-cn', never: ['CN'], action: 'log' }] })
    const { decision, sentence } = judge(logs, [chinaHop])
    expect(decision).toMatchObject({ kind: 'dial', verdict: { kind: 'log', would: 'log' } })
    expect(sentence).toBe(
      'Flagged: on the way to zoom.us, the upstream proxy 52.81.0.1 is an address that both sources place in China (CN); fence "no-cn" logs it.',
    )
  })

  test('a name that may still come holds the first bytes where it would forbid the hop', () => {
    const zoom = policy({ uncertain: lax, fences: [{ name: 'zoom-at-home', traffic: { host: ['zoom.us'] }, only: ['US'] }] })
    const flow = flowTo('23.192.228.7:443')
    const known = identify(flow, NOON, noApps)
    expect(isOpen(zoom, known, [america], flow, refusals, [])).toBe(false)
    expect(isOpen(zoom, known, [america], flow, refusals, [chinaHop])).toBe(true)
    expect(isOpen(zoom, known, [america], flow, refusals, [americaHop])).toBe(false)
  })
})

describe('in every mode', () => {
  test.each([
    ['127.0.0.1', 8080, 'refuse.own-door', "Blocked: on the way to zoom.us, the upstream proxy 127.0.0.1:8080 is Ringfence's own door."],
    ['169.254.169.254', 1080, 'refuse.cloud-metadata', undefined],
    ['10.0.0.1', 25, 'refuse.denied-port', undefined],
  ])('%s:%i is refused as a hop: %s', (address, port, code, says) => {
    const { decision, sentence } = judge(policy({ mode: 'observe' }), [hopAt(address, undefined, port)])
    expect(decision).toMatchObject({ kind: 'refuse', verdict: { kind: 'block', reasons: [{ kind: 'refusal', code }] } })
    if (says !== undefined) expect(sentence).toBe(says)
  })
})

describe('observing', () => {
  const observing = policy({ mode: 'observe', ...noChina })

  test('nothing is blocked, and what enforcing would have done is said', () => {
    const { decision, sentence } = judge(observing, [chinaHop])
    expect(decision).toMatchObject({ kind: 'dial', verdict: { kind: 'allow', would: 'block' } })
    expect(via(decision)).toEqual(['52.81.0.1:1080'])
    expect(sentence).toMatch(/^Would block: on the way to zoom\.us, the upstream proxy 52\.81\.0\.1 /)
  })

  test('nor steered: the order of the settings stands', () => {
    const { decision, sentence } = judge(observing, [chinaHop, americaHop])
    expect(via(decision)).toEqual(['52.81.0.1:1080', '23.192.0.1:1080'])
    expect(decision.verdict.would).toBe('steer')
    expect(sentence).toMatch(/ Enforcing, upstream proxies: 52\.81\.0\.1 in China \(CN\) left out by fence "no-cn"\.$/)
  })
})

test('packs in the shadow count the hop', () => {
  const flow = flowTo('zoom.us:443')
  const known = identify(flow, NOON, noApps)
  const would = (hops: readonly LocatedHop[]) => decideWould([policy(noChina)], known, [america], flow, refusals, hops)
  expect([would([]), would([americaHop]), would([chinaHop]), would([chinaHop, americaHop])]).toEqual([
    ['allow'],
    ['allow'],
    ['block'],
    ['steer'],
  ])
})

test('hops are located as destinations are', () => {
  const [hop] = locateHops([{ host: ip('52.81.0.1'), port: 1080 }], tableLocator({ '52.81.0.1': 'CN' }))
  expect(hop).toMatchObject({ ip: '52.81.0.1', port: 1080, locations: [{ possible: ['CN'] }] })
})

test('whatever the places: a flow is let through only if destination and hop are, and the verdict is the severer one', () => {
  const places = [america, china, at('23.192.228.9')]
  const ways = [americaHop, chinaHop, localHop, hopAt('23.192.228.9')]
  const word = fc.constantFrom('allow', 'log', 'block')
  const uncertain = fc.record({ disputed: word, unknown: word, anycast: word })
  const fence = fc.record({ never: fc.constant(['CN']), action: fc.constantFrom('log', 'block') })
  fc.assert(
    fc.property(
      fc.record({ uncertain, fence, local: word, mode: fc.constantFrom('observe', 'enforce') }),
      fc.subarray(places, { minLength: 1 }),
      fc.subarray(ways, { minLength: 1 }),
      ({ uncertain, fence, local, mode }, located, hops) => {
        const judging = policy({ mode, uncertain, local_network: local, fences: [{ name: 'f', ...fence }] })
        const straight = judge(judging, [], { located }).decision
        const { decision } = judge(judging, hops, { located })
        const alone = hops.filter((hop) => judge(judging, [hop], { located }).decision.kind === 'dial')
        expect(via(decision)).toEqual(straight.kind === 'refuse' || alone.length === 0 ? null : alone.map(hopText))
        expect(severest(straight.verdict.kind, decision.verdict.kind)).toBe(decision.verdict.kind)
        if (decision.kind === 'dial' && straight.kind === 'dial') expect(decision.pinned).toEqual(straight.pinned)
      },
    ),
    { numRuns: 300 },
  )
})
