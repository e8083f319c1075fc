import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatUntil, parseUntil } from '../../src/policy/until.ts'

test('an exception holds to the end of its day, UTC', () => {
  expect(parseUntil('2027-06-30')).toBe(Date.UTC(2027, 6, 1))
  expect(parseUntil('2028-02-29')).toBe(Date.UTC(2028, 2, 1))
})

test.each(['2027-02-29', '2027-02-31', '2027-13-01', '2027-6-30', '30.06.2027', '2027-06-30T00:00', 'tomorrow', ''])(
  '%j is no day',
  (text) => expect(parseUntil(text)).toBeNull(),
)

test('a day is written as it was read', () =>
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2_900_000 }), (day) => {
      const text = formatUntil(day * 86_400_000)
      fc.pre(/^\d{4}-/.test(text))
      expect(parseUntil(text)).toBe(day * 86_400_000)
    }),
  ))
