/** Doors whose road leads through another door, in one process: what is judged again while flows are live, and what never leaves. */
import { expect, test } from 'vitest'
import { createDirect } from '../../src/egress/direct.ts'
import { createEgress } from '../../src/egress/upstream/dialer.ts'
import type { Hop } from '../../src/egress/upstream/hop.ts'
import type { Flow, FlowId } from '../../src/model/flow.ts'
import { anonymous } from '../../src/model/identity.ts'
import { carry } from '../../src/pipeline/pipeline.ts'
import type { Offer, Refusal } from '../../src/pipeline/ports.ts'
import { scriptedProxy } from '../egress/upstream/scripted-proxy.ts'
import { ip, name } from '../support/fake-ports.ts'
import { echo, ok, startHttpOrigin, startOrigin } from '../support/origin-server.ts'
import { notToChina, openProxy, policyText, roadOf, VIA, type World } from '../support/proxy-under-test.ts'
import { never } from '../support/socket-pair.ts'

const AMERICA = '170.114.1.1'

/** A world whose way out is the proxy at this port of loopback. */
function through(port: number, type: Hop['type'], via: string | null = null, login: Hop['login'] = null): Pick<World, 'hops' | 'dialer'> {
  const server = { host: ip('127.0.0.1'), port }
  return { hops: [server], dialer: createEgress([{ type, server, login, tls: null }], createDirect(), via) }
}

test.each(['http', 'socks5'] as const)(
  'a tunnel through a %s proxy is judged at both, and is cut when the proxy is forbidden',
  async (type) => {
    const origin = await startOrigin(echo)
    const next = await openProxy({ routes: { [AMERICA]: origin.port } })
    const proxy = await openProxy({
      policy: policyText('enforce', notToChina),
      names: { 'a.example': [AMERICA] },
      ...through(next.port, type),
    })
    const client = await proxy.connect()
    client.send('CONNECT a.example:443 HTTP/1.1\r\nHost: x\r\n\r\n')
    await client.receives('200')
    client.send('ping')
    await client.receives('ping')
    expect(next.offers.map(({ flow }) => flow.asked)).toEqual([{ host: { kind: 'ip', ip: AMERICA }, port: 443 }])
    expect(proxy.dialer.tried).toEqual([])
    expect(await proxy.take(policyText('enforce', notToChina, '{ name: logs, never: [RU], action: log }'))).toBe(0)
    expect(await proxy.take(`${policyText('enforce', notToChina)}\nlocal_network: block`)).toBe(1)
    await proxy.flowsOver(1)
    const via = `127.0.0.1:${next.port}`
    expect(proxy.writer.decided[0]?.hops).toMatchObject([{ ip: '127.0.0.1', port: next.port, permitted: true }])
    expect(proxy.writer.rejudged).toMatchObject([{ verdict: 'block', reasons: [{ kind: 'local-network', effect: 'block', hop: via }] }])
    expect(proxy.writer.ended).toMatchObject([{ ending: 'cut', code: 'policy.cut', dialled: AMERICA, via, ruled_out: null }])
  },
)

test('each request of a kept-alive connection goes through the proxy as a tunnel of its own', async () => {
  const origin = await startHttpOrigin(() => ok('ok'))
  const next = await openProxy({ routes: { [AMERICA]: origin.port } })
  const proxy = await openProxy({ names: { 'a.example': [AMERICA] }, ...through(next.port, 'http') })
  const client = await proxy.connect()
  for (const count of [1, 2]) {
    client.send('GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n')
    await proxy.flowsOver(count)
  }
  expect(proxy.writer.ended.map(({ ending, via }) => [ending, via])).toEqual([1, 2].map(() => ['completed', `127.0.0.1:${next.port}`]))
})

