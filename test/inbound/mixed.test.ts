import { expect, test } from 'vitest'
import { echo, startOrigin } from '../support/origin-server.ts'
import { openProxy } from '../support/proxy-under-test.ts'

const AMERICA = '170.114.1.1'

async function door() {
  const origin = await startOrigin(echo)
  return await openProxy({ routes: { [AMERICA]: origin.port } })
}

test.each([
  ['SOCKS5', Buffer.from('05010005010001aa72010101bb', 'hex'), '0500050000017f000001[0-9a-f]{4}'],
  ['SOCKS4', Buffer.from('040101bbaa72010100', 'hex'), '005a000000000000'],
  [
    'HTTP',
    Buffer.from(`CONNECT ${AMERICA}:443 HTTP/1.1\r\nHost: ${AMERICA}:443\r\n\r\n`),
    Buffer.from('HTTP/1.1 200 Connection established\r\n\r\n').toString('hex'),
  ],
])('%s is told by its first byte, on one port', async (_, handshake, answer) => {
  const proxy = await door()
  const client = await proxy.connect()
  client.send(handshake)
  client.send('ping')
  await client.receives('ping')
  expect(client.bytes.toString('hex')).toMatch(new RegExp(`^${answer}${Buffer.from('ping').toString('hex')}$`))
  expect(proxy.writer.decided[0]).toMatchObject({ inbound: 'mixed', port: 443 })
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
