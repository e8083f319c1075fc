/** Flows that are judged again while their bytes move, through a real door. */
import { expect, test } from 'vitest'
import { noApps } from '../../src/model/app.ts'
import { isNonEmpty } from '../../src/model/brand.ts'
import type { Flow, FlowId } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import { identify, withNames } from '../../src/pipeline/identify.ts'
import { LiveFlow, LiveFlows } from '../../src/pipeline/live-flows.ts'
import { locateAll } from '../../src/pipeline/locate.ts'
import { Entry } from '../../src/pipeline/record.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { claimed, endpoint, ip } from '../policy/words.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { echo, silent, startOrigin } from '../support/origin-server.ts'
import { eventually, notToChina, openProxy, policyText, roadOf, type World } from '../support/proxy-under-test.ts'

const AMERICA = '170.114.1.1'
const INDIA = '103.255.1.1'

const open = policyText('enforce')
const notToAmerica = policyText('enforce', '{ name: nothing-to-america, never: [US] }')

const flowTo = (address: string, id: string): Flow => ({
  id: id as FlowId,
  openedAt: 0,
  inbound: 'mixed',
  network: 'tcp',
  client: { host: ip('127.0.0.1'), port: 1 },
  who: anonymous,
  asked: endpoint(`${address}:443`),
})

