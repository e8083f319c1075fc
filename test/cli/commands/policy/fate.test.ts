import { expect, test } from 'vitest'
import { fateOf, LOCAL_NETWORK } from '../../../../src/cli/commands/policy/fate.ts'
import { judged } from './judged.ts'

const fate = (...candidates: Parameters<typeof judged>[0][]) =>
  fateOf({ candidates: candidates.map(judged), verdict: { kind: 'allow', mode: 'enforce', would: 'allow', reasons: [] } })

test('what no policy would let through is nobody’s block', () => {
  expect(fate({ refusal: 'refuse.own-door', fences: { a: 'block' } })).toMatchObject({ fate: 'refused', by: [] })
  expect(fate({ refusal: 'refuse.local-answer' }, {})).toMatchObject({ fate: 'allow' })
  expect(fate({ refusal: 'refuse.local-answer' }, { fences: { a: 'block' } })).toMatchObject({ fate: 'block', by: ['a'] })
})

test('some addresses left out, others reached: steered', () => {
  expect(fate({ fences: { a: 'block' } }, { fences: { b: 'log' } })).toMatchObject({ fate: 'steer', by: ['a'], alone: [] })
  expect(fate({ fences: { a: 'allow' } }, { fences: { b: 'log' } })).toMatchObject({ fate: 'log', by: ['b'] })
})

test('a fence blocks alone if the flow would have passed without it', () => {
  expect(fate({ fences: { a: 'block' } })).toMatchObject({ fate: 'block', by: ['a'], alone: ['a'] })
  expect(fate({ fences: { a: 'block', b: 'block' } })).toMatchObject({ by: ['a', 'b'], alone: [] })
  expect(fate({ fences: { a: 'block', b: 'block' } }, { fences: { a: 'block' } })).toMatchObject({ by: ['a', 'b'], alone: ['a'] })
  expect(fate({ local: 'block', fences: { a: 'log' } })).toMatchObject({ by: [LOCAL_NETWORK], alone: [LOCAL_NETWORK] })
})

test('what was blocked before an address was looked up is the fence’s block', () => {
  const reasons = [{ kind: 'fence', fence: 'a', outcome: 'violated', effect: 'block', ip: null }] as const
  expect(fateOf({ candidates: [], verdict: { kind: 'block', mode: 'enforce', would: 'block', reasons } })).toEqual({
    fate: 'block',
    because: [],
    by: ['a'],
    alone: ['a'],
  })
})
