import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Ip, ipFromBytes, ipToBytes } from '../../src/model/address.ts'
import { isCloudMetadata, isLocal, judgedAddresses, scopeOf } from '../../src/model/scope.ts'
import { anyIp, ip, v4Bytes } from './words.ts'

test.each([
  ['unspecified', ['0.0.0.0', '0.1.2.3', '0.255.255.255', '::']],
  ['loopback', ['127.0.0.0', '127.0.0.1', '127.255.255.255', '::1']],
  ['private', ['10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255']],
  ['private', ['fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'fec0::', 'feff::1']],
  ['link-local', ['169.254.0.0', '169.254.255.255', 'fe80::', 'febf:ffff::1']],
  ['cgnat', ['100.64.0.0', '100.127.255.255']],
  ['multicast', ['224.0.0.0', '239.255.255.255', '255.255.255.255', 'ff00::', 'ff02::1']],
  ['global', ['1.0.0.0', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0']],
  ['global', ['169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.167.255.255', '192.169.0.0', '223.255.255.255']],
  ['global', ['191.255.255.255', '192.0.1.0', '192.0.3.0', '::2', '2001:4860:4860::8888', 'fbff::', 'fe7f::']],
  ['reserved', ['192.0.0.0', '192.0.0.8', '192.0.0.11', '192.0.0.170', '192.0.0.255', '192.0.2.0', '192.0.2.255', '192.88.99.2']],
  ['reserved', ['198.18.0.0', '198.19.255.255', '198.51.100.0', '198.51.100.255', '203.0.113.0', '203.0.113.255']],
  ['reserved', ['240.0.0.0', '255.255.255.254', '64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff', '100::', '100::ffff:ffff:ffff:ffff']],
  [
    'reserved',
    ['100:0:0:1::', '2001:1::', '2001:1::4', '2001:2::', '2001:4::', '2001:10::', '2001:1f:ffff::', '2001:40::', '2001:1ff:ffff::'],
  ],
  ['reserved', ['2001:db8::', '2001:db8:ffff::', '3fff::', '3fff:fff::1', '5f00::', '5f00:ffff::']],
  // Reachable from everywhere, inside blocks that are not.
  ['global', ['192.0.0.9', '192.0.0.10', '2001::', '2001:0:ffff::', '2001:1::1', '2001:1::2', '2001:1::3', '2001:3::', '2001:4:112::']],
  ['global', ['2001:20::', '2001:2f:ffff::', '2001:30::', '2001:3f:ffff::']],
  // Special purposes that are reachable, or of which the registries do not say that they are not.
  ['global', ['192.31.196.1', '192.52.193.1', '192.88.99.1', '192.88.99.3', '192.175.48.1', '64:ff9b::', '2002::', '2620:4f:8000::']],
  // The neighbours.
  ['global', ['192.0.3.0', '198.17.255.255', '198.20.0.0', '198.51.99.255', '198.51.101.0', '203.0.112.255', '203.0.114.0']],
  ['global', ['64:ff9b:2::', '64:ff9b:0:ffff::', '100:0:0:2::', '2001:200::', '2001:db7:ffff::', '2001:db9::', '3fff:1000::', '5f01::']],
] as const)('%s: %j', (scope, addresses) => {
  for (const address of addresses) expect(scopeOf(ip(address)), address).toBe(scope)
})

test('local is all that is neither global nor unspecified', () =>
  fc.assert(
    fc.property(anyIp, (address) => {
      expect(isLocal(address)).toBe(!['global', 'unspecified'].includes(scopeOf(address)))
    }),
  ))

test.each([
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '169.254.0.23',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  '::ffff:169.254.169.254',
])('%s hands out credentials', (address) => expect(isCloudMetadata(ip(address))).toBe(true))

test.each(['169.254.169.253', '169.254.1.1', '100.100.100.201', 'fd00:ec2::253', '8.8.8.8'])('%s hands out none', (address) =>
  expect(isCloudMetadata(ip(address))).toBe(false),
)

test.each<[what: string, dialled: string, judged: readonly string[]]>([
  ['IPv4', '52.81.151.250', ['52.81.151.250']],
  ['plain IPv6', '2001:4860:4860::8888', ['2001:4860:4860::8888']],
  ['NAT64', '64:ff9b::7f00:1', ['127.0.0.1']],
  ['NAT64', '64:ff9b::169.254.169.254', ['169.254.169.254']],
  ['6to4', '2002:3451:97fa::1', ['52.81.151.250']],
  ['6to4 of a local address', '2002:7f00:1::', ['127.0.0.1']],
  // RFC 4380 §4: server 65.54.227.120, client 192.0.2.45
  ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2', ['2001:0:4136:e378:8000:63bf:3fff:fdd2', '65.54.227.120', '192.0.2.45']],
  ['ISATAP', 'fe80::5efe:10.0.0.5', ['fe80::5efe:a00:5', '10.0.0.5']],
  ['ISATAP with the universal bit', '2001:db8::200:5efe:198.51.100.7', ['2001:db8::200:5efe:c633:6407', '198.51.100.7']],
  ['IPv4-compatible', '::127.0.0.1', ['::7f00:1', '127.0.0.1']],
  ['loopback, not compatible', '::1', ['::1']],
  ['unspecified, not compatible', '::', ['::']],
  ['IPv4-mapped', '::ffff:127.0.0.1', ['127.0.0.1']],
  ['local NAT64', '64:ff9b:1:fffe::3451:97fa', ['64:ff9b:1:fffe::3451:97fa', '52.81.151.250']],
  ['nearly NAT64', '64:ff9b:0:0:0:1:7f00:1', ['64:ff9b::1:7f00:1']],
  ['nearly Teredo', '2001:1::7f00:1', ['2001:1::7f00:1']],
])('%s: %s is judged as %j', (_, dialled, judged) => expect(judgedAddresses(ip(dialled))).toEqual(judged))

const forms: Readonly<Record<string, (v4: Uint8Array) => readonly number[]>> = {
  NAT64: (v4) => [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, ...v4],
  'local NAT64': (v4) => [0, 0x64, 0xff, 0x9b, 0, 1, 0xff, 0xfe, 0, 0, 0, 0, ...v4],
  '6to4': (v4) => [0x20, 0x02, ...v4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  'Teredo server': (v4) => [0x20, 0x01, 0, 0, ...v4, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
  'Teredo client': (v4) => [0x20, 0x01, 0, 0, 65, 54, 227, 120, 0, 0, 0, 0, ...v4.map((byte) => byte ^ 0xff)],
  ISATAP: (v4) => [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0x5e, 0xfe, ...v4],
  mapped: (v4) => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...v4],
}

test.each(Object.keys(forms))('%s: the IPv4 address inside is always judged', (form) =>
  fc.assert(
    fc.property(v4Bytes, (v4) => {
      const outer = ipFromBytes(Uint8Array.from(forms[form]?.(v4) ?? []))
      expect(judgedAddresses(outer)).toContain(ipFromBytes(v4))
    }),
  ),
)

test('what is judged never stands for yet another address', () =>
  fc.assert(
    fc.property(anyIp, (address) => {
      const isItself = (judged: Ip) => judged === address || ipToBytes(judged).length === 4
      expect(judgedAddresses(address).every(isItself)).toBe(true)
    }),
  ))
