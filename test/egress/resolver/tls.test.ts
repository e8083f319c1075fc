import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ResolverSettings } from '../../../src/egress/resolver/index.ts'
import { createTls } from '../../../src/egress/resolver/tls.ts'
import { makeAuthority, type TestAuthority } from '../../support/dated-certificates.ts'
import { startTlsNameServer } from '../../support/secure-name-server.ts'
import { ip, name } from '../support.ts'
import { askFor, settingsFor } from './settings.ts'

let authority: TestAuthority
beforeAll(async () => {
  authority = await makeAuthority()
})
afterAll(() => authority.remove())

const zone = {
  'a.test': { A: ['192.0.2.1'] },
  'slow.test': { A: ['192.0.2.2'], delayMs: 80 },
  'b.test': { A: ['192.0.2.3'], AAAA: ['2001:db8::1'] },
}

const asking = (port: number, certified: string | null, overrides: Partial<ResolverSettings> = {}) =>
  createTls(
    { host: ip('127.0.0.1'), port, name: certified === null ? null : name(certified) },
    settingsFor({ ca: [authority.ca], ...overrides }),
  )

test('several questions share one connection, and none waits for another', async () => {
  const server = await startTlsNameServer({ zone, certificate: await authority.vouchFor(['DNS:dns.test']) })
  const tls = asking(server.port, 'dns.test')
  expect(tls.label).toBe(`tls://127.0.0.1:${server.port}#dns.test`)
  const order: string[] = []
  const slow = askFor(tls, 'slow.test', 1_000).then((answer) => [order.push('slow'), answer])
  expect(await askFor(tls, 'b.test', 1_000)).toEqual({ kind: 'addresses', ips: ['192.0.2.3', '2001:db8::1'] })
  order.push('b')
  expect(await slow).toEqual([2, { kind: 'addresses', ips: ['192.0.2.2'] }])
  expect(order).toEqual(['b', 'slow'])
  expect(server.connections).toBe(1)
  // Each question fills a block (RFC 8467 §4.1).
  expect(new Set(server.sizes)).toEqual(new Set([128]))
})

test('without a name the certificate must name the address', async () => {
  const byAddress = await startTlsNameServer({ zone, certificate: await authority.vouchFor(['IP:127.0.0.1']) })
  expect(await askFor(asking(byAddress.port, null), 'a.test', 1_000)).toMatchObject({ ips: ['192.0.2.1'] })
  const byName = await startTlsNameServer({ zone, certificate: await authority.vouchFor(['DNS:dns.test']) })
  expect(await askFor(asking(byName.port, null), 'a.test', 1_000)).toMatchObject({
    kind: 'failed',
    why: 'no secure connection to 127.0.0.1: its certificate is for another host',
  })
  expect(byName.queries()).toBe(0)
})

test.each([
  ['for another name', ['DNS:other.test'], undefined, 'no secure connection to dns.test: its certificate is for another host'],
  [
    'that has expired',
    ['DNS:dns.test'],
    'expired' as const,
    'no secure connection to dns.test: its certificate has expired; is the clock of this machine right?',
  ],
])('a certificate %s is no answer, and no question is sent', async (_which, names, expired, why) => {
  const server = await startTlsNameServer({ zone, certificate: await authority.vouchFor(names, expired) })
  expect(await askFor(asking(server.port, 'dns.test'), 'a.test', 1_000)).toMatchObject({ kind: 'failed', why })
  expect(server.queries()).toBe(0)
})

test('nor is one of an authority that is not trusted', async () => {
  const server = await startTlsNameServer({ zone, certificate: await authority.vouchFor(['DNS:dns.test']) })
  expect(await askFor(asking(server.port, 'dns.test', { ca: null }), 'a.test', 1_000)).toMatchObject({
    kind: 'failed',
    why: 'no secure connection to dns.test: its certificate comes from an authority that is not trusted',
  })
  expect(server.queries()).toBe(0)
})

test('where nobody listens it says so', async () => {
  const port = await startTlsNameServer({ zone, certificate: await authority.vouchFor(['DNS:dns.test']) }).then(({ port }) => port)
  expect(await askFor(createTls({ host: ip('127.0.0.2'), port, name: null }, settingsFor()), 'a.test', 1_000)).toMatchObject({
    kind: 'failed',
    why: 'could not be reached',
  })
})

test('a connection that was closed meanwhile is followed by a fresh one', async () => {
  const server = await startTlsNameServer({ zone, certificate: await authority.vouchFor(['DNS:dns.test']) })
  const tls = asking(server.port, 'dns.test')
  await askFor(tls, 'a.test', 1_000)
  const slow = askFor(tls, 'slow.test', 2_000)
  await new Promise((resolve) => setImmediate(resolve))
  server.hangUp()
  expect(await slow).toMatchObject({ ips: ['192.0.2.2'] })
  expect(server.connections).toBe(2)
})
