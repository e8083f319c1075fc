import { once } from 'node:events'
import type net from 'node:net'
import tls from 'node:tls'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createDirect } from '../../../src/egress/direct.ts'
import { createUpstreamDialer } from '../../../src/egress/upstream/dialer.ts'
import type { Hop, HopTls } from '../../../src/egress/upstream/hop.ts'
import { secureHop } from '../../../src/egress/upstream/tls.ts'
import { DoorTls } from '../../../src/inbound/tls.ts'
import { RingfenceError } from '../../../src/model/errors.ts'
import type { Host } from '../../../src/model/hostname.ts'
import { StopSource } from '../../../src/model/stop.ts'
import { issueFor, issueForDoor, makeAuthority } from '../../support/certificates.ts'
import { ip, name } from '../../support/fake-ports.ts'
import { answersAfterFin, startOrigin } from '../../support/origin-server.ts'
import { eventually, openProxy, type World } from '../../support/proxy-under-test.ts'
import { never } from '../../support/socket-pair.ts'
import { connectTo } from './connection.ts'
import { scriptedProxy } from './scripted-proxy.ts'

const AMERICA = '170.114.1.1'
const CONNECT = `CONNECT ${AMERICA}:443 HTTP/1.1\r\nHost: x\r\n\r\n`
const authority = makeAuthority()
const door = issueForDoor(authority)
const login = { name: 'anna', password: 'open-sesame' }

const localhost: Host = { kind: 'name', name: name('localhost') }
const trusting = (host: Host = localhost, ca: readonly string[] | null = [authority.certificate]): HopTls => ({ host, ca })
const hopAt = (port: number, settings: HopTls, type: Hop['type'] = 'http'): Hop => ({
  type,
  server: { host: ip('127.0.0.1'), port },
  login,
  tls: settings,
})

/** A door that speaks TLS, as the proxy ahead. */
const next = (world: World = {}, shown = door) => openProxy({ ...world, tls: new DoorTls({ ...shown, clients: null }, false) })

function behind(...hops: readonly [Hop, ...Hop[]]): Pick<World, 'hops' | 'dialer'> {
  return { hops: hops.map(({ server }) => server), dialer: createUpstreamDialer({ hops, attempt: createDirect(), via: null }) }
}

describe('a proxy that shows a good certificate', () => {
  test.each([
    ['http', localhost],
    ['socks5', localhost],
    ['http', { kind: 'ip', ip: ip('127.0.0.1') }],
    ['socks5', { kind: 'ip', ip: ip('127.0.0.1') }],
  ] as const)('leads there by %s, for its name or its address: %o', async (type, host) => {
    const origin = await startOrigin(answersAfterFin((received) => `${received.length} bytes`))
    const ahead = await next({ routes: { [AMERICA]: origin.port } })
    const proxy = await openProxy(behind(hopAt(ahead.port, trusting(host), type)))
    const client = await proxy.connect()
    client.send(CONNECT)
    await client.receives('200')
    const sent = 'a'.repeat(300_000)
    client.send(sent)
    client.end()
    const answered = await client.receivesEnd()
    await proxy.flowsOver(1)
    expect(ahead.offers.map(({ flow }) => flow.asked)).toEqual([{ host: { kind: 'ip', ip: AMERICA }, port: 443 }])
    expect(answered).toContain('\r\n\r\n300000 bytes')
    expect(proxy.writer.ended).toMatchObject([{ ending: 'completed', via: `127.0.0.1:${ahead.port}`, up: sent.length }])
  })

  test('passes a reset on', async () => {
    const origin = await startOrigin(async (peer) => {
      await peer.receives('ping')
      peer.reset()
    })
    const ahead = await next({ routes: { [AMERICA]: origin.port } })
    const proxy = await openProxy(behind(hopAt(ahead.port, trusting())))
    const client = await proxy.connect()
    client.send(CONNECT)
    await client.receives('200')
    client.send('ping')
    await client.receivesReset()
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ ending: 'reset', up: 4 }])
  })
})

