import { beforeEach, expect, test } from 'vitest'
import { Health } from '../../src/egress/health.ts'

let now: number
let health: Health
beforeEach(() => {
  now = 0
  health = new Health(() => now)
})

test('a question without a response makes it failing for ten seconds', () => {
  now = 5_000
  health.unanswered(0)
  expect(health.failing).toBe(true)
  now = 14_999
  expect(health.failing).toBe(true)
  now = 15_000
  expect(health.failing).toBe(false)
})

test('any response since the question was put says that it is there', () => {
  now = 10
  health.heard()
  now = 5_000
  health.unanswered(0)
  expect(health.failing).toBe(false)
  health.unanswered(20)
  expect(health.failing).toBe(true)
})

test('any response later says that it is there again', () => {
  now = 5_000
  health.unanswered(0)
  now = 5_001
  health.heard()
  expect(health.failing).toBe(false)
})
