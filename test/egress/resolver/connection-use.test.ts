import net from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ConnectionUse } from '../../../src/egress/resolver/connection-use.ts'

let now: number
let closed: number
let use: ConnectionUse
beforeEach(() => {
  vi.useFakeTimers()
  now = 0
  closed = 0
  use = new ConnectionUse(
    new net.Socket(),
    () => void closed++,
    () => now,
  )
})
afterEach(() => vi.useRealTimers())

test('it is closed five seconds after its last question', () => {
  const [first, second] = [use.begin(), use.begin()]
  first(false)
  vi.advanceTimersByTime(60_000)
  expect(closed).toBe(0)
  second(false)
  vi.advanceTimersByTime(4_999)
  const third = use.begin()
  vi.advanceTimersByTime(60_000)
  expect([closed, use.retired]).toEqual([0, false])
  third(false)
  vi.advanceTimersByTime(5_000)
  expect([closed, use.retired]).toEqual([1, true])
})

test('one that was silent for a second under a question takes no more, and ends with the last', () => {
  const [silent, other] = [use.begin(), use.begin()]
  now = 1_000
  silent(true)
  expect([use.retired, closed]).toEqual([true, 0])
  other(false)
  expect(closed).toBe(1)
})

test.each([
  ['it spoke meanwhile', 5_000, true],
  ['the asker left at once', 999, false],
])('a question without an answer proves nothing where %s', (_why, milliseconds, spoke) => {
  const over = use.begin()
  now = milliseconds
  if (spoke) use.heard()
  over(true)
  expect(use.retired).toBe(false)
})
