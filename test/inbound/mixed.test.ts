import { expect, test } from 'vitest'
import { echo, startOrigin } from '../support/origin-server.ts'
import { type DoorOptions, openProxy } from '../support/proxy-under-test.ts'

const AMERICA = '170.114.1.1'

async function door(options: DoorOptions = {}) {
  const origin = await startOrigin(echo)
  return await openProxy({ routes: { [AMERICA]: origin.port }, ...options })
}

const handshakes = [
  ['SOCKS5', Buffer.from('05010005010001aa72010101bb', 'hex'), '0500050000017f000001[0-9a-f]{4}'],
  ['SOCKS4', Buffer.from('040101bbaa72010100', 'hex'), '005a000000000000'],
  [
    'HTTP',
    Buffer.from(`CONNECT ${AMERICA}:443 HTTP/1.1\r\nHost: ${AMERICA}:443\r\n\r\n`),
    Buffer.from('HTTP/1.1 200 Connection established\r\n\r\n').toString('hex'),
  ],
] as const

test.each(handshakes)('%s is told by its first byte, on one port', async (_, handshake, answer) => {
  const proxy = await door()
  const client = await proxy.connect()
  client.send(handshake)
  client.send('ping')
  await client.receives('ping')
  expect(client.bytes.toString('hex')).toMatch(new RegExp(`^${answer}${Buffer.from('ping').toString('hex')}$`))
  expect(proxy.writer.decided[0]).toMatchObject({ inbound: 'mixed', port: 443 })
})

test.each(handshakes)('%s comes behind the header of a load balancer, byte by byte', async (_, handshake, answer) => {
  const proxy = await door({ isBalancer: () => true })
  const client = await proxy.connect()
  await client.drip(Buffer.concat([Buffer.from('PROXY TCP4 203.0.113.7 10.0.0.1 56324 443\r\n'), handshake, Buffer.from('ping')]))
  await client.receives('ping')
  expect(client.bytes.toString('hex')).toMatch(new RegExp(`^${answer}`))
  expect(proxy.writer.decided[0]?.personal.client).toBe('203.0.113.7:56324')
})

test.each(handshakes)('%s is cut wherever it stops, and leaves nothing behind wherever its client leaves', async (_, handshake) => {
  const proxy = await door({ headMs: 500 })
  const all = await Promise.all(
    [...handshake.keys()].flatMap((length) =>
      ['stops', 'leaves'].map(async (how) => {
        const client = await proxy.connect()
        client.send(handshake.subarray(0, length))
        if (how === 'leaves') client.end()
        return client
      }),
    ),
  )
  for (const client of all) await client.until('it to be over', () => client.ended || client.closed)
  expect(proxy.offers).toEqual([])
})

test('a TLS hello is turned away with a clean close', async () => {
  const proxy = await door()
  const client = await proxy.connect()
  client.send(Buffer.from('160301002a010000260303', 'hex'))
  await client.receivesEnd()
  client.end()
  await client.until('the connection to close', () => client.closed)
  expect(client.errno).toBeNull()
  expect(proxy.malformed).toHaveLength(1)
})

test('a client that says nothing is closed when the time for a handshake is over', async () => {
  const proxy = await openProxy({ headMs: 100 })
  const client = await proxy.connect()
  await client.until('the connection to be over', () => client.ended || client.closed)
  expect(proxy.malformed).toEqual([])
})

test('a client that leaves without a word leaves nothing behind', async () => {
  const proxy = await openProxy()
  const client = await proxy.connect()
  client.end()
  await client.receivesEnd()
  expect([proxy.malformed, proxy.failed, proxy.offers]).toEqual([[], [], []])
})
