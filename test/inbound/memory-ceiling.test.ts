import { expect, test } from 'vitest'
import { MemoryCeiling } from '../../src/inbound/memory-ceiling.ts'

function under(ceiling: { resident: number | null; heap: number }) {
  const world = { now: 0, resident: 10, heap: 10, garbage: 0, collections: 0 }
  const memory = new MemoryCeiling(
    ceiling,
    () => world.now,
    () => ({ resident: world.resident, heap: world.heap + world.garbage }),
    () => {
      world.collections++
      world.garbage = 0
    },
  )
  return { world, memory }
}

test('above the ceiling nobody more is let in, and a good part of it must be free before they are again', () => {
  const { world, memory } = under({ resident: 100, heap: 100 })
  expect(memory.reached(1_000)).toBe(false)
  Object.assign(world, { now: 100, resident: 101 })
  expect(memory.reached(1_000)).toBe(true)
  Object.assign(world, { now: 200, resident: 95 })
  expect(memory.reached(1_000)).toBe(true)
  Object.assign(world, { now: 300, resident: 89 })
  expect(memory.reached(1_000)).toBe(false)
  Object.assign(world, { now: 400, resident: 95 })
  expect(memory.reached(1_000)).toBe(false)
})

test('the heap has a ceiling of its own, where the process has none', () => {
  const { world, memory } = under({ resident: null, heap: 100 })
  Object.assign(world, { resident: 1e12 })
  expect(memory.reached(1_000)).toBe(false)
  Object.assign(world, { now: 100, heap: 101 })
  expect(memory.reached(1_000)).toBe(true)
})

test('garbage is collected before anybody is turned away, and not all the time', () => {
  const { world, memory } = under({ resident: null, heap: 100 })
  Object.assign(world, { garbage: 500 })
  expect(memory.reached(1_000)).toBe(false)
  for (let i = 0; i < 100; i++) {
    Object.assign(world, { now: world.now + 50, garbage: 500 })
    expect(memory.reached(1_000)).toBe(true)
  }
  expect(world.collections).toBe(1)
  Object.assign(world, { now: 10_100 })
  expect(memory.reached(1_000)).toBe(false)
  expect(world.collections).toBe(2)
})

test('it is looked at some fifty times a second at most', () => {
  const { world, memory } = under({ resident: 100, heap: 100 })
  expect(memory.reached(1_000)).toBe(false)
  Object.assign(world, { now: 10, resident: 200 })
  expect(memory.reached(1_000)).toBe(false)
  Object.assign(world, { now: 21 })
  expect(memory.reached(1_000)).toBe(true)
})

test('a few connections are let in whatever the memory: it is not theirs', () => {
  const { world, memory } = under({ resident: 100, heap: 100 })
  Object.assign(world, { resident: 200 })
  expect(memory.reached(64)).toBe(false)
  expect(memory.reached(65)).toBe(true)
})

test('the use of this very process is known, and its garbage can be collected', () => {
  let now = 0
  const ample = new MemoryCeiling({ resident: 1e12, heap: 1e12 }, () => now)
  expect(ample.reached(1_000)).toBe(false)
  now = 1_000
  expect(new MemoryCeiling({ resident: 1, heap: 1e12 }, () => now).reached(1_000)).toBe(true)
  expect(new MemoryCeiling({ resident: null, heap: 1 }, () => now).reached(1_000)).toBe(true)
})
