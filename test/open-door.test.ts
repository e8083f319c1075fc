import { execFile } from 'node:child_process'
import { once } from 'node:events'
import tls from 'node:tls'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { admissionFor } from '../src/config/limits.ts'
import { loadSettings } from '../src/config/load.ts'
import type { InboundSettings } from '../src/config/settings.ts'
import { DoorTls } from '../src/inbound/tls.ts'
import { type Cidr, parseCidr } from '../src/model/cidr.ts'
import { openDoor } from '../src/open-door.ts'
import { issueForDoor, type Made, makeAuthority } from './support/certificates.ts'
import { eventually, roadOf } from './support/proxy-under-test.ts'
import { Peer } from './support/socket-pair.ts'

test('a door of the settings serves clients until it stops, and its flows are those of the house', async () => {
  const settings = loadSettings({ listen: '127.0.0.1:0' })
  const { road, writer, doors } = roadOf({})
  const flows = new Set<Promise<void>>()
  const house = {
    road,
    ownDoors: doors,
    flows,
    users: null,
    admission: admissionFor(settings, () => 0, pino({ level: 'silent' })),
    tls: new Map<string, never>(),
    via: 'ringfence-test',
    attributions: () => [],
    log: pino({ level: 'silent' }),
  }
  const door = await openDoor(settings.inbounds[0], settings, house)
  onTestFinished(() => door.stop(0))

  const client = await Peer.connect(door.listener.bound.port)
  client.send('GET http://127.0.0.1:25/ HTTP/1.1\r\nHost: 127.0.0.1:25\r\n\r\n')
  await client.until('an answer', () => client.text.includes('\r\n\r\n'))
  expect(client.text).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
  expect(writer.decided.map(({ inbound, verdict }) => [inbound, verdict])).toEqual([['mixed', 'block']])

  await door.stop(0)
  expect(flows.size).toBe(0)
  await expect(Peer.connect(door.listener.bound.port)).rejects.toThrow()
})

const authority = makeAuthority()
const people = makeAuthority('/CN=people')
const stranger = makeAuthority('/CN=strangers').issue('/CN=anna')
const inTls = (clients: string | null) => new DoorTls({ ...issueForDoor(authority), clients }, clients !== null)

/** A door as the settings make it, and the warnings of its log. */
async function doorWith(changes: Partial<InboundSettings> = {}, secured: DoorTls | null = null, associationsEach = 32) {
  const defaults = loadSettings({ listen: '127.0.0.1:0' })
  const { limits } = defaults
  const settings = { ...defaults, limits: { ...limits, associations: { ...limits.associations, perClient: associationsEach } } }
  const inbound: InboundSettings = { ...settings.inbounds[0], name: 'office', ...changes }
  const { road, doors } = roadOf({})
  const warned: { readonly mistake?: string; readonly count?: number; readonly msg: string }[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void warned.push(JSON.parse(line)) })
  const house = {
    road,
    ownDoors: doors,
    flows: new Set<Promise<void>>(),
    users: null,
    admission: admissionFor(settings, () => 0, log),
    tls: new Map(secured === null ? [] : [[inbound.name, secured]]),
    via: 'ringfence-test',
    attributions: () => [],
    log,
  }
  const door = await openDoor(inbound, settings, house)
  onTestFinished(() => door.stop(0))
  const { port } = door.listener.bound
  return {
    port,
    warned,
    async sends(bytes: string | Uint8Array): Promise<Peer> {
      const client = await Peer.connect(port)
      client.send(bytes)
      return client
    },
    async shakesHands(options: { readonly ca?: string; readonly shows?: Made }) {
      const own = options.shows === undefined ? {} : { cert: options.shows.certificate, key: options.shows.key }
      const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost', ca: options.ca, ...own })
      socket.on('error', () => undefined)
      onTestFinished(() => void socket.destroy())
      await new Promise((resolve) => socket.on('close', resolve))
    },
  }
}

function network(text: string): Cidr {
  const cidr = parseCidr(text)
  if ('problem' in cidr) throw new Error(cidr.problem)
  return cidr
}

/** Node's own client shakes hands first and judges the certificate then; OpenSSL's says why it leaves (RFC 8446 §6.2), as curl does. */
async function distrusts({ port }: { readonly port: number }): Promise<void> {
  const client = execFile('openssl', ['s_client', '-verify_return_error', '-connect', `127.0.0.1:${port}`], { timeout: 10_000 })
  client.stdin?.end()
  await once(client, 'close')
}

