import { once } from 'node:events'
import net from 'node:net'
import dnsPacket from 'dns-packet'
import { expect, onTestFinished, test } from 'vitest'
import { createTcpExchange } from '../../../src/egress/resolver/tcp.ts'
import { StopSource } from '../../../src/model/stop.ts'
import { onMessages, withLength } from '../../support/name-server.ts'

interface Asked {
  readonly name: string
  readonly socket: net.Socket
  /** How many connections there were, this one included. */
  readonly connection: number
  reply(address: string): Buffer
}

/** A server that does with each question what the test says. */
async function serving(does: (asked: Asked) => void) {
  let connections = 0
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    const connection = ++connections
    sockets.add(socket)
    socket.on('error', () => undefined)
    onMessages(socket, (message) => {
      const { id = 0, questions = [] } = dnsPacket.decode(message)
      const name = questions[0]?.name ?? ''
      const reply = (data: string) =>
        withLength(dnsPacket.encode({ type: 'response', id, flags: 0x180, questions, answers: [{ type: 'A', name, ttl: 60, data }] }))
      does({ name, socket, connection, reply })
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as net.AddressInfo
  let now = 0
  const exchange = createTcpExchange({ host: '127.0.0.1', port }, { monotonic: () => now })
  const stop = new StopSource()
  return {
    ask: (name: string, until = stop) => exchange.exchange({ name, type: 'A', edns: true }, until),
    connections: () => connections,
    pass: (milliseconds: number) => {
      now += milliseconds
    },
  }
}

const answers = (address: string) => ({ kind: 'response', response: { answers: [{ ip: address }] } })

test('answers come in any order and in any pieces', async () => {
  const held: Asked[] = []
  const { ask, connections } = await serving((asked) => {
    held.push(asked)
    if (held.length < 2) return
    const bytes = Buffer.concat(held.reverse().map(({ reply, name }) => reply(name === 'a.test' ? '192.0.2.1' : '192.0.2.2')))
    const next = (at: number) => {
      if (at < bytes.length) asked.socket.write(bytes.subarray(at, at + 1), () => next(at + 1))
    }
    asked.socket.setNoDelay(true)
    next(0)
  })
  expect(await Promise.all([ask('a.test'), ask('b.test')])).toMatchObject([answers('192.0.2.1'), answers('192.0.2.2')])
  expect(connections()).toBe(1)
})

test.each([
  ['what is no DNS message', Buffer.from('000c00000000000000000000dead', 'hex')],
  ['a message shorter than a header', Buffer.from('0003c0ffee', 'hex')],
  ['an HTTP answer', Buffer.from(`HTTP/1.1 400 Bad Request\r\n\r\n${'x'.repeat(0x4854)}`)],
])('%s ends the connection; the question gets one more, and no third', async (_what, bytes) => {
  const { ask, connections } = await serving(({ socket }) => socket.write(bytes))
  expect(await ask('a.test')).toMatchObject({ kind: 'failed', why: 'sent what is no DNS message' })
  expect(connections()).toBe(2)
})

test('a connection that ends under a question is followed by another', async () => {
  const { ask, connections } = await serving(({ socket, connection, reply }) =>
    connection === 1 ? socket.destroy() : socket.write(reply('192.0.2.1')),
  )
  expect(await ask('a.test')).toMatchObject(answers('192.0.2.1'))
  expect(connections()).toBe(2)
})

test('one that ends every time is a failure', async () => {
  const { ask, connections } = await serving(({ socket }) => socket.end())
  expect(await ask('a.test')).toMatchObject({ kind: 'failed', why: 'closed the connection' })
  expect(connections()).toBe(2)
})

test('what belongs to no question is passed over', async () => {
  const { ask } = await serving(({ socket, reply }) => {
    const lie = reply('192.0.2.66')
    lie.writeUInt16BE((lie.readUInt16BE(2) + 1) & 0xffff, 2)
    socket.write(Buffer.concat([lie, reply('192.0.2.1')]))
  })
  expect(await ask('a.test')).toMatchObject(answers('192.0.2.1'))
})

test('half an answer is none, since there is no larger transport to go to', async () => {
  const { ask } = await serving(({ socket, reply }) => {
    const cut = reply('192.0.2.1')
    cut[4] = (cut[4] ?? 0) | 0x02
    socket.write(cut)
  })
  expect(await ask('a.test')).toMatchObject({ kind: 'failed', why: 'sent half an answer' })
})

test('who leaves ends nobody else’s question; and a connection that said nothing for long gets no more', async () => {
  const { ask, connections, pass } = await serving(({ name, socket, reply }) => {
    if (name !== 'silent.test') socket.write(reply('192.0.2.1'))
  })
  const leaving = new StopSource()
  const left = ask('silent.test', leaving)
  expect(await ask('a.test')).toMatchObject(answers('192.0.2.1'))
  leaving.abort(null)
  expect(await left).toMatchObject({ kind: 'timeout' })
  expect(await ask('a.test')).toMatchObject(answers('192.0.2.1'))
  expect(connections()).toBe(1)

  pass(1_000)
  const again = new StopSource()
  const stalled = ask('silent.test', again)
  pass(1_000)
  again.abort(null)
  await stalled
  expect(await ask('a.test')).toMatchObject(answers('192.0.2.1'))
  expect(connections()).toBe(2)
})

test('an answer that is malformed fails its own question, and no other of the connection', async () => {
  const { ask, connections } = await serving(({ name, socket, reply }) => {
    const bytes = reply('192.0.2.1')
    // The record now claims more data than there is.
    if (name === 'odd.test') bytes.writeUInt16BE(255, bytes.length - 6)
    if (name === 'odd.test') socket.write(bytes)
    else setTimeout(() => socket.write(bytes), 30)
  })
  const [good, odd] = await Promise.all([ask('a.test'), ask('odd.test')])
  expect(good).toMatchObject(answers('192.0.2.1'))
  expect(odd).toEqual({ kind: 'failed', why: 'sent what is no DNS message' })
  expect(connections()).toBe(1)
})
