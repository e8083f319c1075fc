import { expect, test } from 'vitest'
import { groupsByNetwork } from '../../src/inbound/client-groups.ts'
import { cidr } from '../../src/model/cidr.ts'
import { ip } from '../support/fake-ports.ts'

const network = (text: string, ...groups: readonly string[]) => ({ ...cidr(text), groups })

test('a client is in the groups of every network that holds it, each once', () => {
  const groupsOf = groupsByNetwork([
    network('10.0.0.0/8', 'office'),
    network('10.1.0.0/16', 'office', 'berlin'),
    network('10.2.0.0/16'),
    network('2001:db8::/32', 'v6'),
  ])
  expect(groupsOf(ip('10.1.0.9'))).toEqual(['office', 'berlin'])
  expect(groupsOf(ip('10.2.0.9'))).toEqual(['office'])
  expect(groupsOf(ip('2001:db8::9'))).toEqual(['v6'])
  expect(groupsOf(ip('192.0.2.1'))).toEqual([])
})

test('without networks there are no groups', () => {
  expect(groupsByNetwork([])(ip('127.0.0.1'))).toEqual([])
})
