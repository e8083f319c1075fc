import { afterEach, expect, test } from 'vitest'
import type { Answer, NameServer } from '../../src/egress/resolver/answer.ts'
import { placeDefaults } from '../../src/egress/resolver/look-up-places.ts'
import { lookUpTimes } from '../../src/egress/resolver/servers-in-order.ts'
import { createResolver, createServersInOrder } from '../../src/egress/resolver.ts'
import { parseResolverServer, type ResolverServer } from '../../src/egress/resolver-server.ts'
import { type NameServer as DnsServer, startNameServer, type ZoneTable } from '../support/name-server.ts'
import { ips, name, never } from './support.ts'

const asked: string[] = []
const server = (label: string, answer: Answer): NameServer => ({
  label,
  failing: false,
  recall: () => null,
  ask: async () => {
    asked.push(label)
    return answer
  },
})
const settings = { ...placeDefaults, ...lookUpTimes, monotonic: () => performance.now() }
const resolve = (...servers: NameServer[]) => {
  asked.length = 0
  const list = { label: 'list', known: async () => null, servers: () => servers }
  return createServersInOrder(servers.length === 0 ? [] : [list], () => 6, settings).resolve(name('a.example'), never)
}

const found = server('found', { kind: 'addresses', ips: ips('192.0.2.1', '2001:db8::1', '192.0.2.1') })
const denying = server('denying', { kind: 'not-found', cause: new Error('NXDOMAIN') })
const silent = server('silent', { kind: 'timeout', why: 'timed out', cause: new Error('ETIMEOUT') })
const broken = server('broken', { kind: 'failed', why: 'SERVFAIL', cause: new Error('ESERVFAIL') })

test('the first usable answer counts, each address once and in order', async () => {
  expect(await resolve(silent, broken, found, denying)).toEqual(['2001:db8::1', '192.0.2.1'])
  expect(asked).toEqual(['silent', 'broken', 'found'])
})

test('a server that denies the name is believed, and no later one hears of it', async () => {
  await expect(resolve(denying, found)).rejects.toMatchObject({
    code: 'resolve.not-found',
    message: expect.stringContaining('denying') as unknown,
    cause: { message: 'NXDOMAIN' },
  })
  expect(asked).toEqual(['denying'])
})

test('when none has an answer the error names the name and every server', async () => {
  await expect(resolve(silent, broken)).rejects.toMatchObject({
    code: 'resolve.failed',
    message: 'no usable answer for a.example from silent (timed out), broken (SERVFAIL)',
    cause: { errors: [{ message: 'ETIMEOUT' }, { message: 'ESERVFAIL' }] },
  })
})

test('a server that could not be reached is said so in words', async () => {
  const closed = server("this machine's resolver", { kind: 'failed', why: 'could not be reached', cause: new Error('ECONNREFUSED') })
  await expect(resolve(closed)).rejects.toMatchObject({
    code: 'resolve.failed',
    message: "no usable answer for a.example: this machine's resolver could not be reached",
  })
  await expect(resolve(closed, broken)).rejects.toMatchObject({
    message: "no usable answer for a.example from this machine's resolver (could not be reached), broken (SERVFAIL)",
  })
})

test('it is a timeout only if every server was silent', async () => {
  await expect(resolve(silent, silent)).rejects.toMatchObject({ code: 'resolve.timeout' })
  await expect(resolve(silent)).rejects.toMatchObject({ cause: { message: 'ETIMEOUT' } })
})

test('without servers nothing is found, closed rather than open', async () => {
  await expect(resolve()).rejects.toMatchObject({ code: 'resolve.failed' })
})

// Over real servers on loopback.

const started: DnsServer[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.close()))
})

async function serving(zone: ZoneTable): Promise<ResolverServer> {
  const server = await startNameServer({ zone })
  started.push(server)
  const parsed = parseResolverServer(`udp://127.0.0.1:${server.port}`)
  if ('problem' in parsed) throw new Error(parsed.problem)
  return parsed
}

const resolveOver = (servers: ResolverServer[], text: string) =>
  createResolver(servers, { lookUpMs: 400, retryMs: 150, hostsPath: '/nonexistent' }).resolve(name(text), never)

test.each([
  ['fails', { rcode: 'SERVFAIL' }],
  ['refuses', { rcode: 'REFUSED' }],
  ['is silent', { silent: true }],
  ['sends garbage', { garbage: true }],
] as const)('a server that %s is followed by the next', async (_what, entry) => {
  const servers = [await serving({ 'a.test': entry }), await serving({ 'a.test': { A: ['192.0.2.1', '192.0.2.1'] } })]
  expect(await resolveOver(servers, 'a.test')).toEqual(['192.0.2.1'])
})

