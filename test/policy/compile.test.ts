import { expect, test } from 'vitest'
import { compilePolicy, withMode } from '../../src/policy/compile.ts'
import { ip, policy, strict } from './words.ts'

const full = `
version: 1
mode: enforce
uncertain: { disputed: block, unknown: log, anycast: allow }
local_network: { allow: [10.0.0.0/8], otherwise: block }
fences:
  - name: home
    traffic: { host: [Zoom.US, "*.Zoom.us"], port: [443, "8801-8810"], cidr: "2001:DB8::/32" }
    only: [SG, IN]
    except:
      - { host: www3.zoom.us, to: [US], until: 2027-06-30, reason: sign-in }
    uncertain: { unknown: block }
`

test('what was compiled is written out in full and in one form', () => {
  expect(compilePolicy(full, 'p.yaml', 'p').document).toEqual({
    version: 1,
    mode: 'enforce',
    uncertain: { disputed: 'block', unknown: 'log', anycast: 'allow' },
    local_network: { allow: ['10.0.0.0/8'], otherwise: 'block' },
    fences: [
      {
        name: 'home',
        traffic: { host: ['zoom.us', '*.zoom.us'], cidr: ['2001:db8::/32'], port: [443, '8801-8810'] },
        only: ['IN', 'SG'],
        except: [{ host: ['www3.zoom.us'], to: ['US'], until: '2027-06-30', reason: 'sign-in' }],
        action: 'block',
        uncertain: { disputed: 'block', unknown: 'block', anycast: 'allow' },
      },
    ],
  })
})

test('policies that mean the same have the same hash', () => {
  const other = full
    .replace('SG, IN', 'IN, SG')
    .replace('[Zoom.US, "*.Zoom.us"]', '[zoom.us, "*.zoom.us"]')
    .replace('2001:DB8::/32', '2001:db8:0::/32')
  expect(other).not.toBe(full)
  expect(compilePolicy(other, 'q.yaml', 'q').hash).toBe(compilePolicy(full, 'p.yaml', 'p').hash)
  expect(compilePolicy(full, 'p.yaml', 'p').hash).toMatch(/^[0-9a-f]{64}$/)
})

test.each([
  ['mode: enforce', 'mode: observe'],
  ['unknown: log', 'unknown: allow'],
  ['10.0.0.0/8', '10.0.0.0/9'],
  ['name: home', 'name: away'],
  ['only:', 'never:'],
  ['SG, IN', 'SG, CN'],
  ['2027-06-30', '2027-07-01'],
  ['8810', '8811'],
  ['sign-in', 'other'],
])('%s or %s: another hash', (from, to) => {
  expect(compilePolicy(full.replace(from, to), 'p.yaml', 'p').hash).not.toBe(compilePolicy(full, 'p.yaml', 'p').hash)
})

test('a policy in another mode differs in mode and hash, and comes back', () => {
  const enforcing = compilePolicy(full, 'p.yaml', 'p')
  const observing = withMode(enforcing, 'observe')
  expect(observing).toEqual({ ...enforcing, mode: 'observe', hash: observing.hash, document: { ...enforcing.document, mode: 'observe' } })
  expect(observing.hash).not.toBe(enforcing.hash)
  expect(withMode(observing, 'enforce').hash).toBe(enforcing.hash)
  expect(withMode(enforcing, 'enforce')).toBe(enforcing)
})

test('a policy is frozen', () => expect(Object.isFrozen(withMode(policy({}), 'observe'))).toBe(true))

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
    fences: [{ name: 'a', never: ['CN'], except: [{ port: 443, until: '2028-02-29', reason: 'a leap day' }] }],
  }).fences
  expect(fence?.exceptions[0]?.endsAt).toBe(Date.UTC(2028, 2, 1))
})
