import { expect, test } from 'vitest'
import { cidr } from '../../src/model/cidr.ts'
import { type BoundDoor, isBalanced, reachableDoors } from '../../src/web/reachable.ts'
import { ip } from '../policy/words.ts'

const door = (host: string, port: number, login: 'none' | 'required' = 'none'): BoundDoor => ({
  bound: { host: ip(host), port },
  login,
  tls: null,
  clients: [],
  balancers: [],
})

test('a door on loopback comes first, then one on every address, which is reached by loopback too', () => {
  expect(reachableDoors([door('10.0.0.1', 3128, 'required'), door('0.0.0.0', 8080), door('::', 8080), door('::1', 1)])).toEqual([
    { at: '[::1]:1', login: false, secure: false },
    { at: '127.0.0.1:8080', login: false, secure: false },
    { at: '[::1]:8080', login: false, secure: false },
    { at: '10.0.0.1:3128', login: true, secure: false },
  ])
})

test('one with a certificate is told apart', () => {
  const tls = { certificate: 'a.crt', key: 'a.key', clients: null }
  expect(reachableDoors([{ ...door('10.0.0.1', 443), tls }])).toEqual([{ at: '10.0.0.1:443', login: false, secure: true }])
})

test('doors that turn away what comes from this machine come last', () => {
  const balanced = { ...door('127.0.0.1', 1), balancers: [cidr('127.0.0.1')] }
  const office = { ...door('0.0.0.0', 2), clients: [{ ...cidr('10.0.0.0/8'), groups: [] }] }
  const own = { ...door('10.0.0.1', 3), clients: [{ ...cidr('10.0.0.0/8'), groups: [] }] }
  expect(reachableDoors([balanced, office, own]).map(({ at }) => at)).toEqual(['10.0.0.1:3', '127.0.0.1:1', '127.0.0.1:2'])
  expect([balanced, office, own].map(isBalanced)).toEqual([true, false, false])
})
