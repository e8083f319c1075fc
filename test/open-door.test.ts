import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { admissionFor } from '../src/config/limits.ts'
import { loadSettings } from '../src/config/load.ts'
import { openDoor } from '../src/open-door.ts'
import { roadOf } from './support/proxy-under-test.ts'
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