test('a server that denies the name is followed by none', async () => {
  const servers = [await serving({}), await serving({ 'a.test': { A: ['192.0.2.1'] } })]
  await expect(resolveOver(servers, 'a.test')).rejects.toMatchObject({ code: 'resolve.not-found' })
  expect(started[1]?.queries()).toBe(0)
})

test('silence of all is a timeout that names them', async () => {
  const server = await serving({ 'a.test': { silent: true } })
  await expect(resolveOver([server], 'a.test')).rejects.toMatchObject({
    code: 'resolve.timeout',
    message: `no usable answer for a.test from udp://127.0.0.1:${started[0]?.port} (timed out)`,
  })
})

test('localhost is answered by every kind', async () => {
  expect(new Set(await resolveOver([{ kind: 'system' }], 'localhost'))).toEqual(new Set(['127.0.0.1', '::1']))
  expect(new Set(await resolveOver([await serving({})], 'localhost'))).toEqual(new Set(['127.0.0.1', '::1']))
})

test('who asks for the same name at the same time shares one look-up, and leaves without ending it for the others', async () => {
  const resolver = createResolver([await serving({ 'a.test': { A: ['192.0.2.1'], delayMs: 60 } })])
  const client = new AbortController()
  const left = resolver.resolve(name('a.test'), client.signal)
  const stayed = resolver.resolve(name('a.test'), never)
  client.abort()
  await expect(left).rejects.toMatchObject({ code: 'client.gone', message: 'the client left while looking up a.test' })
  expect(await stayed).toEqual(['192.0.2.1'])
  expect(started[0]?.count('a.test', 'A')).toBe(1)
})

test('an answer is used again while it holds, without asking anybody', async () => {
  let now = 0
  const server = await serving({ 'a.test': { A: ['192.0.2.1'], ttl: 60, negativeTtl: 1 } })
  const resolver = createResolver([server], { monotonic: () => now })
  const resolve = () => resolver.resolve(name('a.test'), never)
  for (let i = 0; i < 3; i++) expect(await resolve()).toEqual(['192.0.2.1'])
  expect(started[0]?.queries()).toBe(2)
  now = 60_000
  await resolve()
  expect(started[0]?.queries()).toBe(4)
})

test('a server that is gone costs its time once, not at every look-up', async () => {
  const silent = await serving({ 'a.test': { silent: true }, 'b.test': { silent: true } })
  const good = await serving({ 'a.test': { A: ['192.0.2.1'] }, 'b.test': { A: ['192.0.2.2'] } })
  const resolver = createResolver([silent, good], { lookUpMs: 1_000 })
  expect(await resolver.resolve(name('a.test'), never)).toEqual(['192.0.2.1'])
  const startedAt = performance.now()
  expect(await resolver.resolve(name('b.test'), never)).toEqual(['192.0.2.2'])
  expect(performance.now() - startedAt).toBeLessThan(300)
  expect(started[0]?.count('b.test', 'A')).toBe(0)
})

test('where all places are taken the next ones wait, and beyond that are refused', async () => {
  const server = await serving({ 'slow.test': { A: ['192.0.2.1'], delayMs: 80 }, 'b.test': { A: ['192.0.2.2'] } })
  const resolver = createResolver([server], { places: 1, waiting: 1 })
  const slow = resolver.resolve(name('slow.test'), never)
  const waits = resolver.resolve(name('b.test'), never)
  await expect(resolver.resolve(name('c.test'), never)).rejects.toMatchObject({
    code: 'resolve.failed',
    message: 'c.test was not looked up: too many look-ups at once (1 are under way and 1 wait)',
  })
  expect(await slow).toEqual(['192.0.2.1'])
  expect(await waits).toEqual(['192.0.2.2'])
})

test('names of this machine are answered while every place is taken', async () => {
  const resolver = createResolver([await serving({ 'slow.test': { silent: true } })], { places: 1, waiting: 0, lookUpMs: 300 })
  const slow = resolver.resolve(name('slow.test'), never)
  expect(await resolver.resolve(name('localhost'), never)).toHaveLength(2)
  await expect(slow).rejects.toMatchObject({ code: 'resolve.timeout' })
})

test('an onion name is asked of nobody', async () => {
  await expect(resolveOver([await serving({})], 'shop.onion')).rejects.toMatchObject({ code: 'resolve.not-found' })
  expect(started[0]?.queries()).toBe(0)
})
