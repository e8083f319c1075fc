import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { IdleTimer } from '../../src/pipeline/idle-timer.ts'
import { FakeClock } from '../support/fake-clock.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function started(limitMs: number) {
  const clock = new FakeClock()
  const idle: number[] = []
  return { clock, idle, timer: new IdleTimer(clock, limitMs, (ms) => idle.push(ms)) }
}

test('it fires once, when nothing was touched for the limit', () => {
  const { clock, idle } = started(1_000)
  clock.advance(999)
  expect(idle).toEqual([])
  clock.advance(1)
  expect(idle).toEqual([1_000])
  clock.advance(10_000)
  expect(idle).toEqual([1_000])
})

test('every touch moves the deadline', () => {
  const { clock, idle, timer } = started(1_000)
  for (let i = 0; i < 5; i++) {
    clock.advance(900)
    timer.touch()
  }
  expect(idle).toEqual([])
  clock.advance(1_000)
  expect(idle).toEqual([1_000])
})

test('a touch may set a shorter limit, or a longer one', () => {
  const shorter = started(60_000)
  shorter.timer.touch(500)
  shorter.clock.advance(500)
  expect(shorter.idle).toEqual([500])
  const longer = started(500)
  longer.timer.touch(2_000)
  longer.clock.advance(1_999)
  expect(longer.idle).toEqual([])
  longer.clock.advance(1)
  expect(longer.idle).toEqual([2_000])
})

test('stopped, it never fires, also after a touch', () => {
  const { clock, idle, timer } = started(1_000)
  timer.stop()
  timer.touch()
  timer.touch(10)
  clock.advance(100_000)
  expect(idle).toEqual([])
})

test('a thousand touches set no timer', () => {
  const { timer } = started(1_000)
  const count = vi.getTimerCount()
  for (let i = 0; i < 1_000; i++) timer.touch()
  expect(vi.getTimerCount()).toBe(count)
})
