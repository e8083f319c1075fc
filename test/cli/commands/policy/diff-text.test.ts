import { expect, test } from 'vitest'
import { type Difference, diffText } from '../../../../src/cli/commands/policy/diff-text.ts'
import { VerdictChanges } from '../../../../src/cli/commands/policy/verdict-changes.ts'
import { changedFlows } from './judged.ts'

const looked = { folder: 'flows', found: 60, judged: 60, unreached: 0, early: 0, unreadable: 0, damaged: 0, firstDamage: null }
const documents = { onlyA: [], onlyB: ['x'], changed: [], keys: [] }
const paper = { width: Number.POSITIVE_INFINITY, colour: false }

const text = (changes: VerdictChanges, change: Partial<Difference> = {}) =>
  diffText({ a: 'a', b: 'b', documents, looked, changes, period: 'recorded flows', ...change }, paper)

test('of many destinations the first thirty are shown, and that there are more is said', () => {
  const changes = new VerdictChanges(40)
  for (const { record, a, b } of changedFlows(60)) changes.add(record, a, b)
  const lines = text(changes).split('\n')
  expect(lines[0]).toBe('From a to b, 60 of 60 recorded flows change verdict: 60 newly blocked.')
  expect(lines).toContain('and 10 more destinations (--json lists them)')
  expect(lines).toContain('and 20 flows to more destinations than are told apart')
  expect(lines.filter((line) => line.includes('.example:443'))).toHaveLength(30)
})

test('flows of which none can be judged again', () => {
  const none = { ...looked, judged: 0, unreached: 60 }
  expect(text(new VerdictChanges(), { looked: none })).toBe(
    'From a to b, no flow can be judged again.\nAs documents: fence only in B: x.\n60 flows never came to an address: not judged again.\n',
  )
})
