import { expect, test } from 'vitest'
import { reachableDoors } from '../../src/web/reachable.ts'
import { ip } from '../policy/words.ts'

const door = (host: string, port: number, login: 'none' | 'required' = 'none') => ({ bound: { host: ip(host), port }, login, tls: null })

test('a door on loopback comes first, and one on every address is reached by loopback', () => {
  expect(reachableDoors([door('10.0.0.1', 3128, 'required'), door('0.0.0.0', 8080), door('::', 8080), door('::1', 1)])).toEqual([
    { at: '127.0.0.1:8080', login: false, secure: false },
    { at: '[::1]:8080', login: false, secure: false },
    { at: '[::1]:1', login: false, secure: false },
    { at: '10.0.0.1:3128', login: true, secure: false },
  ])
})

test('one with a certificate is told apart', () => {
  const tls = { certificate: 'a.crt', key: 'a.key', clients: null }
  expect(reachableDoors([{ ...door('10.0.0.1', 443), tls }])).toEqual([{ at: '10.0.0.1:443', login: false, secure: true }])
})
