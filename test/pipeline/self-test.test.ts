import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anchors } from '../../src/geoip/anchors.ts'
import { countryNumber } from '../../src/geoip/source.ts'
import { CompiledTable, unlocated } from '../../src/geoip/table.ts'
import { compile } from '../../src/geoip/table-data.ts'
import { ipToBytes } from '../../src/model/address.ts'
import { selfTest, selfTestSentence } from '../../src/pipeline/self-test.ts'
import { type Range, source } from '../geoip/made-up-sources.ts'
import { ip, policy, strict } from '../policy/words.ts'
import { realClock } from '../support/fake-clock.ts'

/** The anchors where they stand, and 20.0.0.0/24 in Cuba, of which no anchor is known. */
function tableWith(changes: Readonly<Record<string, string>> = {}) {
  const places = [
    ...anchors.map(({ address, country }) => ({ address, country: changes[address] ?? country, size: 1 })),
    { address: '20.0.0.0', country: 'CU', size: 256 },
  ]
  const ranges = places
    .map(({ address, country, size }): Range => {
      const from = Buffer.from(ipToBytes(ip(address))).readUInt32BE()
      return { from, to: from + size, value: countryNumber(country) }
    })
    .sort((a, b) => a.from - b.from)
  const table = new CompiledTable(compile([source('one', 'voter', ranges)]), () => null)
  return { table, locator: { hash: 'x', locate: (address: Parameters<typeof table.locate>[0]) => table.locate(address) } }
}

const refusals = { deniedPorts: [25], localNames: [], ownDoors: { has: () => false } }
const run = (document: Readonly<Record<string, unknown>>, world: Partial<ReturnType<typeof tableWith>> = tableWith()) =>
  selfTest({
    policy: policy({ uncertain: strict, ...document }),
    table: world.table ?? null,
    locator: world.locator ?? { hash: 'none', locate: unlocated },
    refusals,
    clock: realClock,
  })

test('an enforced fence stops its canaries: by a known address where there is one, else by one of the data', async () => {
  const result = await run({ fences: [{ name: 'far', never: ['CN', 'RU', 'CU'] }] })
  expect(result).toEqual({ ran: 3, known: 2, failed: [], notCovered: [], located: true })
  expect(selfTestSentence(result)).toBe('self-test: all 3 canaries were stopped (2 of 3 by addresses known from elsewhere)')
})

test('data that moves a known address out of its country is found out', async () => {
  const china = anchors.find(({ country }) => country === 'CN')?.address ?? ''
  const result = await run({ fences: [{ name: 'no-cn', never: ['CN'] }] }, tableWith({ [china]: 'US' }))
  expect(result.failed).toMatchObject([{ fence: 'no-cn', country: 'CN', address: china }])
  expect(selfTestSentence(result)).toBe(
    `self-test FAILED: fence "no-cn" did not stop ${china} in China (CN): Allowed: ${china} is an address that one places in the United States (US).`,
  )
})

test('a policy that lets through what it can’t place lets its canaries through where the data knows nothing', async () => {
  const nothing = new CompiledTable(compile([source('one', 'voter', [])]), () => null)
  const world = {
    table: nothing,
    locator: { hash: 'x', locate: (address: Parameters<typeof nothing.locate>[0]) => nothing.locate(address) },
  }
  const open = { uncertain: { ...strict, unknown: 'allow' }, fences: [{ name: 'no-cn', never: ['CN'] }] }
  expect((await run(open, world)).failed).toHaveLength(1)
  expect((await run({ fences: [{ name: 'no-cn', never: ['CN'] }] }, world)).failed).toEqual([])
})

test('while observing it counts what enforcing would have done; a fence that logs must log', async () => {
  expect(await run({ mode: 'observe', fences: [{ name: 'no-cn', never: ['CN'] }] })).toMatchObject({ ran: 1, failed: [] })
  expect(await run({ fences: [{ name: 'no-cn', never: ['CN'], action: 'log' }] })).toMatchObject({ ran: 1, failed: [] })
})

test('an `only` is tried with one country outside', async () => {
  expect(await run({ fences: [{ name: 'home', only: ['CN'] }] })).toMatchObject({ ran: 1, known: 1, failed: [] })
})

test('traffic that a made-up request meets is covered; what it does not meet, or an exception lifts, is said', async () => {
  const fences = [
    { name: 'by-host', never: ['CN'], traffic: { host: ['*.zoom.us'] } },
    { name: 'by-port', never: ['CN'], traffic: { port: [25, 8080] } },
    { name: 'by-client', never: ['CN'], traffic: { client: ['10.0.0.0/8'], network: ['udp'], inbound: ['office'] } },
    { name: 'by-cidr', never: ['CN'], traffic: { cidr: ['9.0.0.0/8'] } },
    { name: 'denied', never: ['CN'], traffic: { port: [25] } },
    { name: 'lifted', never: ['CN'], traffic: { host: ['zoom.us'] }, except: [{ host: ['zoom.us'], reason: 'ours' }] },
    { name: 'nothing', never: ['AQ'] },
    { name: 'all', never: 'anywhere', traffic: { host: ['tiktok.com'] } },
  ]
  const result = await run({ fences })
  expect(result).toMatchObject({ ran: 3, failed: [] })
  expect(result.notCovered).toEqual([
    { fence: 'nothing', why: 'no address is known to be in AQ' },
    { fence: 'by-cidr', why: 'it reads cidr' },
    { fence: 'denied', why: 'its ports are denied' },
    { fence: 'lifted', why: 'an exception lifts it for the address that would be tried' },
  ])
  expect(selfTestSentence(result)).toContain('; not covered: "nothing" (no address is known to be in AQ), "by-cidr" (it reads cidr)')
})

test('without data everything that needs a country is blocked, and that is said', async () => {
  const result = await run({ fences: [{ name: 'no-cn', never: ['CN'] }] }, {})
  expect(result).toMatchObject({ ran: 1, failed: [], located: false })
  expect(selfTestSentence(result)).toBe('self-test: the one canary was stopped (there is no location data, so that everything is)')
})

test('without fences there is nothing to test', async () => {
  expect(selfTestSentence(await run({ mode: 'observe', uncertain: undefined }))).toBe('self-test: no fence forbids a country')
})

test('whatever the countries, an enforced fence over them stops all its canaries', async () => {
  const countries = fc.subarray([...new Set(anchors.map(({ country }) => country))], { minLength: 1 })
  await fc.assert(
    fc.asyncProperty(countries, async (never) => {
      expect(await run({ fences: [{ name: 'far', never }] })).toMatchObject({ ran: never.length, known: never.length, failed: [] })
    }),
    { numRuns: 20 },
  )
})
