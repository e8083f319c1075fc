import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createUdp } from '../../../src/egress/resolver/udp.ts'
import { StopSource } from '../../../src/model/stop.ts'
import { type NameServer, startNameServer } from '../../support/name-server.ts'
import { ip, name } from '../support.ts'
import { askFor, settingsFor } from './settings.ts'

const zone = {
  'both.test': { A: ['192.0.2.1', '192.0.2.2'], AAAA: ['2001:db8::1'] },
  'v4.test': { A: ['192.0.2.1'] },
  'v6.test': { AAAA: ['2001:DB8:0::1'] },
  'mapped.test': { AAAA: ['::ffff:192.0.2.9'] },
  'empty.test': {},
  'alias.test': { CNAME: 'target.test', A: ['192.0.2.3'] },
  'dangling.test': { CNAME: 'target.test' },
  'long.test': { A: ['192.0.2.1'], truncated: true },
  'broken.test': { rcode: 'SERVFAIL' },
  'refused.test': { rcode: 'REFUSED' },
  'silent.test': { silent: true },
  'garbage.test': { garbage: true },
  'slow.test': { A: ['192.0.2.4'], delayMs: 120 },
  'broken-v6.test': { A: ['192.0.2.1'], AAAA: { rcode: 'SERVFAIL' } },
  'broken-v4.test': { A: { rcode: 'SERVFAIL' }, AAAA: ['2001:db8::1'] },
  'denied-v6.test': { A: { rcode: 'SERVFAIL' }, AAAA: { rcode: 'NXDOMAIN' } },
  'slow-v6.test': { A: ['192.0.2.1'], AAAA: { addresses: ['2001:db8::1'], delayMs: 150 } },
  'soon-v6.test': { A: ['192.0.2.1'], AAAA: { addresses: ['2001:db8::1'], delayMs: 10 } },
  'late-v6.test': { A: { addresses: ['192.0.2.1'], ttl: 60 }, AAAA: { addresses: ['2001:db8::1'], ttl: 60, delayMs: 150 } },
  'slow-v4.test': { A: { addresses: ['192.0.2.1'], delayMs: 150 }, AAAA: ['2001:db8::1'] },
  'silent-v4.test': { A: { silent: true }, AAAA: ['2001:db8::1'] },
  'kept.test': { A: { addresses: ['192.0.2.1'], ttl: 60 }, AAAA: { negativeTtl: 3 } },
  'moving.test': [{ A: ['192.0.2.1'] }, { A: ['192.0.2.2'] }],
} as const

let server: NameServer
let asking: ReturnType<typeof createUdp>

beforeEach(async () => {
  server = await startNameServer({ zone })
  asking = createUdp({ host: ip('127.0.0.1'), port: server.port }, settingsFor())
})
afterEach(() => server.close())

const ask = (text: string, milliseconds?: number) => askFor(asking, text, milliseconds)

describe('an answer', () => {
  test.each([
    ['both.test', ['192.0.2.1', '192.0.2.2', '2001:db8::1']],
    ['v4.test', ['192.0.2.1']],
    ['v6.test', ['2001:db8::1']],
    ['mapped.test', ['192.0.2.9']],
    ['alias.test', ['192.0.2.3']],
    ['long.test', ['192.0.2.1']],
    ['broken-v6.test', ['192.0.2.1']],
    ['broken-v4.test', ['2001:db8::1']],
  ])('of %s', async (text, ips) => {
    expect(await ask(text)).toEqual({ kind: 'addresses', ips })
  })

  test('with a TTL of zero is not kept: what is dialled is what the server says now', async () => {
    expect(await ask('moving.test')).toMatchObject({ ips: ['192.0.2.1'] })
    expect(await ask('moving.test')).toMatchObject({ ips: ['192.0.2.2'] })
  })

  test('holds for its TTL, each family for its own, and an absence for as long as its zone says', async () => {
    let now = 0
    const monotonic = () => now
    asking = createUdp({ host: ip('127.0.0.1'), port: server.port }, settingsFor({ monotonic }))
    expect(asking.recall(name('kept.test'))).toBeNull()
    expect(await ask('kept.test')).toMatchObject({ ips: ['192.0.2.1'] })
    now = 2_999
    expect(asking.recall(name('kept.test'))).toEqual({ kind: 'addresses', ips: ['192.0.2.1'] })
    now = 3_000
    expect(asking.recall(name('kept.test'))).toBeNull()
    expect(await ask('kept.test')).toMatchObject({ ips: ['192.0.2.1'] })
    expect([server.count('kept.test', 'A'), server.count('kept.test', 'AAAA')]).toEqual([1, 2])
  })

  test('that failed is not kept', async () => {
    await ask('broken.test')
    await ask('broken.test')
    expect(server.count('broken.test', 'A')).toBe(2)
  })
})

