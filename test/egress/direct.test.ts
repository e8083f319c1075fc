import { once } from 'node:events'
import net from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { createDirect } from '../../src/egress/direct.ts'
import { formatEndpoint } from '../../src/model/address.ts'
import { listeners } from '../support/socket-pair.ts'
import { never, pinned } from './support.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function listening(onConnection: (socket: net.Socket) => void, host = '127.0.0.1') {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy())
    onConnection(socket)
  })
  server.listen(0, host)
  await once(server, 'listening')
  closing.push(() => server.close())
  return { server, at: pinned(formatEndpoint({ host, port: (server.address() as net.AddressInfo).port })) }
}

test('it connects, measures the handshake, and keeps its half open when the peer ends', async () => {
  let told: (text: string) => void
  const received = new Promise<string>((resolve) => {
    told = resolve
  })
  const { at } = await listening((socket) => {
    const said: Buffer[] = []
    socket.end('bye')
    socket.on('data', (bytes) => said.push(bytes))
    socket.on('end', () => told(Buffer.concat(said).toString()))
  })
  let now = 0
  const { stream, remote, connectMs } = await createDirect({ monotonic: () => (now += 5) })(at, never)
  closing.push(() => stream.destroy())
  expect(remote).toEqual(at)
  expect(connectMs).toBe(5)
  await stream.grown(0, never)
  expect(Buffer.from(stream.held).toString()).toBe('bye')
  stream.consume(3)
  await stream.grown(0, never)
  expect(stream.ended).toBe(true)
  await stream.write(Buffer.from('still here'), never)
  stream.end()
  expect(await received).toBe('still here')
})

test('it leaves no listener of its own behind', async () => {
  const { at } = await listening((socket) => socket.resume())
  const { signal } = new AbortController()
  const { stream } = await createDirect()(at, signal)
  closing.push(() => stream.destroy())
  expect(listeners(stream.wire, 'connect')).toBe(0)
  expect(listeners(stream.wire, 'error')).toBe(1) // the stream's
})

test('a port where nobody listens is refused', async () => {
  const { server, at } = await listening(() => {})
  await new Promise((done) => server.close(done))
  await expect(createDirect()(at, never)).rejects.toMatchObject({
    code: 'dial.refused',
    message: `no connection to 127.0.0.1:${at.port} (refused)`,
    cause: { code: 'ECONNREFUSED' },
  })
})

test('who does not answer is given up after the time for one attempt', async () => {
  const { at } = await listening(() => {})
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const attempt = createDirect()(at, never)
  // In the same turn of the event loop, so that the answer can't have come.
  vi.advanceTimersByTime(4_000)
  vi.useRealTimers()
  await expect(attempt).rejects.toMatchObject({ code: 'dial.timeout', message: `no connection to 127.0.0.1:${at.port} (timed out)` })
})

test('a client that leaves takes the attempt with it', async () => {
  const { at, server } = await listening((socket) => socket.resume().on('end', () => socket.destroy()))
  const client = new AbortController()
  const attempt = createDirect()(at, client.signal)
  client.abort()
  await expect(attempt).rejects.toMatchObject({ code: 'client.gone' })
  await expect(createDirect()(at, client.signal)).rejects.toMatchObject({ code: 'client.gone' })
  await expect.poll(() => new Promise((done) => server.getConnections((_error, count) => done(count)))).toBe(0)
})

test('an abort after the connection was made changes nothing', async () => {
  const { at } = await listening((socket) => socket.resume())
  const client = new AbortController()
  const { stream } = await createDirect()(at, client.signal)
  closing.push(() => stream.destroy())
  client.abort()
  expect(stream.closed.aborted).toBe(false)
})

test('an IPv6 destination is dialled as such', async () => {
  const { at } = await listening((socket) => socket.resume(), '::1')
  const { stream } = await createDirect()(at, never)
  closing.push(() => stream.destroy())
  expect(stream.wire.remoteAddress).toBe('::1')
})

test('a name that got past the types is never resolved', async () => {
  await expect(createDirect()({ host: 'localhost', port: 1 } as never, never)).rejects.toThrow(
    'no connection to localhost:1 (failed: EINVAL)',
  )
})

// Linux and macOS reach this host by 0.0.0.0; Windows refuses.
test.skipIf(process.platform === 'win32')('a peer other than the one that was judged is a bug, not a connection', async () => {
  const { at } = await listening((socket) => socket.resume().on('end', () => socket.destroy()))
  const attempt = createDirect()(pinned(`0.0.0.0:${at.port}`), never)
  await expect(attempt).rejects.toThrow(`dialled 0.0.0.0:${at.port} and reached 127.0.0.1 port ${at.port}`)
})
