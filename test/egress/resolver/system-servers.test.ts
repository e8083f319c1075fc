import { isIP } from 'node:net'
import { expect, test } from 'vitest'
import { readSystemServers, systemServers } from '../../../src/egress/resolver/system-servers.ts'

test.each([
  ['192.0.2.53', { host: '192.0.2.53', port: 53 }],
  ['192.0.2.53:5353', { host: '192.0.2.53', port: 5353 }],
  ['2001:db8::53', { host: '2001:db8::53', port: 53 }],
  ['[2001:db8::53]:5353', { host: '2001:db8::53', port: 5353 }],
  ['fe80::1%eth0', { host: 'fe80::1%eth0', port: 53 }],
])('%s is a server', (text, server) => {
  expect(readSystemServers([text])).toEqual([server])
})

test.each(['', 'dns.example', '192.0.2.53:0', '192.0.2.53:99999', '[]:53'])('"%s" is none', (text) => {
  expect(readSystemServers([text])).toEqual([])
})

test('those of this machine can be read', () => {
  for (const { host } of readSystemServers(systemServers())) expect(isIP(host)).not.toBe(0)
})
