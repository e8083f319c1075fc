import { expect, test } from 'vitest'
import { systemClock } from '../src/clock.ts'

test('the clock tells the time of day, and a time that never goes back', () => {
  expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(60_000)
  const first = systemClock.monotonic()
  expect(systemClock.monotonic()).toBeGreaterThanOrEqual(first)
})