/** A tunnel to each of these through one door, up and echoing. */
async function tunnels(world: World, ...targets: readonly string[]) {
  const origin = await startOrigin(echo)
  const proxy = await openProxy({ ...world, routes: { [AMERICA]: origin.port, [INDIA]: origin.port } })
  const clients = await Promise.all(
    targets.map(async (target) => {
      const client = await proxy.connect()
      client.send(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\nhello`)
      await client.receives('hello')
      return client
    }),
  )
  return { proxy, clients }
}

test('a new policy cuts what is now outside, with its reason in the record, and leaves the rest alone', async () => {
  const { proxy, clients } = await tunnels({ policy: open }, `${AMERICA}:443`, `${INDIA}:443`)
  const [outside, inside] = clients
  expect(await proxy.take(notToAmerica)).toBe(1)
  await outside?.receivesReset()
  await proxy.flowsOver(1)
  const why = expect.stringContaining('fence "nothing-to-america" lets nothing reach it')
  expect(proxy.writer.events.slice(2)).toMatchObject([
    { type: 'rejudged', verdict: 'block', policy: proxy.road.policies.current.hash, personal: { sentence: why } },
    { type: 'ended', ending: 'cut', code: 'policy.cut', message: why },
  ])
  inside?.send(' again')
  await inside?.receives('hello again')
  expect(proxy.live.size).toBe(1)
})

test('a policy that permits what flows changes nothing, and records nothing', async () => {
  const { proxy, clients } = await tunnels({ policy: open }, `${AMERICA}:443`)
  expect(await proxy.take(policyText('enforce', notToChina))).toBe(0)
  expect(await proxy.take(policyText('observe', '{ name: nothing-to-america, never: [US] }'))).toBe(0)
  clients[0]?.send(' again')
  await clients[0]?.receives('hello again')
  expect(proxy.writer.events.map(({ type }) => type)).toEqual(['decided'])
})

test('an exception that ends cuts what it let through, at that moment and not before', async () => {
  const clock = new FakeClock(Date.parse('2026-11-01T12:00:00Z'))
  const excepted = policyText('enforce', `{ name: no-us, never: [US], except: [{ cidr: ${AMERICA}, until: 2026-11-01, reason: a trial }] }`)
  const { proxy, clients } = await tunnels({ policy: excepted, clock }, `${AMERICA}:443`)
  expect(await proxy.take(excepted, Date.parse('2026-11-01T23:59:59.999Z'))).toBe(0)
  expect(await proxy.take(excepted, Date.parse('2026-11-02T00:00:00Z'))).toBe(1)
  await clients[0]?.receivesReset()
})

test('of a name with several addresses only the one that was dialled counts', async () => {
  const names = { 'calls.example': [AMERICA, INDIA] }
  const { proxy, clients } = await tunnels({ policy: open, names }, 'calls.example:443')
  expect(proxy.dialer.tried).toEqual([`${AMERICA}:443`])
  expect(await proxy.take(policyText('enforce', '{ name: no-india, never: [IN] }'))).toBe(0)
  expect(await proxy.take(notToAmerica)).toBe(1)
  await clients[0]?.receivesReset()
})

test('a policy that comes into force during the dial stops it', async () => {
  const proxy = await openProxy({ policy: open, routes: { [AMERICA]: 'silent' } })
  const client = await proxy.connect()
  client.send(`CONNECT ${AMERICA}:443 HTTP/1.1\r\nHost: x\r\n\r\n`)
  await eventually('the flow is dialled', () => proxy.dialer.tried.length === 1)
  expect(await proxy.take(notToAmerica)).toBe(1)
  await client.receives('403 Forbidden')
  await proxy.flowsOver(1)
  expect(proxy.writer.events.map(({ type }) => type)).toEqual(['decided', 'rejudged', 'ended'])
  expect(proxy.writer.ended).toMatchObject([{ ending: 'cut', dialled: null }])
})

test('a request on a kept-alive connection is cut like a tunnel', async () => {
  const origin = await startOrigin(silent)
  const proxy = await openProxy({ policy: open, routes: { [AMERICA]: origin.port } })
  const client = await proxy.connect()
  client.send(`GET http://${AMERICA}/ HTTP/1.1\r\nHost: x\r\n\r\n`)
  await eventually('the request waits', () => proxy.live.size === 1)
  await eventually('it is connected', () => proxy.dialer.tried.length === 1)
  expect(await proxy.take(notToAmerica)).toBe(1)
  await client.receives('403 Forbidden')
  await proxy.flowsOver(1)
  expect(proxy.writer.ended).toMatchObject([{ ending: 'cut', code: 'policy.cut' }])
})

test('ten thousand live flows are all judged, and those outside are cut', async () => {
  const { road, writer } = roadOf({ policy: open })
  const live = new LiveFlows()
  const flows = Array.from({ length: 10_000 }, (_, i) => {
    const to = i % 2 === 0 ? AMERICA : INDIA
    const flow = flowTo(to, `flow-${i}`)
    const located = locateAll([ip(to)], road.tables.current)
    if (!isNonEmpty(located)) throw new Error('one address is one place')
    const facts = { known: identify(flow, 0, noApps), located, hops: [] }
    const one = new LiveFlow(flow, facts, road.policies.current, new Entry(flow, road.tables.current, road), road.refusals)
    live.add(one)
    one.reached({ remote: { host: ip(to), port: 443 }, via: null })
    return one
  })
  expect(await live.rejudge(compilePolicy(notToAmerica, 'p.yaml', 'p'), 0)).toBe(5_000)
  expect(flows.filter(({ cut }) => cut.aborted)).toHaveLength(5_000)
  expect(writer.rejudged).toHaveLength(5_000)
})

test('an exception that ends while a flow is looked up does not hold for it any more', async () => {
  const clock = new FakeClock(Date.parse('2026-11-01T23:59:59.000Z'))
  const excepted = policyText('enforce', '{ name: no-us, never: [US], except: [{ host: a.example, until: 2026-11-01, reason: a trial }] }')
  const origin = await startOrigin(echo)
  const proxy = await openProxy({ policy: excepted, clock, names: { 'a.example': [AMERICA] }, routes: { [AMERICA]: origin.port } })
  const go = proxy.writer.hold()
  const client = await proxy.connect()
  client.send('CONNECT a.example:443 HTTP/1.1\r\nHost: x\r\n\r\n')
  await eventually('the look-up', () => proxy.resolver.asked.length === 1)
  clock.advance(2_000)
  go()
  await client.receives('403 Forbidden')
  await proxy.flowsOver(1)
  expect(proxy.dialer.tried).toEqual([])
  expect(proxy.writer.events.map(({ type }) => type)).toEqual(['decided', 'rejudged', 'ended'])
})

test('a flow that can no longer be judged is cut', async () => {
  const { road } = roadOf({ policy: open })
  const flow = flowTo(AMERICA, 'x')
  const broken = { known: identify(flow, 0, noApps), located: null as never, hops: [] }
  const live = new LiveFlows()
  const one = new LiveFlow(flow, broken, road.policies.current, new Entry(flow, road.tables.current, road), road.refusals)
  live.add(one)
  expect(await live.rejudge(road.policies.current, 0)).toBe(1)
  expect(one.cut.aborted).toBe(true)
})

test('what is learnt while the bytes move cuts before the journal has written it', async () => {
  const { road, writer } = roadOf({ policy: policyText('enforce', '{ name: no-tiktok, traffic: { host: .tiktok.com }, never: anywhere }') })
  const flow = flowTo(AMERICA, 'x')
  const located = locateAll([ip(AMERICA)], road.tables.current)
  const known = identify(flow, 0, noApps)
  const one = new LiveFlow(
    flow,
    { known, located, hops: [] },
    road.policies.current,
    new Entry(flow, road.tables.current, road),
    road.refusals,
  )
  one.reached({ remote: { host: ip(AMERICA), port: 443 }, via: null })
  const go = writer.hold()
  const learning = one.learnt(withNames(known, [claimed('www.tiktok.com')]))
  expect(one.cut.aborted).toBe(true)
  go()
  await learning
  expect(writer.rejudged).toHaveLength(1)
})
