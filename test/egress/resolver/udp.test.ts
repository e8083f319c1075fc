import dgram from 'node:dgram'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { createUdp, createUdpExchange } from '../../../src/egress/resolver/udp.ts'
import { StopSource } from '../../../src/model/stop.ts'
import { type Lie, startNameServer, type ZoneFunction, type ZoneTable } from '../../support/name-server.ts'
import { ip } from '../support.ts'
import { askFor, settingsFor } from './settings.ts'

const FORGED = '192.0.2.66'

async function serving(zone: ZoneTable) {
  const server = await startNameServer({ zone })
  onTestFinished(() => server.close())
  return { server, udp: createUdp({ host: ip('127.0.0.1'), port: server.port }, settingsFor()) }
}

test('it asks the server at its address and port, once for each family', async () => {
  const { server, udp } = await serving({ 'a.test': { A: ['192.0.2.1'] } })
  expect(udp.label).toBe(`udp://127.0.0.1:${server.port}`)
  expect(await askFor(udp, 'a.test')).toEqual({ kind: 'addresses', ips: ['192.0.2.1'] })
  expect([server.count('a.test', 'A'), server.count('a.test', 'AAAA')]).toEqual([1, 1])
})

test('IPv6 stands in brackets', () => {
  expect(createUdp({ host: ip('2001:db8::53'), port: 53 }, settingsFor()).label).toBe('udp://[2001:db8::53]:53')
})

const lies: readonly Lie[] = ['id', 'question', 'source', 'header']

test.each(lies)('what does not answer the question (another %s) is passed over, and the wait goes on', async (lie) => {
  const { udp } = await serving({
    'alone.test': { A: [FORGED], AAAA: [FORGED.replace(/.*/, '2001:db8::66')], lie },
    'before.test': { A: ['192.0.2.1'], lie, honest: true },
  })
  const why = lie === 'source' ? { kind: 'timeout' } : { kind: 'failed', why: 'sent nothing that answers the question' }
  expect(await askFor(udp, 'alone.test')).toMatchObject(why)
  expect(await askFor(udp, 'before.test')).toEqual({ kind: 'addresses', ips: ['192.0.2.1'] })
})

test('after sixteen wrong guesses at its id the question is put over TCP', async () => {
  const guesses = (query: Buffer) =>
    Array.from({ length: 16 }, (_, i) => {
      const guess = Buffer.from(query)
      guess.writeUInt16BE((query.readUInt16BE(0) + 1 + i) & 0xffff, 0)
      return guess
    })
  const zone: ZoneFunction = (_name, type, asked) => (asked === 0 ? { instead: guesses } : type === 'A' ? { A: ['192.0.2.1'] } : {})
  const server = await startNameServer({ zone })
  onTestFinished(() => server.close())
  const udp = createUdp({ host: ip('127.0.0.1'), port: server.port }, settingsFor({ retryMs: 10_000 }))
  expect(await askFor(udp, 'a.test', 2_000)).toEqual({ kind: 'addresses', ips: ['192.0.2.1'] })
  expect([server.count('a.test', 'A'), server.count('a.test', 'AAAA')]).toEqual([2, 2])
})

test('records of another name are no answer', async () => {
  const { udp } = await serving({ 'a.test': { A: [FORGED], lie: 'records' } })
  expect(await askFor(udp, 'a.test')).toMatchObject({ kind: 'not-found' })
})

test('a question that got lost is sent again, the same one from the same port', async () => {
  const seen: string[] = []
  const socket = dgram.createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  socket.on('message', (message, from) => seen.push(`${from.port} ${message.toString('hex')}`))
  const exchange = createUdpExchange({ host: '127.0.0.1', port: socket.address().port }, settingsFor({ retryMs: 40 }))
  const stop = new StopSource()
  const asked = exchange.exchange({ name: 'a.test', type: 'A', edns: true }, stop)
  // At 0, 40 and 120 ms: each wait is twice as long as the one before.
  while (seen.length < 3) await once(socket, 'message')
  stop.abort(null)
  expect(await asked).toMatchObject({ kind: 'timeout' })
  expect(new Set(seen).size).toBe(1)
})

test('each question has a port and an id of its own', async () => {
  const seen: { port: number; id: number }[] = []
  const socket = dgram.createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  onTestFinished(() => void socket.close())
  socket.on('message', (message, from) => seen.push({ port: from.port, id: message.readUInt16BE(0) }))
  const exchange = createUdpExchange({ host: '127.0.0.1', port: socket.address().port }, settingsFor({ retryMs: 60_000 }))
  const stop = new StopSource()
  const asked = Array.from({ length: 20 }, () => exchange.exchange({ name: 'a.test', type: 'A', edns: true }, stop))
  while (seen.length < 20) await once(socket, 'message')
  stop.abort(null)
  await Promise.all(asked)
  expect(new Set(seen.map(({ port }) => port)).size).toBe(20)
  expect(new Set(seen.map(({ id }) => id)).size).toBeGreaterThan(17)
})

// As without a route: the system refuses to connect. Here since no socket of ours may send to the broadcast address.
test('one that there is no way to could not be reached, at once', async () => {
  const udp = createUdp({ host: ip('255.255.255.255'), port: 53 }, settingsFor())
  expect(await askFor(udp, 'a.test', 5_000)).toMatchObject({ kind: 'failed', why: 'could not be reached' })
})

test('given up at any moment while the system refuses to connect, it answers once', async () => {
  const exchange = createUdpExchange({ host: '255.255.255.255', port: 53 }, settingsFor())
  const kinds = new Set<string>()
  for (let moments = 0; moments < 12; moments++) {
    const stop = new StopSource()
    const asked = exchange.exchange({ name: 'a.test', type: 'A', edns: true }, stop)
    for (let moment = 0; moment < moments; moment++) await new Promise<void>((resolve) => process.nextTick(resolve))
    stop.abort(null)
    kinds.add((await asked).kind)
  }
  expect([...kinds].sort()).toEqual(['failed', 'timeout'])
})

test('an answer that is too long is fetched by TCP', async () => {
  const many = Array.from({ length: 60 }, (_, i) => `192.0.2.${i}`)
  const { udp } = await serving({ 'long.test': { A: many, truncated: true } })
  expect(await askFor(udp, 'long.test')).toEqual({ kind: 'addresses', ips: many })
})