test('a plain request goes as a tunnel to its address: our login to the proxy, the client’s to nobody, Via to each', async () => {
  const next = await scriptedProxy([{ after: '\r\n\r\n', say: 'HTTP/1.1 200 ok\r\n\r\nHTTP/1.1 204 ok\r\n\r\n' }])
  const theirs = Buffer.from('ben:of-the-client').toString('base64')
  const login = { name: 'anna', password: 'of-the-proxy' }
  const proxy = await openProxy({ names: { 'a.example': [AMERICA] }, ...through(next.port, 'http', VIA, login) })
  const client = await proxy.connect()
  client.send(`GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\nProxy-Authorization: Basic ${theirs}\r\n\r\n`)
  await client.receives('HTTP/1.1 204')
  expect(next.received.map(String)).toEqual([
    [
      `CONNECT ${AMERICA}:80 HTTP/1.1`,
      `Host: ${AMERICA}:80`,
      `Via: 1.1 ${VIA}`,
      `Proxy-Authorization: Basic ${Buffer.from('anna:of-the-proxy').toString('base64')}`,
      '',
      'GET /x HTTP/1.1',
      'Host: a.example',
      `Via: 1.1 ${VIA}`,
      'Connection: close',
      '',
      '',
    ].join('\r\n'),
  ])
})

test('the login of a client goes to no proxy and no origin', async () => {
  const next = await scriptedProxy([{ after: '\r\n\r\n', say: 'HTTP/1.1 200 ok\r\n\r\n' }])
  const proxy = await openProxy({ names: { 'a.example': [AMERICA] }, ...through(next.port, 'http') })
  const client = await proxy.connect()
  client.send('CONNECT a.example:443 HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic eDp5\r\nCookie: a=b\r\n\r\n')
  await client.receives('200')
  expect(next.received.map(String)).toEqual([`CONNECT ${AMERICA}:443 HTTP/1.1\r\nHost: ${AMERICA}:443\r\n\r\n`])
})

test('a proxy that is our own door is refused before anything is sent', async () => {
  const next = await openProxy()
  const proxy = await openProxy({ ...through(next.port, 'http') })
  proxy.doors.add({ host: ip('127.0.0.1'), port: next.port })
  const client = await proxy.connect()
  client.send(`CONNECT ${AMERICA}:443 HTTP/1.1\r\nHost: x\r\n\r\n`)
  await client.receives('403')
  expect(proxy.writer.decided).toMatchObject([{ verdict: 'block', reasons: [{ kind: 'refusal', code: 'refuse.own-door' }] }])
  expect(next.offers).toEqual([])
})

test('proxies that were set up in a circle are told by Via', async () => {
  // A second door of the same name stands for the way back to the first.
  const back = await openProxy({ routes: {} })
  const proxy = await openProxy({ ...through(back.port, 'http', VIA) })
  const client = await proxy.connect()
  client.send(`CONNECT ${AMERICA}:443 HTTP/1.1\r\nHost: x\r\n\r\n`)
  await client.receives('502')
  await proxy.flowsOver(1)
  expect(proxy.writer.ended).toMatchObject([{ code: 'upstream.refused' }])
  expect(proxy.writer.ended[0]?.message).toContain('go round in a circle')
  expect(back.offers).toEqual([])
})

test('UDP is refused, recorded, and sent nowhere', async () => {
  const { road, writer, resolver } = roadOf({ ...through(1, 'socks5'), names: { 'a.example': [AMERICA] } })
  const flow: Flow = {
    id: 'udp-1' as FlowId,
    openedAt: 0,
    inbound: 'mixed',
    network: 'udp',
    client: { host: ip('127.0.0.1'), port: 50_000 },
    who: anonymous,
    asked: { host: { kind: 'name', name: name('a.example') }, port: 53 },
  }
  const refusals: Refusal[] = []
  const offer: Offer = {
    flow,
    gone: never,
    firstBytes: null,
    grant: () => undefined,
    refuse: (refusal) => void refusals.push(refusal),
    relay: () => Promise.reject(new Error('nothing is to be relayed')),
  }
  await carry(offer, road)
  expect(refusals).toMatchObject([{ code: 'upstream.no-udp' }])
  expect(writer.decided).toMatchObject([{ verdict: 'block', reasons: [{ kind: 'error', code: 'upstream.no-udp' }] }])
  expect(resolver.asked).toEqual([])
})
