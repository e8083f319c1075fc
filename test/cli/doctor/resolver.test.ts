import { expect, onTestFinished, test } from 'vitest'
import { resolver } from '../../../src/cli/doctor/resolver.ts'
import { type Entry, startNameServer } from '../../support/name-server.ts'
import { healthy, patient, said, states } from './patient.ts'

async function serverThat(entry: Entry | undefined): Promise<number> {
  const server = await startNameServer({ zone: (name) => (name === 'example.com' ? entry : undefined) })
  onTestFinished(() => server.close())
  return server.port
}

const asking = (...ports: readonly number[]) =>
  patient(`${healthy}resolver: { servers: [${ports.map((port) => `"udp://127.0.0.1:${port}"`).join(', ')}] }\n`, { offline: false })

test('each name server is asked by itself: one that fails is not hidden by another that answers', async () => {
  const [good, bad] = [await serverThat({ A: ['192.0.0.9'] }), await serverThat({ rcode: 'SERVFAIL' })]
  const findings = await resolver(await asking(good, bad))
  expect(states(findings)).toEqual(['ok', 'fail'])
  const [first, second] = said(findings).split('\n')
  expect(first).toBe(`name server 127.0.0.1:${good} answers (example.com is at 192.0.0.9)`)
  expect(second).toMatch(
    new RegExp(`^name server 127\\.0\\.0\\.1:${bad}: no usable answer for example\\.com .* → another server under "resolver"$`),
  )
})

test('one that knows no public names answers all the same', async () => {
  const port = await serverThat(undefined)
  expect(said(await resolver(await asking(port)))).toBe(
    `name server 127.0.0.1:${port} answers, but knows no example.com → if public names are needed: another server under "resolver"`,
  )
})

test('one that says nothing is given up after three seconds', async () => {
  const started = performance.now()
  const findings = await resolver(await asking(await serverThat({ silent: true })))
  expect(states(findings)).toEqual(['fail'])
  expect(performance.now() - started).toBeLessThan(6_000)
})

test('offline nobody is asked', async () => {
  expect(await resolver(await patient())).toEqual([{ state: 'skipped', says: 'name servers are not asked (--offline)' }])
})