describe('no answer', () => {
  test.each([
    ['missing.test', { kind: 'not-found', cause: { message: 'A of missing.test: NXDOMAIN' } }],
    ['empty.test', { kind: 'not-found', cause: { message: 'A of empty.test: NODATA' } }],
    ['dangling.test', { kind: 'not-found' }],
    ['broken.test', { kind: 'failed', why: 'SERVFAIL' }],
    ['refused.test', { kind: 'failed', why: 'REFUSED' }],
    ['denied-v6.test', { kind: 'failed', why: 'SERVFAIL' }],
    ['silent.test', { kind: 'timeout', why: 'timed out' }],
    ['garbage.test', { kind: 'failed', why: 'sent nothing that answers the question' }],
  ])('of %s', async (text, answer) => {
    expect(await ask(text)).toMatchObject(answer)
  })

  test('of a port where nobody listens', async () => {
    const gone = await startNameServer({ zone })
    await gone.close()
    const closed = createUdp({ host: ip('127.0.0.1'), port: gone.port }, settingsFor())
    expect(await askFor(closed, 'v4.test')).toMatchObject({ kind: 'failed', why: 'could not be reached', cause: { code: 'ECONNREFUSED' } })
    expect(closed.failing).toBe(true)
  })
})

describe('waiting', () => {
  test('with IPv4 addresses in hand, IPv6 gets the resolution delay and no more', async () => {
    expect(await ask('slow-v6.test')).toEqual({ kind: 'addresses', ips: ['192.0.2.1'] })
    expect(await ask('soon-v6.test')).toEqual({ kind: 'addresses', ips: ['192.0.2.1', '2001:db8::1'] })
  })

  test('IPv6 addresses that come later are kept for the next who asks, and asked for once', async () => {
    expect(await ask('late-v6.test')).toEqual({ kind: 'addresses', ips: ['192.0.2.1'] })
    expect(asking.recall(name('late-v6.test'))).toBeNull()
    expect(await ask('late-v6.test')).toEqual({ kind: 'addresses', ips: ['192.0.2.1'] })
    await expect.poll(() => asking.recall(name('late-v6.test')), { timeout: 3_000 }).not.toBeNull()
    expect(asking.recall(name('late-v6.test'))).toEqual({ kind: 'addresses', ips: ['192.0.2.1', '2001:db8::1'] })
    expect([server.count('late-v6.test', 'A'), server.count('late-v6.test', 'AAAA')]).toEqual([1, 1])
  })

  test('no more than 64 names are waited for so', async () => {
    const silentV6 = await startNameServer({ zone: (_name, type) => (type === 'A' ? { A: ['192.0.2.1'] } : { silent: true }) })
    onTestFinished(() => silentV6.close())
    const stub = createUdp({ host: ip('127.0.0.1'), port: silentV6.port }, settingsFor({ resolutionDelayMs: 5, retryMs: 400 }))
    const names = Array.from({ length: 70 }, (_, i) => `n${i}.test`)
    await Promise.all(names.map((text) => askFor(stub, text, 2_000)))
    const askedAgain = () => names.filter((text) => silentV6.count(text, 'AAAA') > 1).length
    await expect.poll(askedAgain, { timeout: 3_000 }).toBe(64)
    expect(askedAgain()).toBe(64)
  })

  test('with IPv6 addresses in hand, IPv4 gets its whole time', async () => {
    expect(await ask('slow-v4.test')).toEqual({ kind: 'addresses', ips: ['192.0.2.1', '2001:db8::1'] })
    expect(await ask('silent-v4.test')).toEqual({ kind: 'addresses', ips: ['2001:db8::1'] })
  })

  test('slow names do not hold up another', async () => {
    const order: string[] = []
    const slow = Array.from({ length: 50 }, () => ask('slow.test').then(() => order.push('slow')))
    await ask('v4.test').then(() => order.push('fast'))
    await Promise.all(slow)
    expect(order[0]).toBe('fast')
  })

  test('a name that is slow after many fast ones still has its time', async () => {
    for (let i = 0; i < 100; i++) await ask('v4.test')
    expect(await ask('slow.test')).toEqual({ kind: 'addresses', ips: ['192.0.2.4'] })
  })

  test('it ends with whoever asked', async () => {
    const client = new StopSource()
    const left = asking.ask(name('slow.test'), client)
    client.abort(new Error('gone'))
    expect(await left).toMatchObject({ kind: 'timeout' })
    expect(await asking.ask(name('v4.test'), client)).toMatchObject({ kind: 'timeout' })
  })
})

describe('whether it is there', () => {
  test('silence in answer to everything says that it is not, until it speaks again', async () => {
    expect(asking.failing).toBe(false)
    await ask('silent.test')
    expect(asking.failing).toBe(true)
    await ask('v4.test')
    expect(asking.failing).toBe(false)
  })

  test('a name that it fails for says nothing, nor one that it is silent about while it answers others', async () => {
    await ask('broken.test')
    expect(asking.failing).toBe(false)
    const silent = ask('silent.test')
    await ask('v4.test')
    await silent
    expect(asking.failing).toBe(false)
  })

  test('who leaves early proves nothing', async () => {
    const client = new StopSource()
    const left = asking.ask(name('silent.test'), client)
    client.abort(new Error('gone'))
    await left
    expect(asking.failing).toBe(false)
  })
})
