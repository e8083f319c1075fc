import { expect, test } from 'vitest'
import { appName, ImpactCount, placeOf, whoOf } from '../../../../src/cli/commands/policy/impact-count.ts'
import { shippedLibrary } from '../../../../src/config/library.ts'
import { decision, judged, record } from './judged.ts'

test('a flow counts under every place that it might have reached, and is blocked where it is', () => {
  const counted = new ImpactCount(1)
  counted.add(record('a', 1), decision(judged({ in: ['CN'], fences: { a: 'block', b: 'block' } }), judged({ in: ['US'] })))
  counted.add(record('b', 2, { verdict: 'block' }), decision(judged({ in: ['CN'], fences: { a: 'block' } })))
  counted.add(record('c', 3), decision(judged({ in: ['US'], fences: { c: 'log' } })))
  expect(counted.fates).toEqual({ allow: 0, log: 1, steer: 1, block: 1, refused: 0 })
  expect(counted.blockedThen).toBe(1)
  expect(counted.byCountry.touched()).toEqual([
    { key: 'CN', flows: 2, blocked: 1, steered: 1, flagged: 0 },
    { key: 'US', flows: 2, blocked: 0, steered: 0, flagged: 1 },
  ])
  expect(Object.fromEntries(counted.byFence)).toEqual({
    a: { blocked: 1, alone: 1, steered: 1, flagged: 0 },
    b: { blocked: 0, alone: 0, steered: 1, flagged: 0 },
    c: { blocked: 0, alone: 0, steered: 0, flagged: 1 },
  })
})

test('a place that is no one country has a word', () => {
  const place = (possible: readonly string[], change = {}) => placeOf(judged({ in: possible, change }).locations[0])
  expect([place(['CN']), place(['HK', 'CN']), place([]), place(['US'], { anycast: true }), place([], { scope: 'private' })]).toEqual([
    'CN',
    'HK/CN?',
    'unknown',
    'anycast',
    'local',
  ])
})

test('who: the user, or the address of a client that did not log in', () => {
  expect(whoOf({ user: 'asha', client: '10.0.0.7:1' })).toBe('asha')
  expect(whoOf({ user: 'anonymous', client: '[2001:db8::1]:50000' })).toBe('[2001:db8::1]')
})

test('an app that the catalogue does not have keeps its id', () => {
  expect([appName('zoom', shippedLibrary().apps), appName('of-the-future', shippedLibrary().apps)]).toEqual(['Zoom', 'of-the-future'])
})
