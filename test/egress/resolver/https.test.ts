import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHttps } from '../../../src/egress/resolver/https.ts'
import { makeAuthority, type TestAuthority } from '../../support/dated-certificates.ts'
import { startHttpsNameServer } from '../../support/secure-name-server.ts'
import { ip, name } from '../support.ts'
import { askFor, settingsFor } from './settings.ts'

let authority: TestAuthority
beforeAll(async () => {
  authority = await makeAuthority()
})
afterAll(() => authority.remove())

test('it posts the question to the path, in the name of the certificate', async () => {
  const server = await startHttpsNameServer({
    zone: { 'a.test': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] } },
    certificate: await authority.vouchFor(['DNS:dns.test']),
  })
  const https = createHttps(
    { host: ip('127.0.0.1'), port: server.port, name: name('dns.test'), path: '/dns-query' },
    settingsFor({ ca: [authority.ca] }),
  )
  expect(https.label).toBe(`https://127.0.0.1:${server.port}/dns-query#dns.test`)
  expect(await askFor(https, 'a.test', 1_000)).toEqual({ kind: 'addresses', ips: ['192.0.2.1', '2001:db8::1'] })
  const asked = { method: 'POST', path: '/dns-query', authority: `dns.test:${server.port}`, type: 'application/dns-message' }
  expect(server.requests).toEqual([asked, asked])
  expect(server.sizes).toEqual([128, 128])
})

test('without a name the certificate must name the address', async () => {
  const server = await startHttpsNameServer({ zone: {}, certificate: await authority.vouchFor(['DNS:dns.test']) })
  const https = createHttps({ host: ip('127.0.0.1'), port: server.port, name: null, path: '/' }, settingsFor({ ca: [authority.ca] }))
  expect(await askFor(https, 'a.test', 1_000)).toMatchObject({
    kind: 'failed',
    why: 'no secure connection to 127.0.0.1: its certificate is for another host',
  })
  expect(server.requests).toEqual([])
})
