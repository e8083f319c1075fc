import { expect, test } from 'vitest'
import { facts } from '../words.ts'
import { compiled } from './words.ts'

test.each([
  [443, 'yes'],
  [442, 'no'],
  [8800, 'no'],
  [8801, 'yes'],
  [8810, 'yes'],
  [8811, 'no'],
  [22, 'yes'],
])('port %i: %s', (port, match) => {
  const matcher = compiled('port', 443, '8801-8810', '22')
  expect(matcher.applies(facts({ port, location: undefined }))).toBe(match)
})

test('the values are written as numbers and ranges', () =>
  expect(compiled('port', '443', '8801 - 8810', '22-22').document).toEqual([443, '8801-8810', 22]))

test.each([0, 65_536, -1, 1.5, '1-2-3', '', '-', '80-', '-80', 'https', '0x50', '1e3', '65535-65536'])('%j is no port', (item) => {
  const { reports, document } = compiled('port', item)
  expect(reports).toEqual([`0: "${item}" is not a port (1–65535) or a range such as "8801-8810"`])
  expect(document).toEqual([])
})

test('a range that ends before it starts is told so', () =>
  expect(compiled('port', '20-10').reports).toEqual(['0: "20-10" ends before it starts']))
