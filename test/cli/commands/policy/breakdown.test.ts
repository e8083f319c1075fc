import { expect, test } from 'vitest'
import { Breakdown, OTHERS } from '../../../../src/cli/commands/policy/breakdown.ts'

test('those that something happens to, most blocked first', () => {
  const breakdown = new Breakdown()
  for (const [key, fate] of [
    ['quiet', 'allow'],
    ['flagged', 'log'],
    ['blocked', 'block'],
    ['blocked', 'allow'],
    ['refused', 'refused'],
    ['steered', 'steer'],
  ] as const)
    breakdown.add(key, fate)
  expect(breakdown.touched()).toEqual([
    { key: 'blocked', flows: 2, blocked: 1, steered: 0, flagged: 0 },
    { key: 'steered', flows: 1, blocked: 0, steered: 1, flagged: 0 },
    { key: 'flagged', flows: 1, blocked: 0, steered: 0, flagged: 1 },
  ])
})

test('too many different ones are counted together', () => {
  const breakdown = new Breakdown(2)
  for (const key of ['a', 'b', 'c', 'd', 'a']) breakdown.add(key, 'block')
  expect(breakdown.touched().map(({ key, blocked }) => `${key} ${blocked}`)).toEqual(['a 2', `${OTHERS} 2`, 'b 1'])
})
