import { expect, test } from 'vitest'
import { type KnownApp, noApps } from '../../src/model/app.ts'
import { RingfenceError } from '../../src/model/errors.ts'
import type { Flow, FlowId } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import { Entry, type Told } from '../../src/pipeline/record.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { ip, name } from '../support/fake-ports.ts'
import { roadOf } from '../support/proxy-under-test.ts'

const judging = roadOf({}).road.policies.current

const flow: Flow = {
  id: 'flow-1' as FlowId,
  openedAt: 0,
  inbound: 'mixed',
  network: 'tcp',
  client: { host: ip('127.0.0.1'), port: 50_000 },
  who: anonymous,
  asked: { host: { kind: 'name', name: name('zoom.us') }, port: 443 },
}

const allowed: Told = {
  verdict: { kind: 'allow', mode: 'enforce', would: 'allow', reasons: [] },
  hops: [],
  candidates: [
    {
      ip: ip('170.114.1.1'),
      locations: [
        {
          ip: ip('170.114.1.1'),
          scope: 'global',
          answers: [{ source: 'one', country: null }],
          possible: [],
          best: null,
          anycast: false,
          stated: null,
          registry: null,
          network: null,
          located: true,
        },
      ],
      apps: [],
      fences: [],
      localNetwork: null,
      effect: 'allow',
      refusal: null,
      permitted: true,
    },
  ],
  known: {
    names: [
      { name: name('zoom.us'), origin: 'asked', provedAt: 'everywhere' },
      { name: name('a.zoom.us'), origin: 'sni', provedAt: new Set() },
      { name: name('b.zoom.us'), origin: 'sni', provedAt: new Set([ip('170.114.1.1')]) },
    ],
    namedApps: [],
    recalled: [],
    catalogue: noApps,
    network: 'tcp',
    port: 443,
    anyName: false,
  },
  sentence: 'Allowed: zoom.us.',
  policy: judging,
}
const blocked: Told = { ...allowed, verdict: { ...allowed.verdict, kind: 'block', would: 'block' } }

function entry() {
  const clock = new FakeClock()
  const fake = roadOf({ clock })
  return { clock, ...fake, entry: new Entry(flow, fake.road.tables.current, fake.road) }
}

test('what identifies a person stands under `personal`, beside a salt of its own', async () => {
  const one = entry()
  await one.entry.decided(allowed, { pack: 'block' })
  const { personal, ...rest } = one.writer.decided[0]!
  expect(rest).toEqual({
    type: 'decided',
    id: 'flow-1',
    mode: 'enforce',
    verdict: 'allow',
    would: 'allow',
    reasons: [],
    policy: one.road.policies.current.hash,
    name_hidden: false,
    apps: [],
    inbound: 'mixed',
    network: 'tcp',
    port: 443,
    candidates: [
      {
        ip: '170.114.1.1',
        judged: [
          {
            ip: '170.114.1.1',
            scope: 'global',
            answers: { one: null },
            possible: [],
            best: null,
            anycast: false,
            disowned: [],
            registry: null,
            network: null,
          },
        ],
        fences: [],
        effect: 'allow',
        refusal: null,
        permitted: true,
      },
    ],
    table: 'table',
    shadow: { pack: 'block' },
  })
  expect(personal).toMatchObject({
    client: '127.0.0.1:50000',
    asked: 'zoom.us',
    names: [
      { name: 'zoom.us', origin: 'asked', proved: true },
      { name: 'a.zoom.us', origin: 'sni', proved: false },
      { name: 'b.zoom.us', origin: 'sni', proved: true },
    ],
    sentence: 'Allowed: zoom.us.',
  })
  const two = entry()
  await two.entry.decided(allowed, {})
  expect(personal.salt).toMatch(/^[0-9a-f-]{36}$/)
  expect(two.writer.decided[0]!.personal.salt).not.toBe(personal.salt)
})

test('the ending tells what was dialled, how much passed and how long it took', async () => {
  const { entry: one, writer, clock } = entry()
  await one.decided(allowed, {})
  one.dialled({ remote: { host: ip('170.114.1.1'), port: 443 }, via: null, connectMs: 12.3456 })
  one.meter.up += 10
  one.meter.down += 2_000
  clock.advance(1_234.56)
  await one.ended({ ending: 'completed', code: null, message: null })
  expect(writer.ended).toEqual([
    {
      type: 'ended',
      id: 'flow-1',
      ending: 'completed',
      code: null,
      message: null,
      dialled: '170.114.1.1',
      via: null,
      connect_ms: 12.3,
      ruled_out: null,
      up: 10,
      down: 2_000,
      duration_ms: 1_234.6,
    },
  ])
})

