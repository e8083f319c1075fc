import { expect, test } from 'vitest'
import { evaluate } from '../../src/policy/evaluate.ts'
import { facts, placed, policy, strict } from './words.ts'

test('without fences everything on the Internet is allowed', () =>
  expect(evaluate(policy({}), facts())).toEqual({ low: 'allow', high: 'allow', fences: [], localNetwork: null }))

test('of several fences the severest effect wins, and each is told', () => {
  const judging = policy({
    uncertain: strict,
    fences: [
      { name: 'logs', never: ['CN'], action: 'log' },
      { name: 'blocks', never: ['CN'] },
      { name: 'stays', never: ['US'] },
    ],
  })
  expect(evaluate(judging, facts())).toEqual({
    low: 'block',
    high: 'block',
    fences: [
      { fence: 'logs', outcome: 'violated', effect: 'log' },
      { fence: 'blocks', outcome: 'violated', effect: 'block' },
      { fence: 'stays', outcome: 'satisfied', effect: 'allow' },
    ],
    localNetwork: null,
  })
})

test('the mode changes nothing in the judgement', () => {
  const document = { uncertain: strict, fences: [{ name: 'no-cn', never: ['CN'] }] }
  expect(evaluate(policy({ ...document, mode: 'observe' }), facts())).toEqual(evaluate(policy(document), facts()))
})

test('local_network speaks for local addresses, beside the fences', () => {
  const judging = policy({ local_network: 'log', fences: [{ name: 'nothing', traffic: { port: 22 }, never: 'anywhere' }] })
  const location = placed('10.0.0.5')
  expect(evaluate(judging, facts({ location }))).toMatchObject({ low: 'log', high: 'log', localNetwork: 'log' })
  expect(evaluate(judging, facts({ location, port: 22 }))).toMatchObject({ low: 'block', high: 'block', localNetwork: 'log' })
})

test('without an address the span reaches to the worst of the fences and of local_network', () => {
  const none = facts({ location: undefined })
  expect(evaluate(policy({ local_network: 'block' }), none)).toMatchObject({ low: 'allow', high: 'block', localNetwork: null })
  expect(evaluate(policy({ uncertain: strict, fences: [{ name: 'a', never: ['CN'], action: 'log' }] }), none)).toMatchObject({
    low: 'allow',
    high: 'log',
  })
  expect(evaluate(policy({ fences: [{ name: 'a', never: 'anywhere' }] }), none)).toMatchObject({ low: 'block', high: 'block' })
})
