import { expect, test } from 'vitest'
import { ImpactCount } from '../../../../src/cli/commands/policy/impact-count.ts'
import { impactJson } from '../../../../src/cli/commands/policy/impact-json.ts'
import { fenceRows, impactText } from '../../../../src/cli/commands/policy/impact-text.ts'
import { noApps } from '../../../../src/model/app.ts'
import type { Effect } from '../../../../src/model/verdict.ts'
import { compilePolicy } from '../../../../src/policy/compile.ts'
import { NOON } from '../../../records/made-up.ts'
import { decision, judged, record } from './judged.ts'

const paper = { width: Number.POSITIVE_INFINITY, colour: false }

function impactOf(flows: readonly (readonly [string, Readonly<Record<string, Effect>>])[]) {
  const counted = new ImpactCount(0)
  for (const [i, [user, fences]] of flows.entries())
    counted.add(record(`f${i}`, i + 1, { personal: { user } }), decision(judged({ fences })))
  const judgedAll = { folder: 'flows', found: flows.length, judged: flows.length, unreached: 0, early: 0, unreadable: 0 }
  const looked = { ...judgedAll, damaged: 0, firstDamage: null }
  return { policy: 'p', fences: ['x', 'y', 'z'], looked, counted, period: 'recorded flows', apps: noApps, sentenceOf: () => '' }
}

const lines = (...flows: Parameters<typeof impactOf>[0]) => impactText(impactOf(flows), NOON, paper).split('\n')

test('the answer counts in words and in thousands', () => {
  const fencesOf = (i: number): Readonly<Record<string, Effect>> => (i < 3 ? { x: 'block' } : i < 5 ? { y: 'log' } : {})
  const thousand = Array.from({ length: 1_204 }, (_, i) => ['u', fencesOf(i)] as const)
  const text = lines(...thousand)
  expect(text[0]).toBe('Enforcing p would have blocked 3 of 1,204 recorded flows, and flagged 2.')
  expect(text).toContain('x            3  0.2 %      3            -        -        -')
  expect(text).toContain('No flow met fence z.')
  expect(lines(['u', {}])[0]).toBe('Enforcing p would have blocked none of 1 recorded flows.')
})

test('a part that has nothing to tell is left out', () => {
  expect(lines(['u', {}])).toEqual([
    'Enforcing p would have blocked none of 1 recorded flows.',
    'Judged by the places that were recorded with each flow, not by the data of today.',
    '',
    'No flow met fences x, y, z.',
    '',
  ])
})

test('of many users the first are shown', () => {
  const text = lines(...Array.from({ length: 20 }, (_, i) => [`u${i}`, { x: 'block' }] as const))
  expect(text).toContain('and 5 more')
})

test('fences that block most come first, and their shares are numbers for programs', () => {
  const impact = impactOf([
    ['u', { y: 'block' }],
    ['u', { x: 'block', y: 'block' }],
    ['u', { z: 'log' }],
    ['u', {}],
  ])
  expect(fenceRows(impact.counted.byFence).map(([name]) => name)).toEqual(['y', 'x', 'z'])
  const policy = compilePolicy('version: 1\nmode: observe\n', 'p.yaml', 'p.yaml')
  expect(impactJson(impact, policy, { since: NOON })).toMatchObject({
    since: '2026-11-25T12:00:00.000Z',
    until: null,
    by_fence: [
      { fence: 'y', blocked: 2, share: 0.5, alone: 1, with_others: 1 },
      { fence: 'x', blocked: 1, share: 0.25, alone: 0, with_others: 1 },
      { fence: 'z', flagged: 1 },
    ],
  })
})
