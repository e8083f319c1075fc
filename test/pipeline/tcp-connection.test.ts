import { once } from 'node:events'
import net from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { parseIp } from '../../src/model/address.ts'
import { acceptFrom } from '../../src/pipeline/accept.ts'
import { TcpConnection } from '../../src/pipeline/tcp-connection.ts'
import { eventually } from '../support/proxy-under-test.ts'
import { type Peer, wirePair } from '../support/socket-pair.ts'

const MIB = 1024 * 1024

async function pair(options: { readonly paused?: boolean } = {}): Promise<{ readonly near: TcpConnection; readonly far: Peer }> {
  const { near, far } = await wirePair('handle', options)
  if (!(near instanceof TcpConnection)) throw new Error('this Node does not give handles away')
  onTestFinished(() => near.destroy())
  return { near, far }
}

/** What happened to it, in order. */
function eventsOf(wire: TcpConnection): string[] {
  const events: string[] = []
  for (const event of ['connect', 'end', 'finish', 'drain', 'close'] as const) wire.on(event, () => events.push(event))
  wire.on('error', (error: NodeJS.ErrnoException) => events.push(`error ${error.code}`))
  return events
}

/** `once` would take the error for its own. */
const closed = (wire: TcpConnection, events: readonly string[]): Promise<void> =>
  new Promise((resolve) => {
    if (events.includes('close')) resolve()
    else wire.on('close', resolve)
  })

function received(wire: TcpConnection, take: (chunk: Uint8Array) => boolean = () => true): Buffer[] {
  const chunks: Buffer[] = []
  const space = Buffer.alloc(64 * 1024)
  wire.readInto({
    buffer: () => space,
    callback: (bytes, buffer) => {
      chunks.push(Buffer.from(buffer.subarray(0, bytes)))
      return take(buffer)
    },
  })
  return chunks
}

function connectTo(port: number, host = '127.0.0.1'): TcpConnection {
  const ip = parseIp(host)
  const wire = ip === null ? null : TcpConnection.connect({ host: ip, port })
  if (wire === null) throw new Error('this Node does not give handles away')
  onTestFinished(() => wire.destroy())
  return wire
}

test('both ends may end in either order; then it is closed', async () => {
  const { near, far } = await pair()
  const events = eventsOf(near)
  received(near)
  near.resume()
  far.end()
  await once(near, 'end')
  near.write(Buffer.from('bye'))
  near.end()
  expect(await far.receivesEnd()).toBe('bye')
  await closed(near, events)
  expect(events).toEqual(['end', 'finish', 'close'])

  const other = await pair()
  const others = eventsOf(other.near)
  received(other.near)
  other.near.resume()
  other.near.end()
  await other.far.receivesEnd()
  other.far.end()
  await closed(other.near, others)
  expect(others).toEqual(['finish', 'end', 'close'])
})

test('what the kernel does not take at once waits, is told when written, and drains once', async () => {
  const { near, far } = await pair({ paused: true })
  const events = eventsOf(near)
  let written = 0
  while (near.writableLength === 0) near.write(Buffer.alloc(MIB), () => written++)
  expect([near.writableNeedDrain, near.write(Buffer.from('x'), () => written++)]).toEqual([true, false])
  const before = written
  far.socket.resume()
  await once(near, 'drain')
  expect([near.writableLength, near.writableNeedDrain]).toEqual([0, false])
  expect(written).toBe(before + 2)
  expect(events).toEqual(['drain'])
})

test('a FIN goes behind all that waits', async () => {
  const { near, far } = await pair({ paused: true })
  let sent = 0
  while (near.writableLength === 0) {
    near.write(Buffer.alloc(MIB))
    sent += MIB
  }
  near.end()
  expect(near.writableFinished).toBe(false)
  far.socket.resume()
  await far.until('the end', () => far.ended)
  expect(far.count).toBe(sent)
  expect(near.writableFinished).toBe(true)
})

