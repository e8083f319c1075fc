import { expect, onTestFinished, test } from 'vitest'
import { createTcp } from '../../../src/egress/resolver/tcp.ts'
import { startNameServer } from '../../support/name-server.ts'
import { ip } from '../support.ts'
import { askFor, settingsFor } from './settings.ts'

test('it asks over TCP from the start', async () => {
  // By UDP this server would only say that the answer is too long for it.
  const server = await startNameServer({ zone: { 'a.test': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'], truncated: true } } })
  onTestFinished(() => server.close())
  const tcp = createTcp({ host: ip('127.0.0.1'), port: server.port }, settingsFor())
  expect(tcp.label).toBe(`tcp://127.0.0.1:${server.port}`)
  expect(await askFor(tcp, 'a.test')).toEqual({ kind: 'addresses', ips: ['192.0.2.1', '2001:db8::1'] })
  expect([server.count('a.test', 'A'), server.count('a.test', 'AAAA')]).toEqual([1, 1])
})

test('where nobody listens it says so', async () => {
  const server = await startNameServer({ zone: {} })
  await server.close()
  const tcp = createTcp({ host: ip('127.0.0.1'), port: server.port }, settingsFor())
  expect(await askFor(tcp, 'a.test')).toMatchObject({ kind: 'failed', why: 'could not be reached', cause: { code: 'ECONNREFUSED' } })
})
