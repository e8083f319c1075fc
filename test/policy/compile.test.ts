import { expect, test } from 'vitest'
import { ip, policy, strict } from './words.ts'

test('whether local_network was said is known, and "allow" is what silence means', () => {
  expect(policy({}).saysLocalNetwork).toBe(false)
  expect(policy({}).localNetwork.effect(ip('10.0.0.5'))).toBe('allow')
  expect(policy({ local_network: 'allow' }).saysLocalNetwork).toBe(true)
})

test('local_network as a list: what is in it is allowed, the rest is what "otherwise" says', () => {
  const { localNetwork } = policy({ local_network: { allow: ['10.0.0.0/8'], otherwise: 'log' } })
  expect([localNetwork.effect(ip('10.1.1.1')), localNetwork.effect(ip('192.168.1.1')), localNetwork.worst]).toEqual(['allow', 'log', 'log'])
})

test('an exception ends with its day, in UTC', () => {
  const [fence] = policy({
    uncertain: strict,
    fences: [{ name: 'a', never: ['CN'], except: [{ host: 'a.example', until: '2028-02-29', reason: 'a leap day' }] }],
  }).fences
  expect(fence?.exceptions[0]?.endsAt).toBe(Date.UTC(2028, 2, 1))
})
