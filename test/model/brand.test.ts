import { expect, test } from 'vitest'
import { isNonEmpty, type NonEmpty } from '../../src/model/brand.ts'

test('a list with an element has a first one', () => {
  const list: readonly number[] = [7]
  const first = (items: NonEmpty<number>): number => items[0]
  expect(isNonEmpty(list) && first(list)).toBe(7)
  expect(isNonEmpty([])).toBe(false)
})
