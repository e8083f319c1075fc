import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createHttps } from '../../../src/egress/resolver/https.ts'
import { type Certificate, makeAuthority, type TestAuthority } from '../../support/dated-certificates.ts'
import { startHttp1NameServer, startHttpsNameServer } from '../../support/secure-name-server.ts'
import { ip, name } from '../support.ts'
import { askFor, settingsFor } from './settings.ts'

let authority: TestAuthority
let certificate: Certificate
beforeAll(async () => {
  authority = await makeAuthority()
  certificate = await authority.vouchFor(['DNS:dns.test'])
})
afterAll(() => authority.remove())

const zone = { 'a.test': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] } } as const
const answer = { kind: 'addresses', ips: ['192.0.2.1', '2001:db8::1'] }

const asking = (port: number) =>
  createHttps({ host: ip('127.0.0.1'), port, name: name('dns.test'), path: '/' }, settingsFor({ ca: [authority.ca] }))

async function portOf(server: net.Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as net.AddressInfo).port
}

test('a server that speaks both is asked over HTTP/2, on one connection', async () => {
  const server = await startHttpsNameServer({ zone, certificate })
  expect(await askFor(asking(server.port), 'a.test', 2_000)).toEqual(answer)
  expect(server.connections).toBe(1)
})

test.each([
  ['HTTP/1.1 alone', ['http/1.1']],
  ['no ALPN, as servers of old do', null],
])('a server that speaks %s is asked over HTTP/1.1', async (_what, protocols) => {
  const server = await startHttp1NameServer({ zone, certificate, protocols })
  const https = asking(server.port)
  expect(await askFor(https, 'a.test', 2_000)).toEqual(answer)
  // Both families at once, and then none that is not needed.
  expect(server.connections).toBe(2)
  expect(await askFor(https, 'a.test', 2_000)).toEqual(answer)
  expect([server.connections, server.queries()]).toEqual([2, 4])
})

test('a server that speaks neither says so in the handshake', async () => {
  const server = tls.createServer({ ...certificate, ALPNProtocols: ['dot'] })
  server.on('tlsClientError', () => undefined)
  expect(await askFor(asking(await portOf(server)), 'a.test', 2_000)).toMatchObject({
    kind: 'failed',
    why: 'speaks neither HTTP/2 nor HTTP/1.1',
  })
})

test('where nobody listens it says so', async () => {
  const server = tls.createServer()
  const port = await portOf(server)
  await new Promise((resolve) => server.close(resolve))
  expect(await askFor(asking(port), 'a.test', 2_000)).toMatchObject({ kind: 'failed', why: 'could not be reached' })
})

test('a handshake that never ends is waited for as long as the asker wants, and no longer', async () => {
  const silent = net.createServer((socket) => socket.on('error', () => undefined).resume())
  expect(await askFor(asking(await portOf(silent)), 'a.test', 100)).toEqual({ kind: 'timeout', why: 'timed out' })
})

test('many questions at once to a server of HTTP/1.1 need no more connections than there are questions', async () => {
  const slow = (_name: string, type: string) => ({ ...(type === 'A' ? { A: ['192.0.2.1'] } : {}), delayMs: 50 })
  const server = await startHttp1NameServer({ zone: slow, certificate })
  const https = asking(server.port)
  const names = Array.from({ length: 20 }, (_, i) => `n${i}.test`)
  const all = () => Promise.all(names.map((each) => askFor(https, each, 4_000)))
  expect(new Set((await all()).map(({ kind }) => kind))).toEqual(new Set(['addresses']))
  expect(server.connections).toBeLessThanOrEqual(40)
  const before = server.connections
  await all()
  expect(server.connections).toBeLessThanOrEqual(Math.max(before, 40))
})
