import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Deadline } from '../../src/pipeline/deadline.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('when the time is over it says what took too long', () => {
  const deadline = new Deadline(1_500, 'the handshake')
  vi.advanceTimersByTime(1_499)
  expect(deadline.aborted).toBe(false)
  vi.advanceTimersByTime(1)
  expect(deadline.reason).toMatchObject({ code: 'client.gone', message: 'the handshake took longer than 1.5 s' })
})

test('one that was met leaves no timer behind', () => {
  const deadline = new Deadline(1_500, 'the handshake')
  deadline.clear()
  expect(vi.getTimerCount()).toBe(0)
  vi.advanceTimersByTime(10_000)
  expect(deadline.aborted).toBe(false)
})
