import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mildest, severest } from '../../src/model/verdict.ts'

test('block is severer than log, and log than allow', () => {
  expect([severest('block', 'log'), severest('log', 'allow'), severest('allow', 'block')]).toEqual(['block', 'log', 'block'])
})

test('the severest and the mildest of two are those two, in whichever order', () => {
  const effect = fc.constantFrom('allow', 'log', 'block')
  fc.assert(
    fc.property(effect, effect, (a, b) => {
      expect(severest(a, b)).toBe(severest(b, a))
      expect(mildest(a, b)).toBe(mildest(b, a))
      expect([severest(a, b), mildest(a, b)].sort()).toEqual([a, b].sort())
    }),
  )
})
