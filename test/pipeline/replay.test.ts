import fc from 'fast-check'
import { expect, test } from 'vitest'
import { noApps } from '../../src/model/app.ts'
import type { Decided } from '../../src/model/event.ts'
import type { Flow, FlowId, KnownName } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import { decide } from '../../src/pipeline/decide.ts'
import { identify, whenNamesEnd } from '../../src/pipeline/identify.ts'
import { locateAll } from '../../src/pipeline/locate.ts'
import { carry } from '../../src/pipeline/pipeline.ts'
import { Entry } from '../../src/pipeline/record.ts'
import { type RecordedFlow, replay } from '../../src/pipeline/replay.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { recordOf } from '../../src/records/record.ts'
import { endpoint, hostname, ip } from '../policy/words.ts'
import { ips, tableLocator } from '../support/fake-ports.ts'
import { notToChina, policyText, roadOf } from '../support/proxy-under-test.ts'

const compiled = (text: string) => compilePolicy(text, 'p.yaml', 'p.yaml')

/** One flow over a made-up road, as its record. */
async function recorded(
  asked: string,
  policy: string,
  hop?: string,
): Promise<{ readonly record: RecordedFlow; readonly event: Decided; readonly fake: ReturnType<typeof roadOf> }> {
  const hops = hop === undefined ? [] : [{ host: ip(hop), port: 1080 }]
  const fake = roadOf({ policy, hops, names: { 'mixed.example': ['52.81.151.250', '170.114.1.1'], 'cn.example': ['52.81.151.250'] } })
  const flow: Flow = {
    id: 'a' as FlowId,
    openedAt: 0,
    inbound: 'mixed',
    network: 'tcp',
    client: { host: ip('192.0.2.10'), port: 50_000 },
    who: anonymous,
    asked: endpoint(asked),
  }
  await carry(
    {
      flow,
      firstBytes: null,
      gone: new AbortController().signal,
      grant: () => undefined,
      refuse: () => undefined,
      relay: async () => ({ ending: 'completed', code: null, message: null }),
    },
    fake.road,
  )
  const event = fake.writer.decided[0]
  if (event === undefined) throw new Error('nothing was decided')
  const record = recordOf({ decided: { ...event, v: 1, seq: 1, time: new Date(0).toISOString(), node: 'test' } })
  if (record === null) throw new Error('no record')
  return { record, event, fake }
}

const policies = [
  policyText('enforce', notToChina),
  policyText('observe', notToChina),
  policyText('enforce', '{ name: by-name, never: [CN], traffic: { host: [cn.example] } }'),
  policyText('enforce', '{ name: lifted, never: [CN], except: [{ host: [cn.example], reason: ours }] }'),
  policyText('enforce', '{ name: by-client, only: [US], traffic: { client: [192.0.2.0/24] } }'),
]

test.each(['cn.example:443', 'mixed.example:443', '52.81.151.250:80', '170.114.1.1:443'])(
  '%s judged again by its own policy and data comes to the same',
  async (asked) => {
    for (const text of policies) {
      const { record, event, fake } = await recorded(asked, text)
      const again = replay(record, compiled(text), fake.road.tables.current, fake.road.refusals, noApps)
      expect(again?.verdict).toMatchObject({ kind: event.verdict, would: event.would, reasons: event.reasons })
    }
  },
)

test('by other data or another policy it may come to something else', async () => {
  const { record, fake } = await recorded('cn.example:443', policies[0] ?? '')
  const moved = tableLocator({ '52.81.151.250': 'US' })
  expect(replay(record, compiled(policies[0] ?? ''), moved, fake.road.refusals, noApps)?.verdict.would).toBe('allow')
  expect(replay(record, compiled(policyText('enforce')), fake.road.tables.current, fake.road.refusals, noApps)?.verdict.would).toBe('allow')
})

test('the upstream proxies are judged again as well', async () => {
  const policy = policyText('observe', notToChina)
  const { record, event, fake } = await recorded('170.114.1.1:443', policy, '52.81.151.250')
  const { refusals, tables } = fake.road
  expect(event.would).toBe('block')
  expect(replay(record, compiled(policy), tables.current, refusals, noApps)?.verdict).toEqual({
    kind: 'allow',
    mode: 'observe',
    would: 'block',
    reasons: [
      { kind: 'fence', fence: 'nothing-to-china', outcome: 'violated', effect: 'block', ip: '52.81.151.250', hop: '52.81.151.250:1080' },
    ],
  })
  const moved = tableLocator({ '52.81.151.250': 'US', '170.114.1.1': 'US' })
  expect(replay(record, compiled(policy), moved, refusals, noApps)?.verdict.would).toBe('allow')
})

