import { expect, test } from 'vitest'
import { google } from '../../../src/geoip/cloud-ranges/google.ts'
import { cidr } from '../../../src/model/cidr.ts'

const file = {
  creationTime: '2026-04-20T19:03:49.598908',
  prefixes: [
    { ipv4Prefix: '192.0.2.0/24', service: 'Google Cloud', scope: 'asia-east1' },
    { ipv6Prefix: '2001:db8::/44', service: 'Google Cloud', scope: 'europe-west1' },
    { ipv4Prefix: '198.51.100.0/24', service: 'Google Cloud', scope: 'global' },
  ],
}

test('a scope is a region, and global is no place', () => {
  expect(google.read(file)).toEqual({
    date: '2026-04-20',
    statements: [
      { network: cidr('192.0.2.0/24'), region: 'asia-east1' },
      { network: cidr('2001:db8::/44'), region: 'europe-west1' },
      { network: cidr('198.51.100.0/24'), region: null },
    ],
  })
})

test('anycast is what is global', () => {
  expect(google.anycast(file)).toEqual([{ network: cidr('198.51.100.0/24'), whose: 'Google Cloud global load balancing' }])
})

test.each([
  [{ scope: 'asia-east1' }, 'prefixes[0]: has neither "ipv4Prefix" nor "ipv6Prefix"'],
  [{ ipv4Prefix: '192.0.2.0/24' }, 'prefixes[0].scope: '],
  [{ ipv4Prefix: '192.0.2.0', scope: 'asia-east1', ipv6Prefix: 'x' }, '"x" of scope asia-east1 is not a prefix'],
])('a faulty entry is named: %j', (entry, message) => {
  expect(() => google.read({ prefixes: [entry] })).toThrow(message)
})
