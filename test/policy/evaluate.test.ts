import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Effect, severest } from '../../src/model/verdict.ts'
import { effectSpan, evaluate } from '../../src/policy/evaluate.ts'
import { judgeFence } from '../../src/policy/fence.ts'
import { anyPolicy, completeFacts, onTheWay } from './made-up.ts'
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

test('a fence that does not apply is not told of', () => {
  const judging = policy({
    uncertain: strict,
    fences: [
      { name: 'mail', traffic: { port: 25 }, never: ['CN'] },
      { name: 'web', traffic: { port: 443 }, never: ['CN'] },
    ],
  })
  expect(evaluate(judging, facts()).fences).toEqual([{ fence: 'web', outcome: 'violated', effect: 'block' }])
})

test('law: of however many fences, it judges as if each were asked', () =>
  fc.assert(
    fc.property(
      fc.array(anyPolicy, { minLength: 1, maxLength: 12 }),
      completeFacts.chain((complete) => fc.oneof(fc.constant(complete), onTheWay(complete))),
      (policies, known) => {
        const fences = policies.flatMap((each, i) => each.fences.map((fence) => ({ ...fence, name: `${i}-${fence.name}` })))
        const spans = fences.map((fence) => ({ fence: fence.name, ...judgeFence(fence, known) }))
        const local = evaluate({ ...policies[0]!, fences: [] }, known)
        const { low, high, fences: outcomes } = evaluate({ ...policies[0]!, fences }, known)
        expect(low).toBe(spans.reduce<Effect>((effect, span) => severest(effect, span.low), local.low))
        expect(high).toBe(spans.reduce<Effect>((effect, span) => severest(effect, span.high), local.high))
        expect(effectSpan({ ...policies[0]!, fences }, known)).toEqual({ low, high })
        const told = spans.filter(({ outcome }) => outcome !== 'not-applied')
        expect(outcomes.map(({ fence, outcome, effect }) => [fence, outcome, effect])).toEqual(
          told.map(({ fence, outcome, low: effect }) => [fence, outcome, effect]),
        )
      },
    ),
    { numRuns: 300, interruptAfterTimeLimit: 2_000 },
  ))

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
