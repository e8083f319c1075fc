import { expect, test } from 'vitest'
import { formatCidr } from '../../../src/model/cidr.ts'
import { compileNetworks } from '../../../src/policy/matchers/networks.ts'

test('networks are read in order, and each that is none is reported with its place', () => {
  const reports: string[] = []
  const items = ['10.0.0.0/8', '10.1.2.3/8', '10.0.0.0/40', 'zoom.us', '2001:DB8::/32', 'a\n'.repeat(90)]
  const networks = compileNetworks(items, (index, message) => reports.push(`${index} ${message}`))
  expect(networks.map(formatCidr)).toEqual(['10.0.0.0/8', '2001:db8::/32'])
  expect(reports.slice(0, 3)).toEqual([
    '1 "10.1.2.3/8" is not the start of a network, did you mean "10.0.0.0/8"?',
    '2 "10.0.0.0/40" is not a network: the prefix length is out of range',
    '3 "zoom.us" is not a network (write 10.0.0.0/8 or 2001:db8::/32)',
  ])
  expect(reports[3]).toMatch(/^5 "a\\u000aa[^\n]{1,150}$/)
})
