import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { withMode } from '../../src/policy/canonical.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { policy } from './words.ts'

const full = `
version: 1
mode: enforce
uncertain: { disputed: block, unknown: log, anycast: allow }
local_network: { allow: [10.0.0.0/8, FC00::/7], otherwise: block }
fences:
  - name: home
    traffic: { host: [Zoom.US, "*.Zoom.us"], port: [443, "8801-8810"], cidr: "2A00:1450::/32" }
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
    local_network: { allow: ['10.0.0.0/8', 'fc00::/7'], otherwise: 'block' },
    fences: [
      {
        name: 'home',
        traffic: { host: ['zoom.us', '*.zoom.us'], cidr: ['2a00:1450::/32'], port: [443, '8801-8810'] },
        only: ['IN', 'SG'],
        country_of: ['server'],
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
    .replace('2A00:1450::/32', '2a00:1450:0::/32')
    .replace('[10.0.0.0/8, FC00::/7]', '[fc00:0::/7, 10.0.0.0/8, 10.0.0.0/8]')
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

test('what is said in vain changes nothing: a default is written out', () => {
  expect(policy({}).document).toEqual({ version: 1, mode: 'enforce', local_network: 'allow', fences: [] })
  expect(policy({ local_network: 'allow', fences: [] }).hash).toBe(policy({}).hash)
  expect(policy({ local_network: 'block' }).hash).not.toBe(policy({}).hash)
})

test('the canonical form compiles to itself', () => {
  const first = compilePolicy(full, 'p.yaml', 'p')
  const second = compilePolicy(stringify(first.document), 'printed.yaml', 'p')
  expect([second.document, second.hash]).toEqual([first.document, first.hash])
})