test('reading stops where its reader says so, and goes on', async () => {
  const { near, far } = await pair()
  const chunks = received(near, () => false)
  near.resume()
  far.send('one')
  await eventually('the first chunk', () => chunks.length === 1)
  far.send('two')
  near.write(Buffer.from('round trip'))
  await far.receives('round trip')
  expect(Buffer.concat(chunks).toString()).toBe('one')
  near.resume()
  far.send('three')
  await eventually('the rest', () => chunks.length > 1)
})

test('a reset by the peer is an error, then a close', async () => {
  const { near, far } = await pair()
  const events = eventsOf(near)
  received(near)
  near.resume()
  far.reset()
  await closed(near, events)
  expect(events).toEqual(['error ECONNRESET', 'close'])
  expect(near.write(Buffer.from('x'))).toBe(false)
})

test('resetAndDestroy arrives as a reset, and closes once', async () => {
  const { near, far } = await pair()
  const events = eventsOf(near)
  near.resetAndDestroy()
  near.resetAndDestroy()
  near.destroy()
  await far.receivesReset()
  expect(events).toEqual(['close'])
})

test('bytes that were never taken are told of too, and not before the connection is closed below', async () => {
  for (const end of ['reset by us', 'reset by the peer'] as const) {
    const { near, far } = await pair({ paused: true })
    const events = eventsOf(near)
    const written = new Promise<readonly string[]>((resolve) => near.write(Buffer.alloc(32 * MIB), () => resolve([...events])))
    expect(near.writableLength).toBe(32 * MIB)
    if (end === 'reset by us') near.resetAndDestroy()
    else far.reset()
    near.resume()
    expect(await written).not.toContain('close')
    await closed(near, events)
    expect([near.destroyed, near.writableLength]).toEqual([true, 0])
  }
})

test('writing to a peer that has gone fails in a later turn', async () => {
  const { near, far } = await pair()
  const events = eventsOf(near)
  far.reset()
  await far.until('it to be closed', () => far.closed)
  near.write(Buffer.from('x'))
  near.write(Buffer.from('y'))
  expect(events).toEqual([])
  if (!near.destroyed) near.write(Buffer.from('z'))
  await closed(near, events)
  expect(events.at(-1)).toBe('close')
  expect(events[0]).toMatch(/^error (EPIPE|ECONNRESET)$/)
})

test('a connection that is refused is an error, then a close', async () => {
  const server = net.createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  const wire = connectTo(port)
  const events = eventsOf(wire)
  await closed(wire, events)
  expect(events).toEqual(['error ECONNREFUSED', 'close'])
})

test('one that is destroyed while it connects says nothing more than that it closed', async () => {
  const wire = connectTo(9)
  const events = eventsOf(wire)
  wire.destroy()
  await closed(wire, events)
  await new Promise((resolve) => setImmediate(resolve))
  expect(events).toEqual(['close'])
})

test('it knows its ends, of IPv6 as well', async () => {
  const server = net.createServer()
  server.listen(0, '::1')
  await once(server, 'listening')
  const accepting = new Promise<TcpConnection>((resolve, reject) => acceptFrom(server, resolve, reject))
  const { port } = server.address() as net.AddressInfo
  const wire = connectTo(port, '::1')
  await once(wire, 'connect')
  const accepted = await accepting
  onTestFinished(() => {
    accepted.destroy()
    server.close()
  })
  expect([wire.remoteAddress, wire.remotePort]).toEqual(['::1', port])
  expect([accepted.localAddress, accepted.localPort]).toEqual(['::1', port])
  expect([accepted.remoteAddress, accepted.remotePort]).toEqual([wire.localAddress, wire.localPort])
})

test('what its reader throws ends this connection and no other', async () => {
  const { near, far } = await pair()
  const events = eventsOf(near)
  received(near, () => {
    throw Object.assign(new Error('a fault of ours'), { code: 'FAULT' })
  })
  near.resume()
  far.send('x')
  await closed(near, events)
  expect(events).toEqual(['error FAULT', 'close'])
})

test('whoever waits for a write hears of it in any case', async () => {
  const { near } = await pair()
  let told = 0
  near.destroy()
  near.write(Buffer.from('x'), () => told++)
  expect(told).toBe(1)
})
