import { expect, test } from 'vitest'
import { parseMoment } from '../../src/model/moment.ts'

test.each([
  ['2027-06-30', Date.UTC(2027, 5, 30)],
  ['2028-02-29', Date.UTC(2028, 1, 29)],
  ['2027-06-30T09:00Z', Date.UTC(2027, 5, 30, 9)],
  ['2027-06-30T09:00:07Z', Date.UTC(2027, 5, 30, 9, 0, 7)],
  ['2027-06-30T09:00:07.125Z', Date.UTC(2027, 5, 30, 9, 0, 7, 125)],
  ['2027-06-30T09:00+05:30', Date.UTC(2027, 5, 30, 3, 30)],
  ['2027-06-30T23:30-05:00', Date.UTC(2027, 6, 1, 4, 30)],
  ['1969-12-31', -86_400_000],
])('%s', (text, at) => expect(parseMoment(text)).toBe(at))

test.each([
  '',
  'tomorrow',
  '2027',
  '2027-06',
  '2027-6-30',
  '2027-02-29',
  '2027-02-31T09:00Z',
  '2027-13-01',
  '2027-00-10',
  '30.06.2027',
  '20270630',
  // Whose nine o'clock?
  '2027-06-30T09:00',
  '2027-06-30 09:00Z',
  '2027-06-30T9:00Z',
  '2027-06-30T25:00Z',
  '2027-06-30T09:60Z',
  '2027-06-30T09:00+25:00',
  '2027-06-30T09:00z',
  ' 2027-06-30',
  '2027-06-30\n',
  '+002027-06-30',
])('%j is no moment', (text) => expect(parseMoment(text)).toBeNull())

test('the end of a day is the beginning of the next', () => expect(parseMoment('2027-06-30T24:00Z')).toBe(parseMoment('2027-07-01')))
