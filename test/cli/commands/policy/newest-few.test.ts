import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NewestFew } from '../../../../src/cli/commands/policy/newest-few.ts'

test('in whatever order they come, the newest are kept, newest first', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(), { maxLength: 200 }), fc.nat(20), (numbers, most) => {
      const few = new NewestFew<number>(most)
      for (const one of numbers) few.add(one, one)
      expect(few.list()).toEqual([...numbers].sort((a, b) => b - a).slice(0, most))
    }),
    { numRuns: 200 },
  )
})