describe('a proxy that is not to be trusted hears nothing, and the flow fails', () => {
  test.each<[string, HopTls, string]>([
    ['for another name', trusting({ kind: 'name', name: name('proxy.example') }), 'its certificate is for another host'],
    ['for another address', trusting({ kind: 'ip', ip: ip('127.0.0.2') }), 'its certificate is for another host'],
    ['of a stranger', trusting(localhost, [makeAuthority('/CN=other').certificate]), 'an authority that is not trusted'],
    ['that no well-known authority vouches for', trusting(localhost, null), 'an authority that is not trusted'],
  ])('its certificate is one %s', async (_, settings, why) => {
    const ahead = await next()
    const proxy = await openProxy(behind(hopAt(ahead.port, settings)))
    const client = await proxy.connect()
    client.send(CONNECT)
    await client.receives('HTTP/1.1 502 ')
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ ending: 'failed', code: 'upstream.unreachable', dialled: null, via: null }])
    const message = proxy.writer.ended[0]?.message
    expect(message).toContain(`the upstream proxy 127.0.0.1:${ahead.port} is not reached: no secure connection to `)
    expect(message).toContain(why)
    expect(ahead.offers).toEqual([])
  })

  test.each([
    ['speaks HTTP in clear', [{ after: 1, say: 'HTTP/1.1 400 Bad Request\r\n\r\n' }], 'it does not speak TLS as we do'],
    ['leaves', [{ after: 1, leave: 'end' }], 'it closed the connection during the handshake'],
    ['resets', [{ after: 1, leave: 'reset' }], 'it closed the connection during the handshake'],
  ] as const)('it %s', async (_, turns, why) => {
    const hostile = await scriptedProxy(turns)
    const proxy = await openProxy(behind(hopAt(hostile.port, trusting())))
    const client = await proxy.connect()
    client.send(CONNECT)
    await client.receives('HTTP/1.1 502 ')
    await proxy.flowsOver(1)
    expect(proxy.writer.ended).toMatchObject([{ code: 'upstream.unreachable' }])
    expect(proxy.writer.ended[0]?.message).toContain(why)
    expect(hostile.received.map(String).join()).not.toContain('CONNECT')
    await eventually('its connection closed', () => hostile.open === 0)
  })

  test('the next one is tried', async () => {
    const [bad, good] = [await next({}, issueFor(authority, 'proxy.example', '192.0.2.1')), await next({ routes: { [AMERICA]: 'silent' } })]
    const proxy = await openProxy({ ...behind(hopAt(bad.port, trusting()), hopAt(good.port, trusting())), dialMs: 300 })
    const client = await proxy.connect()
    client.send(CONNECT)
    await good.flowsOver(1)
    expect(bad.offers).toEqual([])
  })
})

test('TLS of another proxy’s protocol is none: only HTTP/1.1 is offered', async () => {
  const server = tls.createServer({ key: door.key, cert: door.certificate, ALPNProtocols: ['h2', 'http/1.1'] })
  const chosen = once(server, 'secureConnection') as Promise<[tls.TLSSocket]>
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const hop = hopAt(port, trusting())
  const stream = await secureHop(await connectTo(port), trusting(), hop, never)
  onTestFinished(() => stream.destroy())
  expect((await chosen)[0]).toMatchObject({ alpnProtocol: 'http/1.1', servername: 'localhost' })
})

test('a handshake that is given up, before or in its midst, leaves no connection', async () => {
  const silent = await scriptedProxy([])
  const hop = hopAt(silent.port, trusting())
  const stop = new StopSource()
  const shaking = secureHop(await connectTo(silent.port), trusting(), hop, stop)
  await eventually('its hello', () => (silent.received[0]?.length ?? 0) > 0)
  stop.abort(new RingfenceError('policy.cut', 'cut'))
  await expect(shaking).rejects.toMatchObject({ code: 'policy.cut' })
  await expect(secureHop(await connectTo(silent.port), trusting(), hop, stop)).rejects.toMatchObject({ code: 'policy.cut' })
  await eventually('all closed', () => silent.open === 0)
})
