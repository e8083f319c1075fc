import { expect, test } from 'vitest'
import { parseIp } from '../../src/model/address.ts'
import { noApps } from '../../src/model/app.ts'
import { isHost, parseHost } from '../../src/model/hostname.ts'

test('who has no catalogue knows no app', () => {
  const [host, ip] = [parseHost('zoom.us'), parseIp('170.114.0.1')]
  if (!isHost(host) || host.kind !== 'name' || ip === null) throw new Error('sound')
  expect([noApps.named(host.name), noApps.at(ip), noApps.onPort('udp', 8801)]).toEqual([[], [], []])
})
