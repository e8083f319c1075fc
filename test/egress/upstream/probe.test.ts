import { expect, test } from 'vitest'
import { createDirect } from '../../../src/egress/direct.ts'
import type { Hop } from '../../../src/egress/upstream/hop.ts'
import { PLAIN_NOWHERE, probe } from '../../../src/egress/upstream/probe.ts'
import { DoorTls } from '../../../src/inbound/tls.ts'
import { RingfenceError } from '../../../src/model/errors.ts'
import { type Stop, StopSource } from '../../../src/model/stop.ts'
import { issueForDoor, makeAuthority } from '../../support/certificates.ts'
import { ip, pinned } from '../../support/fake-ports.ts'
import { loginOf } from '../../support/made-up-login.ts'
import { eventually, openProxy } from '../../support/proxy-under-test.ts'
import { never } from '../../support/socket-pair.ts'
import { hex } from '../../wire/support.ts'
import { scriptedProxy, type Turn } from './scripted-proxy.ts'

const anna = { name: 'anna', password: 'secret' }

function tryOut(
  port: number,
  type: Hop['type'],
  { login = null, tls = null }: Partial<Pick<Hop, 'login' | 'tls'>> = {},
  stop: Stop = never,
) {
  const hop: Hop = { type, server: { host: ip('127.0.0.1'), port }, login, tls }
  return probe(hop, pinned('127.0.0.1', port), createDirect(), stop)
}

async function tried(turns: readonly Turn[], type: Hop['type'], login: Hop['login'] = null) {
  const proxy = await scriptedProxy(turns)
  const probed = await tryOut(proxy.port, type, { login }).catch((error: RingfenceError) => error.code)
  await eventually('its connection closed', () => proxy.open === 0)
  return { probed, said: String(proxy.received[0]) }
}

const answers = (status: string): readonly Turn[] => [{ after: '\r\n\r\n', say: `HTTP/1.1 ${status} x\r\n\r\n` }]

test('an HTTP proxy is asked for the broadcast address, to which no connection can be made, with the login', async () => {
  const { probed, said } = await tried(answers('503'), 'http', anna)
  expect(probed).toBe('accepted')
  expect(said).toBe(
    ['CONNECT 255.255.255.255:443 HTTP/1.1', 'Host: 255.255.255.255:443', `Proxy-Authorization: Basic ${btoa('anna:secret')}`, '', ''].join(
      '\r\n',
    ),
  )
})

test('or for a port of it that is named, since proxies judge ports', async () => {
  const proxy = await scriptedProxy(answers('403'))
  const hop: Hop = { type: 'http', server: { host: ip('127.0.0.1'), port: proxy.port }, login: null, tls: null }
  expect(await probe(hop, pinned('127.0.0.1', proxy.port), createDirect(), never, PLAIN_NOWHERE)).toBe('not-said')
  expect(String(proxy.received[0])).toContain('CONNECT 255.255.255.255:80 HTTP/1.1')
})

test.each([
  ['200', 'accepted'],
  ['502', 'accepted'],
  ['504', 'accepted'],
  ['403', 'not-said'],
  ['407', 'upstream.unauthenticated'],
  ['302', 'upstream.malformed'],
])('what an HTTP proxy says by %s: %s', async (status, probed) => {
  expect((await tried(answers(status), 'http')).probed).toBe(probed)
})

test.each<[string, readonly Turn[], Hop['login'], string]>([
  ['wants none', [{ after: 3, say: hex('05 00') }], null, 'not-asked'],
  ['does not ask', [{ after: 4, say: hex('05 00') }], anna, 'not-asked'],
  ['wants one', [{ after: 3, say: hex('05 ff') }], null, 'upstream.unauthenticated'],
  [
    'accepts it',
    [
      { after: 4, say: hex('05 02') },
      { after: 17, say: hex('01 00') },
    ],
    anna,
    'accepted',
  ],
  [
    'does not accept it',
    [
      { after: 4, say: hex('05 02') },
      { after: 17, say: hex('01 01') },
    ],
    anna,
    'upstream.unauthenticated',
  ],
  ['is none', [{ after: 1, say: 'HTTP/1.1 400 x\r\n\r\n' }], null, 'upstream.malformed'],
])('a SOCKS5 proxy that %s is asked for no destination', async (_, turns, login, expected) => {
  const { probed, said } = await tried(turns, 'socks5', login)
  expect(probed).toBe(expected)
  expect(said.length).toBeLessThanOrEqual(17)
})

test('a door of another Ringfence, in TLS and with people who log in, tells as much', async () => {
  const authority = makeAuthority()
  const door = new DoorTls({ ...issueForDoor(authority), clients: null }, false)
  const { port } = await openProxy({ tls: door, login: loginOf({ anna: 'secret' }) })
  const tls = { host: { kind: 'ip' as const, ip: ip('127.0.0.1') }, ca: [authority.certificate] }
  for (const type of ['http', 'socks5'] as const) {
    const wrong = { name: 'anna', password: 'guess' }
    expect(await tryOut(port, type, { tls, login: anna })).toMatch(/^(accepted|not-said)$/)
    await expect(tryOut(port, type, { tls, login: wrong })).rejects.toMatchObject({ code: 'upstream.unauthenticated' })
    await expect(tryOut(port, type, { tls: { ...tls, ca: null } })).rejects.toMatchObject({ code: 'upstream.unreachable' })
  }
})

test('one that is silent is given up, and nothing stays open', async () => {
  const proxy = await scriptedProxy([])
  const stop = new StopSource()
  const probing = tryOut(proxy.port, 'http', {}, stop)
  await eventually('the request', () => (proxy.received[0]?.length ?? 0) > 0)
  stop.abort(new RingfenceError('upstream.unreachable', 'silent'))
  await expect(probing).rejects.toThrow('silent')
  await eventually('its connection closed', () => proxy.open === 0)
})
