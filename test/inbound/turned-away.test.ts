import { expect, test, vi } from 'vitest'
import { type Counts, TurnedAway } from '../../src/inbound/turned-away.ts'

test('the first is told at once, the others together, a minute later, and silence of nobody', () => {
  vi.useFakeTimers()
  const told: Counts[] = []
  const away = new TurnedAway((counts) => told.push(counts))
  away.add('connections')
  expect(told).toEqual([{ connections: 1 }])
  for (let i = 0; i < 500; i++) away.add('connections')
  away.add('memory')
  expect(told).toHaveLength(1)
  vi.advanceTimersByTime(60_000)
  expect(told.slice(1)).toEqual([{ connections: 500, memory: 1 }])
  vi.advanceTimersByTime(600_000)
  expect(told).toHaveLength(2)
  away.add('client')
  expect(told.slice(2)).toEqual([{ client: 1 }])
  vi.useRealTimers()
})
