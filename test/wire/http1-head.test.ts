import { expect, test } from 'vitest'
import { isBodiless } from '../../src/wire/http1-head.ts'

test('interim answers and 204 have no body, 304 may tell the length of one', () => {
  expect([100, 101, 199, 200, 204, 205, 304].map(isBodiless)).toEqual([true, true, true, false, true, false, false])
})
