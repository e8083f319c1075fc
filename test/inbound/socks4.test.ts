import { describe, expect, test } from 'vitest'
import { ipToBytes } from '../../src/model/address.ts'
import { ip } from '../support/fake-ports.ts'
import { loginOf } from '../support/made-up-login.ts'
import { echo, startOrigin } from '../support/origin-server.ts'
import { notToChina, openProxy, policyText } from '../support/proxy-under-test.ts'

const CHINA = '52.81.151.250'
const AMERICA = '170.114.1.1'

const GRANTED = '005a000000000000'
const REJECTED = '005b000000000000'

const request = (
  address: string,
  { command = 1, port = 443, user = 'me', name }: { command?: number; port?: number; user?: string; name?: string } = {},
): Buffer =>
  Buffer.concat([
    Uint8Array.of(4, command, port >> 8, port & 255),
    ipToBytes(ip(address)),
    Buffer.from(`${user}\0${name === undefined ? '' : `${name}\0`}`),
  ])

const byName = (name: string, port = 443): Buffer => request('0.0.0.1', { name, port })

async function door() {
  const origin = await startOrigin(echo)
  const proxy = await openProxy({
    policy: policyText('enforce', notToChina),
    names: { 'a.com': [AMERICA], 'china.com': [CHINA] },
    routes: { [AMERICA]: origin.port },
  })
  return { proxy, client: await proxy.connect() }
}

describe('granted', () => {
  test.each([
    ['to an address', request(AMERICA)],
    ['to an address, without user', request(AMERICA, { user: '' })],
    ['to a name (4a)', byName('a.com')],
    ['to a name in capitals with a dot at the end', byName('A.Com.')],
    ['to an address as text (4a)', byName(AMERICA)],
    ['with the longest user id', request(AMERICA, { user: 'u'.repeat(255) })],
  ])('%s', async (_, bytes) => {
    const { proxy, client } = await door()
    client.send(bytes)
    await client.receivesBytes(8)
    expect(client.bytes.toString('hex')).toBe(GRANTED)
    client.send('ping')
    await client.receives('ping')
    expect(proxy.dialer.tried).toEqual([`${AMERICA}:443`])
  })

  test('bytes glued behind the request reach the origin', async () => {
    const { client } = await door()
    client.send(Buffer.concat([byName('a.com'), Buffer.from('early')]))
    expect((await client.receives('early')).slice(8)).toBe('early')
  })

  test('byte by byte', async () => {
    const { client } = await door()
    await client.drip(Buffer.concat([byName('a.com'), Buffer.from('data')]))
    expect((await client.receives('data')).slice(8)).toBe('data')
  })
})

describe('rejected', () => {
  test.each([
    ['by policy', byName('china.com')],
    ['by policy, for an address', request(CHINA)],
    ['a name that does not exist', byName('nowhere.test')],
    ['a destination that refuses', request('103.255.1.1')],
    ['an IPv6 address as text (4a) to which nothing leads', byName('2001:db8:1::1')],
    ['the unspecified address', request('0.0.0.0')],
    ['a denied port', request(AMERICA, { port: 25 })],
  ])('%s, with a record', async (_, bytes) => {
    const { proxy, client } = await door()
    client.send(bytes)
    await client.receivesEnd()
    expect(client.bytes.toString('hex')).toBe(REJECTED)
    expect(proxy.writer.decided).toHaveLength(1)
  })

  test.each([
    ['BIND', request(AMERICA, { command: 2 })],
    ['port 0', request(AMERICA, { port: 0 })],
    ['a name that is none', byName('a b')],
    ['an empty name', byName('')],
    ['a name that is not UTF-8', Buffer.concat([request('0.0.0.1', { name: '' }).subarray(0, -1), Buffer.from([0xff, 0xfe, 0])])],
    ['a name of more than 253 characters', byName('a'.repeat(254))],
    ['a user id of more than 255 bytes', request(AMERICA, { user: 'u'.repeat(256) })],
    ['a user id without end', Buffer.concat([request(AMERICA).subarray(0, 8), Buffer.alloc(300, 0x61)])],
  ])('%s, and it never becomes a flow', async (_, bytes) => {
    const { proxy, client } = await door()
    client.send(bytes)
    await client.receivesEnd()
    expect(client.bytes.toString('hex')).toBe(REJECTED)
    expect(proxy.offers).toEqual([])
    expect(proxy.malformed).toHaveLength(1)
  })
})

test('where a login is asked for SOCKS4 is rejected: its user id proves nothing', async () => {
  const proxy = await openProxy({ login: loginOf({ me: 'x' }) })
  const client = await proxy.connect()
  client.send(request(AMERICA))
  await client.receivesEnd()
  expect(client.bytes.toString('hex')).toBe(REJECTED)
  expect([proxy.offers, proxy.malformed]).toEqual([[], ['SOCKS4: the door asks for a login, which SOCKS4 has no words for']])
})

test('the user id is not kept', async () => {
  const { proxy, client } = await door()
  client.send(request(AMERICA, { user: 'somebody-in-particular' }))
  await client.receivesBytes(8)
  expect(JSON.stringify(proxy.writer.events)).not.toContain('somebody')
})
