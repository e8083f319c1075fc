import { expect, test } from 'vitest'
import { during } from '../../../src/policy/matchers/during.ts'
import { facts } from '../words.ts'
import { compiled } from './words.ts'

const work = { days: ['mon-fri'], hours: '09:00-17:00', zone: 'Europe/Berlin' }
const night = { days: 'sun', hours: '23:00-01:00', zone: 'Asia/Kolkata' }

test.each([
  ['2027-06-14T06:59:59.999Z', 'no'],
  ['2027-06-14T07:00:00.000Z', 'yes'],
  ['2027-06-14T14:59:59.999Z', 'yes'],
  ['2027-06-14T15:00:00.000Z', 'no'],
  ['2027-06-13T17:30:00.000Z', 'yes'],
  ['2027-06-13T19:29:59.999Z', 'yes'],
  ['2027-06-13T19:30:00.000Z', 'no'],
])('working hours in Berlin or Sunday night in India, at %s: %s', (text, match) => {
  const at = Date.parse(text)
  const matcher = compiled('during', work, night)
  const known = facts({ at, location: undefined, names: [], namesFinal: false })
  expect([matcher.applies(known), matcher.proved(known)]).toEqual([match, match])
  expect(matcher.holdsAt?.(at)).toBe(match === 'yes')
})

test('where nobody says when, it is open', () => {
  const matcher = compiled('during', work)
  const known = facts({ at: undefined })
  expect([matcher.applies(known), matcher.proved(known)]).toEqual(['open', 'open'])
})

test('it tells neither whose traffic nor which destination, and waits for nothing', () =>
  expect([during.identifies, during.reads]).toEqual([false, 'flow']))

test('the values are written in canonical form, in their order', () =>
  expect(compiled('during', { hours: '23:00-01:00', zone: 'utc' }, work).document).toEqual([
    { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], hours: ['23:00-01:00'], zone: 'UTC' },
    { days: ['mon', 'tue', 'wed', 'thu', 'fri'], hours: ['09:00-17:00'], zone: 'Europe/Berlin' },
  ]))

test('a fault is reported with the place of its schedule in the list and its key, and the others are kept', () => {
  const { reports, document } = compiled('during', work, { ...work, zone: 'Mars' }, { ...work, hours: '09:00-09:00' }, { zone: 'UTC' })
  expect(reports).toEqual([
    '1.zone: "Mars" is no time zone (write Europe/Berlin or UTC)',
    '2.hours: "09:00-09:00" ends as it starts: leave "hours" out for the whole day',
    '3: says neither "days" nor "hours", so that it is always',
  ])
  expect(document).toHaveLength(1)
})
