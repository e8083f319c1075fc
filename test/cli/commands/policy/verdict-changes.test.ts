import { expect, test } from 'vitest'
import { isTighter, VerdictChanges } from '../../../../src/cli/commands/policy/verdict-changes.ts'
import { changedFlows, decision, judged, record } from './judged.ts'

const allowed = decision(judged())
const flagged = decision(judged({ fences: { f: 'log' } }))
const steered = decision(judged({ at: '52.81.151.250', in: ['CN'], fences: { s: 'block' } }), judged())
const blocked = decision(judged({ at: '52.81.151.250', in: ['CN'], fences: { n: 'block' } }))

test('newly blocked ones come first, then what becomes severer, then what becomes milder', () => {
  const changes = new VerdictChanges()
  const pairs = [
    [flagged, allowed],
    [blocked, allowed],
    [allowed, flagged],
    [allowed, steered],
    [flagged, blocked],
    [allowed, blocked],
    [allowed, allowed],
  ] as const
  for (const [i, [a, b]] of pairs.entries()) changes.add(record(`f${i}`, i + 1, { personal: { asked: `n${i}.example` } }), a, b)
  expect(changes.list().map(({ from, to, fences }) => `${from} ${to} ${fences}`)).toEqual([
    'allow block n',
    'log block n',
    'allow steer s',
    'allow log f',
    'block allow n',
    'log allow f',
  ])
  expect(changes.totals()).toHaveLength(6)
})

test('flows of one user to one destination are one change', () => {
  const changes = new VerdictChanges()
  changes.add(record('a', 1), allowed, blocked)
  changes.add(record('b', 2, { personal: { client: '127.0.0.1:50001' } }), allowed, blocked)
  changes.add(record('c', 3, { personal: { user: 'asha' } }), allowed, blocked)
  expect(changes.list().map(({ who, flows }) => `${who} ${flows}`)).toEqual(['127.0.0.1 2', 'asha 1'])
})

test('more than are told apart are counted all the same', () => {
  const changes = new VerdictChanges(2)
  for (const { record: one, a, b } of changedFlows(5)) changes.add(one, a, b)
  expect(changes.list()).toHaveLength(2)
  expect(changes.unlisted).toBe(3)
  expect(changes.totals()).toEqual([{ from: 'allow', to: 'block', flows: 5 }])
})

test('which verdict is the severer', () => {
  expect(isTighter('steer', 'block')).toBe(true)
  expect(isTighter('log', 'allow')).toBe(false)
})
