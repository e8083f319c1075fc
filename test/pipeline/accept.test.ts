import { once } from 'node:events'
import net from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { acceptFrom } from '../../src/pipeline/accept.ts'
import { TcpConnection } from '../../src/pipeline/tcp-connection.ts'
import { eventually } from '../support/proxy-under-test.ts'
import { Peer } from '../support/socket-pair.ts'

test('each connection comes once, by its handle, and no more as an event of the server', async () => {
  let events = 0
  const server = net.createServer(() => events++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted: TcpConnection[] = []
  acceptFrom(
    server,
    (connection) => accepted.push(connection),
    (error) => {
      throw error
    },
  )
  onTestFinished(() => {
    for (const connection of accepted) connection.destroy()
    server.close()
  })
  const { port } = server.address() as net.AddressInfo
  const peers = [await Peer.connect(port), await Peer.connect(port)]
  await eventually('both', () => accepted.length === 2)
  expect(accepted.every((connection) => connection instanceof TcpConnection)).toBe(true)
  expect(accepted.map(({ remotePort }) => remotePort)).toEqual(peers.map(({ socket }) => socket.localPort))
  expect(events).toBe(0)
})