const ASSOCIATE = Uint8Array.of(5, 1, 0, 5, 3, 0, 1, 0, 0, 0, 0, 0, 0)

const REQUEST = 'CONNECT 127.0.0.1:25 HTTP/1.1\r\nHost: x\r\n\r\n'
const HEADER = 'PROXY TCP4 203.0.113.7 10.0.0.1 56324 443\r\n'

type Trial = (door: Awaited<ReturnType<typeof doorWith>>) => Promise<unknown>

test.each<[string, string, () => ReturnType<typeof doorWith>, Trial]>([
  ['http:// on a door that speaks TLS', 'no-tls', () => doorWith({}, inTls(null)), (door) => door.sends(REQUEST)],
  ['socks5:// on a door that speaks TLS', 'no-tls', () => doorWith({}, inTls(null)), (door) => door.sends(Uint8Array.of(5, 1, 0))],
  ['https:// on a door in clear', 'to-clear', () => doorWith(), (door) => door.shakesHands({})],
  [
    'no certificate',
    'no-certificate',
    () => doorWith({}, inTls(people.certificate)),
    (door) => door.shakesHands({ ca: authority.certificate }),
  ],
  [
    "a stranger's certificate",
    'certificate',
    () => doorWith({}, inTls(people.certificate)),
    (door) => door.shakesHands({ ca: authority.certificate, shows: stranger }),
  ],
  ['a door that the client does not trust', 'distrust', () => doorWith({}, inTls(null)), distrusts],
  ['a balancer without a header', 'no-header', () => doorWith({ balancers: [network('127.0.0.1')] }), (door) => door.sends(REQUEST)],
  ['a header of somebody else', 'stray-header', () => doorWith(), (door) => door.sends(HEADER + REQUEST)],
  ['such a header before TLS', 'stray-header', () => doorWith({}, inTls(null)), (door) => door.sends(HEADER)],
  ['no request', 'request', () => doorWith(), (door) => door.sends('BOGUS\r\n\r\n')],
  [
    'a client of another network',
    'network',
    () => doorWith({ clients: [{ ...network('10.0.0.0/8'), groups: [] }] }),
    (door) => door.sends(REQUEST).catch(() => null),
  ],
])('%s is told once in the log, with the door and the client', async (_what, mistake, open, wrong) => {
  const door = await open()
  await wrong(door)
  await eventually('the warning', () => door.warned.length > 0)
  await wrong(door)
  expect(door.warned).toMatchObject([{ mistake, count: 1, msg: expect.stringMatching(/^door office, client 127\.0\.0\.1: /) }])
})

test('UDP associations beyond those of a client are told', async () => {
  const door = await doorWith({}, null, 1)
  const first = await door.sends(ASSOCIATE)
  await first.receivesBytes(12)
  const second = await door.sends(ASSOCIATE)
  expect([...(await second.receivesBytes(4))].at(3)).toBe(1)
  await eventually('the warning', () => door.warned.length > 0)
  expect(door.warned).toMatchObject([
    { mistake: 'associations', msg: expect.stringContaining('more UDP associations than limits.associations_per_client') },
  ])
})

test('a look whether the door is there is no mistake, also on a door that speaks TLS or waits for a header', async () => {
  const doors = [await doorWith({}, inTls(null)), await doorWith({ balancers: [network('127.0.0.1')] })]
  for (const { port, warned } of doors) {
    const client = await Peer.connect(port)
    client.end()
    await new Promise((resolve) => client.socket.on('close', resolve))
    expect(warned).toEqual([])
  }
})

test('beside load balancers others reach the door directly, without a header, unless "clients" keeps them out', async () => {
  const balancers = [network('10.0.0.7')]
  const open = await doorWith({ balancers })
  const client = await open.sends(REQUEST)
  await client.until('an answer', () => client.text.startsWith('HTTP/1.1 403 '))
  const closed = await doorWith({ balancers, clients: [{ ...network('10.0.0.0/8'), groups: [] }] })
  await closed.sends(REQUEST).catch(() => null)
  await eventually('the warning', () => closed.warned.length > 0)
  expect(closed.warned).toMatchObject([{ mistake: 'network' }])
})
