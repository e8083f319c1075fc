import { afterAll, beforeAll, expect, test } from 'vitest'
import { lookUpDefaults } from '../../src/egress/cares.ts'
import { createUdp } from '../../src/egress/udp.ts'
import { type NameServer, startNameServer } from '../support/name-server.ts'
import { ip, name, never } from './support.ts'

let server: NameServer
beforeAll(async () => {
  server = await startNameServer({ zone: { 'a.test': { A: ['192.0.2.1'] } } })
})
afterAll(() => server.close())

test('it asks the server at its address and port, once for each family', async () => {
  const udp = createUdp({ host: ip('127.0.0.1'), port: server.port }, lookUpDefaults)
  expect(udp.label).toBe(`udp://127.0.0.1:${server.port}`)
  expect(await udp.ask(name('a.test'), never)).toEqual({ kind: 'addresses', ips: ['192.0.2.1'] })
  expect([server.count('a.test', 'A'), server.count('a.test', 'AAAA')]).toEqual([1, 1])
})

test('IPv6 stands in brackets', () => {
  expect(createUdp({ host: ip('2001:db8::53'), port: 53 }, lookUpDefaults).label).toBe('udp://[2001:db8::53]:53')
})
