import { expect, test } from 'vitest'
import { clientBehind } from '../../src/inbound/proxy-protocol.ts'
import { ip } from '../support/fake-ports.ts'
import { never, streamPair, within } from '../support/socket-pair.ts'

const balancer = { host: ip('10.0.0.1'), port: 7 }

async function told(header: string) {
  const { near, far } = await streamPair()
  await far.drip(header)
  return { near, client: await clientBehind(near, balancer, never) }
}

test('the client is who the header names, and what follows it stays unread', async () => {
  const { near, client } = await told('PROXY TCP4 203.0.113.7 10.0.0.1 56324 443\r\nCONN')
  expect(client).toEqual({ host: '203.0.113.7', port: 56_324 })
  await near.grown(3, never)
  expect(Buffer.from(near.held).toString()).toBe('CONN')
})

test('a balancer that asks for itself is its own client', async () => {
  expect((await told('PROXY UNKNOWN\r\n')).client).toBe(balancer)
})

test('one that does not begin with a header is none', async () => {
  await expect(told('CONNECT a:1 HTTP/1.1\r\n')).rejects.toMatchObject({
    code: 'client.malformed',
    message: 'the load balancer sent no PROXY header',
  })
})

test('one that leaves before is gone, and one that is slow is not waited for', async () => {
  const left = await streamPair()
  left.far.send('PROXY')
  left.far.end()
  await expect(clientBehind(left.near, balancer, never)).rejects.toMatchObject({ code: 'client.gone' })
  const slow = await streamPair()
  slow.far.send('PROXY')
  await expect(clientBehind(slow.near, balancer, within(50))).rejects.toThrow('timeout')
})
