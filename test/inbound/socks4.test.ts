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