test('the way through an upstream proxy is told, and its round-trip time says nothing of the destination', async () => {
  const { road, writer } = roadOf({})
  const asked: number[] = []
  const reach = {
    ruledOut(_: unknown, connectMs: number) {
      asked.push(connectMs)
      return []
    },
  }
  const one = new Entry(flow, road.tables.current, { ...road, reach })
  await one.decided(allowed, {})
  one.dialled({ remote: { host: ip('170.114.1.1'), port: 443 }, via: { host: ip('2001:db8::1'), port: 1080 }, connectMs: 0.1 })
  await one.ended({ ending: 'completed', code: null, message: null })
  expect(writer.ended).toMatchObject([{ dialled: '170.114.1.1', via: '[2001:db8::1]:1080', connect_ms: 0.1, ruled_out: null }])
  expect(asked).toEqual([])
})

test('a blocked flow has no ending beside its verdict', async () => {
  const { entry: one, writer } = entry()
  await one.decided(blocked, {})
  await one.failed(new RingfenceError('bug.unexpected', 'late trouble'), judging)
  expect(writer.events).toHaveLength(1)
})

test('a flow that fails before its verdict is recorded as blocked, with the error as reason', async () => {
  const { entry: one, writer } = entry()
  await one.failed(new RingfenceError('resolve.not-found', 'zoom.us does not exist'), judging)
  await one.failed(new RingfenceError('bug.unexpected', 'again'), judging)
  expect(writer.events).toHaveLength(1)
  expect(writer.decided[0]).toMatchObject({
    verdict: 'block',
    would: 'block',
    reasons: [{ kind: 'error', code: 'resolve.not-found', message: 'zoom.us does not exist' }],
    candidates: [],
    personal: { sentence: 'Not reached: zoom.us does not exist.' },
  })
})

test.each([
  ['dial.refused', 'failed'],
  ['client.gone', 'client-gone'],
] as const)('a flow that fails after its verdict by %s ends as %s, once', async (code, ending) => {
  const { entry: one, writer } = entry()
  await one.decided(allowed, {})
  await one.failed(new RingfenceError(code, 'why'), judging)
  await one.failed(new RingfenceError('bug.unexpected', 'again'), judging)
  await one.ended({ ending: 'completed', code: null, message: null })
  expect(writer.ended).toMatchObject([{ ending, code, message: 'why', dialled: null, connect_ms: null }])
})

test('a name that was learnt later is told in an event of its own', async () => {
  const { entry: one, writer } = entry()
  await one.decided(allowed, {})
  await one.rejudged({ ...blocked, sentence: 'Blocked: late.' })
  expect(writer.rejudged).toMatchObject([{ type: 'rejudged', id: 'flow-1', verdict: 'block', personal: { sentence: 'Blocked: late.' } }])
})

test('a verdict that cannot be written is thrown, and the entry stays open', async () => {
  const { entry: one, writer } = entry()
  writer.break()
  await expect(one.decided(allowed, {})).rejects.toMatchObject({ code: 'record.failed' })
  expect(writer.events).toEqual([])
})

test('what a flow was told to belong to is recorded, by what, and whether that proves it', async () => {
  const zoom = { id: 'zoom', name: 'Zoom', categories: [], company: null }
  const app = (origin: KnownApp['origin'], provedAt: KnownApp['provedAt']): KnownApp => ({ app: zoom, origin, name: null, provedAt })
  const apps = [app('sni', null), app('sni', new Set([ip('170.114.1.1')])), app('range', 'everywhere')]
  const { entry: one, writer } = entry()
  await one.decided({ ...allowed, candidates: allowed.candidates.map((candidate) => ({ ...candidate, apps })) }, {})
  expect(writer.decided[0]?.apps).toEqual([
    { app: 'zoom', home: null, origin: 'sni', proved: true },
    { app: 'zoom', home: null, origin: 'range', proved: true },
  ])
})

test('a port hints at an app only where nothing tells of one', async () => {
  const hinted = { id: 'zoom', name: 'Zoom', categories: [], company: null }
  const catalogue = { ...noApps, onPort: () => [hinted] }
  const { entry: one, writer } = entry()
  await one.decided({ ...allowed, known: { ...allowed.known, catalogue } }, {})
  expect(writer.decided[0]?.apps).toEqual([{ app: 'zoom', home: null, origin: 'port', proved: null }])
})
