import { expect, test } from 'vitest'
import { timeState } from '../../src/policy/turning.ts'
import { policy, strict } from './words.ts'

const at = (text: string) => Date.parse(text)

test('it differs on both sides of a moment at which something turns, and nowhere else', () => {
  const timed = policy({
    uncertain: strict,
    definitions: { office: { during: { days: 'mon-fri', hours: '09:00-17:00', zone: 'UTC' } } },
    fences: [
      { name: 'a', never: ['CN'], except: [{ host: 'zoom.us', until: '2026-11-03', reason: 'x' }] },
      { name: 'b', never: ['RU'], traffic: { not: { is: 'office' } } },
    ],
  })
  const state = (text: string) => timeState(timed, at(text))
  expect(state('2026-11-02T10:00:00Z')).toBe(state('2026-11-02T16:59:59Z'))
  expect(state('2026-11-02T16:59:59.999Z')).not.toBe(state('2026-11-02T17:00:00Z'))
  expect(state('2026-11-03T23:59:59.999Z')).not.toBe(state('2026-11-04T00:00:00Z'))
  expect(timeState(policy({}), 0)).toBe('')
})
