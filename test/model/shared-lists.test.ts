import { expect, test } from 'vitest'
import { SharedLists } from '../../src/model/shared-lists.ts'

test('the same values in the same order are the same array', () => {
  const lists = new SharedLists<string>()
  const both = lists.plus(lists.plus(lists.none, 'a'), 'b')
  expect(both).toEqual(['a', 'b'])
  expect(lists.plus(lists.plus(lists.none, 'a'), 'b')).toBe(both)
})

test('a value stands in a list once', () => {
  const lists = new SharedLists<string>()
  const both = lists.plus(lists.plus(lists.none, 'a'), 'b')
  expect(lists.plus(both, 'a')).toBe(both)
  expect(lists.plus(both, 'a')).toBe(both)
})

test('nobody can change one', () => {
  const lists = new SharedLists<string>()
  expect(Object.isFrozen(lists.none) && Object.isFrozen(lists.plus(lists.none, 'a'))).toBe(true)
})