test('a record without an address, or that is not readable, is not judged', async () => {
  const { record, fake } = await recorded('cn.example:443', policies[0] ?? '')
  const by = (change: Partial<RecordedFlow>) =>
    replay({ ...record, ...change }, compiled(policies[0] ?? ''), fake.road.tables.current, fake.road.refusals, noApps)
  expect(by({ candidates: [] })).toBeNull()
  expect(by({ asked: 'not a host!' })).toBeNull()
  expect(by({ client: 'nobody' })).toBeNull()
  expect(by({ time: 'never' })).toBeNull()
  expect(by({ candidates: record.candidates.map((candidate) => ({ ...candidate, ip: 'x' })) })).toBeNull()
})

test('whatever was known of a flow, its record judged by any policy and data comes to what the flow itself would have', async () => {
  const somePolicies = [
    ...policies,
    policyText('enforce', '{ name: by-name, never: [CN], traffic: { host: [claimed.example] } }'),
    policyText('enforce', '{ name: lifted, never: [CN, US], except: [{ host: [claimed.example], reason: ours }] }'),
    policyText('enforce', '{ name: lifted-to, only: [IN], except: [{ host: [cn.example], to: [US], reason: ours }] }'),
    policyText('enforce', '{ name: to-nobody, never: anywhere, traffic: { port: [80] } }', notToChina),
  ].map(compiled)
  const anyPolicy = fc.constantFrom(...somePolicies)
  const place = fc.constantFrom('CN', 'US', 'IN', 'US CN', 'anycast', '')
  const data = fc
    .record({ '52.81.151.250': place, '170.114.1.1': place, '2001:db8:1::1': place })
    .map((table) => tableLocator(Object.fromEntries(Object.entries(table).filter(([, said]) => said !== ''))))
  const addresses = fc.subarray(['52.81.151.250', '170.114.1.1', '2001:67c::1', '64:ff9b::3451:97fa', '10.0.0.5'], { minLength: 1 })
  const claims = fc.constantFrom<'nothing' | 'a name' | 'a proved name' | 'a hidden name'>(
    'nothing',
    'a name',
    'a proved name',
    'a hidden name',
  )
  const asking = fc.record({ asked: fc.constantFrom('cn.example:443', 'a.test:80', '52.81.151.250:443'), addresses, claims })
  await fc.assert(
    fc.asyncProperty(asking, data, data, anyPolicy, anyPolicy, async (live, then, now, policyThen, policyNow) => {
      const { road, writer } = roadOf()
      const flow: Flow = {
        id: 'a' as FlowId,
        openedAt: Date.UTC(2026, 5, 1),
        inbound: 'mixed',
        network: 'tcp',
        client: { host: ip('2001:db8::7'), port: 50_000 },
        who: anonymous,
        asked: endpoint(live.asked),
      }
      const found = ips(...(flow.asked.host.kind === 'ip' ? [flow.asked.host.ip] : live.addresses))
      const places = locateAll(found, then)
      const provedAt =
        live.claims === 'a proved name' ? new Set(places.flatMap(({ locations }) => locations.map(({ ip: at }) => at))) : null
      const claimed: KnownName = { name: hostname('claimed.example'), origin: 'sni', provedAt }
      const asked = identify(flow, flow.openedAt, noApps)
      const known = whenNamesEnd({
        ...asked,
        names: live.claims.endsWith(' name') && live.claims !== 'a hidden name' ? [...asked.names, claimed] : asked.names,
        anyName: live.claims === 'a hidden name',
      })
      const { verdict, candidates } = decide(policyThen, known, places, flow, road.refusals)
      const told = { verdict, candidates, hops: [], known, sentence: 'x', policy: policyThen }
      await new Entry(flow, then, road).decided(told, {})
      const event = writer.decided[0]
      if (event === undefined) throw new Error('nothing was decided')
      const record = recordOf({ decided: { ...event, v: 1, seq: 1, time: new Date(flow.openedAt).toISOString(), node: 'test' } })
      if (record === null) throw new Error('no record')
      const again = replay(record, policyNow, now, road.refusals, noApps)
      expect(again).toEqual(decide(policyNow, known, locateAll(found, now), flow, road.refusals))
    }),
    { numRuns: 400 },
  )
})
