import { expect, test } from 'vitest'
import { fenceDocument, policyDocument } from '../../src/policy/document.ts'
import { matcherNames } from '../../src/policy/matchers/index.ts'

const accepts = (fence: object): boolean => fenceDocument.safeParse({ name: 'one', never: ['CN'], ...fence }).success

test('the least policy is a version and a mode', () => {
  expect(policyDocument.parse({ version: 1, mode: 'observe' })).toEqual({ version: 1, mode: 'observe' })
  for (const bad of [{ mode: 'observe' }, { version: 1 }, { version: 2, mode: 'observe' }, {}, null, [], 'text'])
    expect(policyDocument.safeParse(bad).success, JSON.stringify(bad)).toBe(false)
})

test('an unknown word is refused at every level', () => {
  expect(policyDocument.safeParse({ version: 1, mode: 'observe', extra: 1 }).success).toBe(false)
  for (const level of [
    { extra: 1 },
    { traffic: { extra: 1 } },
    { except: [{ host: 'a', reason: 'b', extra: 1 }] },
    { uncertain: { extra: 'log' } },
  ])
    expect(accepts(level), JSON.stringify(level)).toBe(false)
})

test('every matcher may stand under traffic and under except, as one value or as a list', () => {
  const one: Readonly<Record<string, unknown>> = { port: 443, network: 'tcp', during: { days: 'sun', zone: 'UTC' } }
  for (const name of matcherNames) {
    const value = one[name] ?? 'text'
    for (const form of [value, [value], [value, value]]) {
      expect(accepts({ traffic: { [name]: form } }), name).toBe(true)
      expect(accepts({ except: [{ [name]: form, reason: 'a reason' }] }), name).toBe(true)
    }
    expect(accepts({ traffic: { [name]: [] } }), name).toBe(false)
    expect(accepts({ traffic: { [name]: null } }), name).toBe(false)
  }
})

test('a fence has a name that fits a URL and a line of a log', () => {
  for (const name of ['a', 'no-cn', '5-eyes', 'x'.repeat(64)]) expect(accepts({ name }), name).toBe(true)
  for (const name of ['', '-a', 'No-CN', 'a b', 'a_b', 'é', 'x'.repeat(65), 7]) expect(accepts({ name }), String(name)).toBe(false)
})

test('a fence may block or log; to allow is no fence', () => {
  expect(accepts({ action: 'block' }) && accepts({ action: 'log' })).toBe(true)
  expect(accepts({ action: 'allow' })).toBe(false)
})

test('uncertainty is said whole for the policy, and in part for a fence', () => {
  expect(policyDocument.safeParse({ version: 1, mode: 'observe', uncertain: { unknown: 'block' } }).success).toBe(false)
  expect(accepts({ uncertain: { unknown: 'block' } }) && accepts({ uncertain: {} })).toBe(true)
})
