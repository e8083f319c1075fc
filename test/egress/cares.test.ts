import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type LookUpSettings, lookUp } from '../../src/egress/cares.ts'
import { type NameServer, startNameServer } from '../support/name-server.ts'
import { name, never } from './support.ts'

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
  'slow-v4.test': { A: { addresses: ['192.0.2.1'], delayMs: 150 }, AAAA: ['2001:db8::1'] },
  'silent-v4.test': { A: { silent: true }, AAAA: ['2001:db8::1'] },
  'moving.test': [{ A: ['192.0.2.1'] }, { A: ['192.0.2.2'] }],
} as const

const settings: LookUpSettings = { lookUpMs: 300, retryMs: 250, resolutionDelayMs: 50 }
let server: NameServer

beforeEach(async () => {
  server = await startNameServer({ zone })
})
afterEach(() => server.close())

const ask = (text: string, signal = new AbortController().signal) => lookUp(name(text), [`127.0.0.1:${server.port}`], signal, settings)

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

  test('is never taken from a cache: what is dialled is what the server says now', async () => {
    expect(await ask('moving.test')).toMatchObject({ ips: ['192.0.2.1'] })
    expect(await ask('moving.test')).toMatchObject({ ips: ['192.0.2.2'] })
  })
})

describe('no answer', () => {
  test.each([
    ['missing.test', { kind: 'not-found', cause: { code: 'ENOTFOUND' } }],
    ['empty.test', { kind: 'not-found', cause: { code: 'ENODATA' } }],
    ['dangling.test', { kind: 'not-found' }],
    ['broken.test', { kind: 'failed', why: 'SERVFAIL' }],
    ['refused.test', { kind: 'failed', why: 'REFUSED' }],
    ['denied-v6.test', { kind: 'failed', why: 'SERVFAIL' }],
    ['silent.test', { kind: 'timeout', why: 'timed out' }],
    ['garbage.test', { kind: 'failed' }],
  ])('of %s', async (text, answer) => {
    expect(await ask(text)).toMatchObject(answer)
  })

  test('of a port where nobody listens', async () => {
    const gone = await startNameServer({ zone })
    await gone.close()
    expect(await lookUp(name('v4.test'), [`127.0.0.1:${gone.port}`], never, settings)).toMatchObject({ kind: 'failed', why: 'CONNREFUSED' })
  })
})

describe('waiting', () => {
  test('with IPv4 addresses in hand, IPv6 gets the resolution delay and no more', async () => {
    expect(await ask('slow-v6.test')).toEqual({ kind: 'addresses', ips: ['192.0.2.1'] })
    expect(await ask('soon-v6.test')).toEqual({ kind: 'addresses', ips: ['192.0.2.1', '2001:db8::1'] })
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

  test('a client that leaves ends its own look-up and nobody else’s', async () => {
    const client = new AbortController()
    const left = ask('slow.test', client.signal)
    const stayed = ask('slow.test')
    client.abort()
    await expect(left).rejects.toMatchObject({ code: 'client.gone' })
    expect(await stayed).toMatchObject({ kind: 'addresses' })
    await expect(ask('v4.test', client.signal)).rejects.toMatchObject({ code: 'client.gone' })
  })
})

test('a name for this machine never reaches a server', async () => {
  expect(await ask('app.localhost')).toMatchObject({ ips: ['127.0.0.1', '::1'] })
  expect(await ask('shop.onion')).toEqual({ kind: 'not-found' })
  expect(server.queries()).toBe(0)
})
