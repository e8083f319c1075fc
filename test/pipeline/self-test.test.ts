import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anchors } from '../../src/geoip/anchors.ts'
import { countryNumber } from '../../src/geoip/source.ts'
import { CompiledTable, unlocated } from '../../src/geoip/table.ts'
import { compile } from '../../src/geoip/table-data.ts'
import { ipToBytes } from '../../src/model/address.ts'
import { noApps } from '../../src/model/app.ts'
import { isSound, selfTest, selfTestSentence } from '../../src/pipeline/self-test.ts'
import { type Range, source } from '../geoip/made-up-sources.ts'
import { ip, policy, strict } from '../policy/words.ts'
import { realClock } from '../support/fake-clock.ts'

/** The anchors where they stand, and 20.0.0.0/24 in Laos, of which no anchor is known. */
function tableWith(changes: Readonly<Record<string, string>> = {}) {
  const places = [
    ...anchors.map(({ address, country }) => ({ address, country: changes[address] ?? country, size: 1 })),
    { address: '20.0.0.0', country: 'LA', size: 256 },
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

const CHINA = anchors.find(({ country }) => country === 'CN')?.address ?? ''

const refusals = { deniedPorts: [25], localNames: [], ownDoors: { has: () => false } }
type TestWorld = Partial<ReturnType<typeof tableWith>> & { readonly deniedPorts?: readonly number[] }
const run = (document: Readonly<Record<string, unknown>>, world: TestWorld = tableWith()) =>
  selfTest({
    policy: policy({ uncertain: strict, ...document }),
    table: world.table ?? null,
    locator: world.locator ?? { hash: 'none', locate: unlocated },
    refusals: { ...refusals, deniedPorts: world.deniedPorts ?? refusals.deniedPorts },
    apps: noApps,
    clock: realClock,
  })

test('an enforced fence stops its canaries: by a known address where there is one, else by one of the data', async () => {
  const result = await run({ fences: [{ name: 'far', never: ['CN', 'RU', 'LA'] }] })
  expect(result).toEqual({ ran: 3, known: 2, failed: [], tests: { ran: 0, failed: [] }, notCovered: [], located: true })
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

const anchorOf = (country: string): string => anchors.find((each) => each.country === country)?.address ?? ''

test('data that moves one of the countries out of the fence fails that canary and no other', async () => {
  const countries = fc.uniqueArray(fc.constantFrom(...new Set(anchors.map(({ country }) => country))), { minLength: 1 })
  await fc.assert(
    fc.asyncProperty(countries, fc.boolean(), async (never, observing) => {
      const [moved = ''] = never
      const document = { mode: observing ? 'observe' : 'enforce', fences: [{ name: 'far', never }] }
      const { ran, failed } = await run(document, tableWith({ [anchorOf(moved)]: 'AQ' }))
      expect(ran).toBe(never.length)
      expect(failed.map(({ country }) => country)).toEqual([moved])
    }),
    { numRuns: 20 },
  )
})

test('a fence that another one stands in for is broken all the same', async () => {
  const fences = [
    { name: 'no-cn', never: ['CN'] },
    { name: 'home', only: ['US'] },
  ]
  const { failed } = await run({ fences }, tableWith({ [anchorOf('CN')]: 'RU' }))
  expect(failed).toMatchObject([{ fence: 'no-cn', why: expect.stringContaining('Russia (RU)') }])
})

test('an exception lifts the canaries of its own countries and clients only', async () => {
  const lab = { client: ['10.0.0.0/8', '127.0.0.1'], reason: 'a lab' }
  const all = anchors.filter(({ country }) => country === 'CN').map(({ address }) => `${address}/32`)
  const ours = { cidr: all, to: ['CN'], reason: 'ours' }
  const fences = [{ name: 'far', never: ['CN', 'RU'], except: [lab, ours] }]
  const { ran, failed, notCovered } = await run({ fences })
  expect({ ran, failed }).toEqual({ ran: 1, failed: [] })
  expect(notCovered).toEqual([{ fence: 'far', why: 'an exception lifts it for the address that would be tried' }])
})

test('countries without any address are told together, once for each fence', async () => {
  expect((await run({ fences: [{ name: 'far', never: ['AQ', 'LA', 'CX'] }] })).notCovered).toEqual([
    { fence: 'far', why: 'no address is known to be in AQ, CX' },
  ])
})

test('an exception is gone around where another name, client or known address meets the fence without it', async () => {
  const fences = [
    { name: 'by-name', never: ['CN'], traffic: { host: ['.zoom.us'] }, except: [{ host: ['zoom.us'], reason: 'ours' }] },
    {
      name: 'by-client',
      never: ['CN'],
      traffic: { client: ['10.0.0.0/8', '172.16.0.0/12'] },
      except: [{ client: ['10.0.0.0/24'], reason: 'a lab' }],
    },
    { name: 'by-address', never: ['CN'], except: [{ cidr: ['202.96.0.0/16'], reason: 'ours' }] },
  ]
  expect(await run({ fences })).toMatchObject({ ran: 3, known: 3, failed: [], tests: { ran: 0, failed: [] }, notCovered: [] })
  const elsewhere = tableWith(Object.fromEntries(anchors.filter(({ country }) => country === 'CN').map(({ address }) => [address, 'US'])))
  const { failed } = await run({ fences }, elsewhere)
  expect(failed.map(({ fence }) => fence)).toEqual(['by-name', 'by-client', 'by-address'])
})

test('what another rule stops before the fence is asked covers nothing', async () => {
  const fences = [
    { name: 'no-cn', never: ['CN'], traffic: { host: ['tiktok.com'] } },
    { name: 'no-app', never: 'anywhere', traffic: { host: ['tiktok.com'] } },
  ]
  const result = await run({ fences })
  expect(result).toMatchObject({ ran: 0, notCovered: [{ fence: 'no-cn', why: 'another fence blocks its traffic wherever it goes' }] })
  expect(selfTestSentence(result)).toBe(
    'self-test: no canary could be run; not covered: "no-cn" (another fence blocks its traffic wherever it goes)',
  )
  // Denied ports would stop the canary of a broken fence just as well.
  const moved = { ...tableWith({ [anchorOf('CN')]: 'US' }), deniedPorts: [25, 443] }
  expect((await run({ fences: [{ name: 'no-cn', never: ['CN'] }] }, moved)).failed).toHaveLength(1)
})

test('a table is walked once for the countries that no address is known of, and traffic has its turn meanwhile', async () => {
  const { table, locator } = tableWith()
  let asked = 0
  const counting = {
    v4: table.v4,
    answer: (number: number) => {
      asked++
      return table.answer(number)
    },
  }
  const again = () =>
    selfTest({
      policy: policy({ uncertain: strict, fences: [{ name: 'far', never: ['LA', 'AQ'] }] }),
      locator,
      table: counting,
      refusals,
      apps: noApps,
      clock: realClock,
    })
  let turns = 0
  setImmediate(() => turns++)
  const first = await again()
  expect(asked).toBe(table.v4.values.length)
  expect(turns).toBe(1)
  expect(await again()).toEqual(first)
  expect(asked).toBe(table.v4.values.length)
})

test("the policy's own tests that expect a block are canaries too, and cover what has no other", async () => {
  const tests = [
    { to: 'a.example:443', given: { network: 'CN' }, expect: 'block', because: 'homes' },
    { to: 'b.example:443', given: { server: 'US', network: 'US' }, expect: 'allow' },
  ]
  const fences = [{ name: 'homes', never: ['CN'], country_of: 'network' }]
  const alone = await run({ fences })
  expect(alone.notCovered).toEqual([{ fence: 'homes', why: 'it asks not for the server' }])
  const covered = await run({ fences, tests })
  expect(covered).toMatchObject({ ran: 0, tests: { ran: 1, failed: [] }, notCovered: [] })
  expect(selfTestSentence(covered)).toBe('self-test: the test of the policy that must be blocked is')
  expect(isSound(covered)).toBe(true)
})

test('a test of the policy that is blocked no longer is shouted', async () => {
  const tests = [{ to: `${CHINA}:443`, expect: 'block' }]
  const moved = await run({ fences: [{ name: 'no-cn', never: ['CN'] }], tests }, tableWith({ [CHINA]: 'US' }))
  expect(moved.tests.failed).toMatchObject([{ name: `tests[0] ${CHINA}:443`, why: 'expected block, got allow' }])
  expect(isSound(moved)).toBe(false)
})
