import { expect, test } from 'vitest'
import { overlayFault, withOverlays } from '../../src/policy/overlay.ts'
import { NOON, policy, strict } from './words.ts'

const fenced = policy({
  uncertain: strict,
  fences: [
    { name: 'on', never: ['CN'] },
    { name: 'off', never: ['RU'], enabled: false },
    { name: 'fixed', never: ['KP'], locked: true },
  ],
})
const overlay = (fence: string, enabled: boolean, until = NOON + 1) => ({ fence, enabled, until, reason: 'a trial' })
const names = (overlays: Parameters<typeof withOverlays>[1], at = NOON) => withOverlays(fenced, overlays, at).fences.map(({ name }) => name)

test('a fence is turned off, another on, until the moment that was said', () => {
  expect(names([overlay('on', false)])).toEqual(['fixed'])
  expect(names([overlay('off', true)])).toEqual(['on', 'fixed', 'off'])
  expect(names([overlay('on', false)], NOON + 1)).toEqual(['on', 'fixed'])
})

test('it is part of the hash while it holds, and no more', () => {
  expect(withOverlays(fenced, [overlay('on', false)], NOON).hash).not.toBe(fenced.hash)
  expect(withOverlays(fenced, [overlay('on', false)], NOON + 1)).toBe(fenced)
})

test('a locked fence and one that is not there are left as they are, and that can be asked', () => {
  expect(names([overlay('fixed', false), overlay('nobody', true)])).toEqual(['on', 'fixed'])
  expect(overlayFault(fenced, { fence: 'fixed' })).toBe('fence "fixed" is locked: only the policy itself can change it')
  expect(overlayFault(fenced, { fence: 'nobody' })).toBe('policy test has no fence "nobody"')
  expect(overlayFault(fenced, { fence: 'off' })).toBeNull()
})

test('a fence over nothing cannot be turned on: it would be over everything', () => {
  const base = policy(
    {
      uncertain: strict,
      parameters: { hosts: { type: 'hosts', default: [], says: 'hosts' } },
      fences: [{ name: 'ours', traffic: { host: '$hosts' }, never: 'anywhere' }],
    },
    {},
  )
  expect(overlayFault(base, { fence: 'ours' })).toBe('fence "ours" is over nothing, as a parameter of it is empty')
  expect(withOverlays(base, [overlay('ours', true)], NOON).fences).toEqual([])
})
