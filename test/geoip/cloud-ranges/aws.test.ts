import { expect, test } from 'vitest'
import { aws } from '../../../src/geoip/cloud-ranges/aws.ts'
import { cidr } from '../../../src/model/cidr.ts'

const file = {
  syncToken: '1776733025',
  createDate: '2026-04-21-00-57-05',
  prefixes: [
    { ip_prefix: '192.0.2.0/24', region: 'us-east-1', service: 'AMAZON', network_border_group: 'us-east-1-lim-1' },
    { ip_prefix: '192.0.2.0/24', region: 'us-east-1', service: 'EC2', network_border_group: 'us-east-1-lim-1' },
    { ip_prefix: '198.51.100.0/24', region: 'eu-west-1', service: 'AMAZON' },
    { ip_prefix: '203.0.113.0/25', region: 'GLOBAL', service: 'GLOBALACCELERATOR', network_border_group: 'GLOBAL' },
    { ip_prefix: '203.0.113.128/25', region: 'GLOBAL', service: 'CLOUDFRONT', network_border_group: 'GLOBAL' },
  ],
  ipv6_prefixes: [{ ipv6_prefix: '2001:db8::/32', region: 'eu-west-1', service: 'GLOBALACCELERATOR', network_border_group: 'eu-west-1' }],
}

test('the border group decides, the region where there is none, and GLOBAL is no place', () => {
  const { statements, date } = aws.read(file)
  expect(date).toBe('2026-04-21')
  expect(statements.map(({ region }) => region)).toEqual(['us-east-1-lim-1', 'us-east-1-lim-1', 'eu-west-1', null, null, 'eu-west-1'])
  expect(statements.at(-1)?.network).toEqual(cidr('2001:db8::/32'))
})

test('anycast are the addresses of Global Accelerator that are in no region', () => {
  expect(aws.anycast(file)).toEqual([{ network: cidr('203.0.113.0/25'), whose: 'AWS Global Accelerator' }])
})

test('a bad prefix is named', () => {
  const bad = { ...file, ipv6_prefixes: [{ ...file.ipv6_prefixes[0], ipv6_prefix: '2001:db8::1/32' }] }
  expect(() => aws.read(bad)).toThrow('"2001:db8::1/32" of region eu-west-1 is not a prefix')
})
