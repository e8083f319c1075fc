import { expect, test } from 'vitest'
import { oracle } from '../../../src/geoip/cloud-ranges/oracle.ts'
import { cidr } from '../../../src/model/cidr.ts'

const file = {
  last_updated_timestamp: '2025-06-11T09:32:34.766288',
  regions: [
    {
      region: 'us-ashburn-1',
      cidrs: [
        { cidr: '192.0.2.0/24', tags: ['OCI'] },
        { cidr: '198.51.100.0/24', tags: ['OSN'] },
      ],
    },
    { region: 'ap-tokyo-1', cidrs: [{ cidr: '2001:db8::/32', tags: [] }] },
  ],
}

test('each region lists its networks', () => {
  expect(oracle.read(file)).toEqual({
    date: '2025-06-11',
    statements: [
      { network: cidr('192.0.2.0/24'), region: 'us-ashburn-1' },
      { network: cidr('198.51.100.0/24'), region: 'us-ashburn-1' },
      { network: cidr('2001:db8::/32'), region: 'ap-tokyo-1' },
    ],
  })
})

test('Oracle lists no anycast', () => {
  expect(oracle.anycast(file)).toEqual([])
})

test('a bad prefix is named by its region', () => {
  expect(() => oracle.read({ regions: [{ region: 'ap-tokyo-1', cidrs: [{ cidr: 'tokyo' }] }] })).toThrow(
    '"tokyo" of region ap-tokyo-1 is not a prefix',
  )
})
