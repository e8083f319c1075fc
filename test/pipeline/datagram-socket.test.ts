import { once } from 'node:events'
import { expect, test } from 'vitest'
import { datagramSocketFor, isFull } from '../../src/pipeline/datagram-socket.ts'
import { ip } from '../support/fake-ports.ts'

test.each(['127.0.0.1', '::1'])('a socket for %s speaks with another one of its family', async (address) => {
  const [one, two] = [datagramSocketFor(ip(address)), datagramSocketFor(ip(address))]
  for (const socket of [one, two]) await new Promise<void>((resolve) => socket.bind({ address, port: 0 }, resolve))
  one.send('hello', two.address().port, address)
  const [message, from] = await once(two, 'message')
  expect([String(message), from.address, from.port]).toEqual(['hello', address, one.address().port])
  expect(isFull(one)).toBe(false)
  one.close()
  two.close()
})

test('a name is not looked up', async () => {
  const socket = datagramSocketFor(ip('127.0.0.1'))
  const failed = once(socket, 'error').catch((error: unknown) => [error])
  socket.connect(53, 'localhost', (...args: readonly unknown[]) => socket.emit('error', args[0]))
  expect(String((await failed)[0])).toMatch(/EINVAL/)
  socket.close()
})
