import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseIp } from '../../src/model/address.ts'
import { anonymous } from '../../src/model/identity.ts'
import { requestsFor } from '../../src/pipeline/canary-request.ts'
import { ip, policy, strict } from '../policy/words.ts'
import { name } from '../support/fake-ports.ts'

function requestsOf(traffic: Readonly<Record<string, unknown>>) {
  const [fence] = policy({ uncertain: strict, fences: [{ name: 'a', never: ['CN'], traffic }] }).fences
  return requestsFor(fence?.traffic ?? [], ip('202.96.128.86'), { deniedPorts: [25] })
}

test.each<[traffic: Readonly<Record<string, unknown>>, what: unknown]>([
  [{ host: ['zoom.us'] }, { host: 'zoom.us', port: 443, network: 'tcp' }],
  [{ host: ['*.zoom.us'] }, { host: 'canary.zoom.us' }],
  [{ port: ['8000-9000'] }, { host: '202.96.128.86', port: 8000 }],
  [{ port: ['25-30'] }, { port: 26 }],
  [{ port: [25, 587] }, { port: 587 }],
  [{ network: ['udp'] }, { network: 'udp' }],
  [{ inbound: ['office'] }, { inbound: 'office' }],
  [{ client: ['10.1.0.0/16'] }, { client: '10.1.0.0' }],
])('%j is met', (traffic, what) => expect(requestsOf(traffic)).toMatchObject([what]))

test.each([
  [{ port: [25] }, 'its ports are denied'],
  [{ cidr: ['9.0.0.0/8'] }, 'it reads cidr'],
])('%j is not: %s', (traffic, why) => expect(requestsOf(traffic)).toBe(why))

test('the next values of each key make further requests; those of a shorter list come round again', () => {
  expect(requestsOf({ host: ['.zoom.us', 'a.example'], port: [443, 8443] })).toMatchObject([
    { host: 'zoom.us', port: 443 },
    { host: 'canary.zoom.us', port: 8443 },
    { host: 'a.example', port: 443 },
  ])
  expect(requestsOf({ host: Array.from({ length: 1000 }, (_, i) => `n${i}.example`) })).toHaveLength(8)
})

test('a denied port is not asked for where the fence reads none', () => {
  const ask = (deniedPorts: readonly number[]) => requestsFor([], ip('202.96.128.86'), { deniedPorts })
  expect(ask([443, 444])).toMatchObject([{ port: 445 }])
  expect(ask(Array.from({ length: 65_536 }, (_, i) => i))).toBe('its ports are denied')
})

const items = {
  host: fc.array(fc.constantFrom('zoom.us', '*.zoom.us', '.example.com', 'a.example'), { minLength: 1 }),
  port: fc.array(fc.constantFrom(25, 443, '20-30', '8000-9000'), { minLength: 1 }),
  network: fc.subarray(['tcp', 'udp', 'other'], { minLength: 1 }),
  client: fc.array(fc.constantFrom('10.0.0.0/8', '192.168.1.7/32', 'fd00::/8'), { minLength: 1 }),
  inbound: fc.array(fc.constantFrom('office', 'lab'), { minLength: 1 }),
}

test('whatever a fence reads but cidr, its traffic matches every request that is made up for it', () => {
  fc.assert(
    fc.property(fc.record(items, { requiredKeys: [] }), (traffic) => {
      const [fence] = policy({ uncertain: strict, fences: [{ name: 'a', never: ['CN'], traffic }] }).fences
      const requests = requestsOf(traffic)
      if (typeof requests === 'string') {
        expect(requests).toBe('its ports are denied')
        return
      }
      for (const { host, port, network, inbound, client } of requests) {
        const names = parseIp(host) === null ? [{ name: name(host), origin: 'asked' as const, provedAt: 'everywhere' as const }] : []
        const facts = {
          network,
          port,
          inbound,
          client,
          who: anonymous,
          apps: [],
          at: 0,
          names,
          namesFinal: true,
          anyName: false,
          address: undefined,
          location: undefined,
        }
        expect(fence?.traffic.map(({ matcher }) => matcher.applies(facts))).toEqual(fence?.traffic.map(() => 'yes'))
        expect(port).not.toBe(25)
      }
    }),
  )
})
