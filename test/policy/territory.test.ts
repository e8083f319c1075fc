import { expect, test } from 'vitest'
import { listedOutcome, type PlaceOutcome, placeOutcome } from '../../src/policy/territory.ts'
import { country } from './words.ts'

const territory = (kind: 'never' | 'only') => ({ kind, countries: new Set(['CN', 'RU'].map(country)) })

test.each<[possible: string, never: PlaceOutcome, only: PlaceOutcome, neverAnycast: PlaceOutcome]>([
  ['', 'unknown', 'unknown', 'anycast'],
  ['CN', 'violated', 'satisfied', 'violated'],
  ['CN RU', 'violated', 'satisfied', 'violated'],
  ['US', 'satisfied', 'violated', 'anycast'],
  ['DE US', 'satisfied', 'violated', 'anycast'],
  ['CN US', 'disputed', 'disputed', 'disputed'],
  ['CN RU US', 'disputed', 'disputed', 'disputed'],
])('possible countries %j: never %s, only %s; never at an anycast address %s', (text, never, only, neverAnycast) => {
  const possible = text.split(' ').filter(Boolean).map(country)
  expect(placeOutcome(territory('never'), { possible, anycast: false })).toBe(never)
  expect(placeOutcome(territory('only'), { possible, anycast: false })).toBe(only)
  expect(placeOutcome(territory('never'), { possible, anycast: true })).toBe(neverAnycast)
  expect(placeOutcome(territory('only'), { possible, anycast: true })).toBe('anycast')
  for (const anycast of [true, false]) expect(placeOutcome({ kind: 'anywhere' }, { possible, anycast })).toBe('violated')
})

test.each<[homes: string, never: PlaceOutcome | 'not-applied', only: PlaceOutcome]>([
  ['', 'not-applied', 'unknown'],
  ['CN', 'violated', 'satisfied'],
  ['US', 'satisfied', 'violated'],
  ['CN US', 'disputed', 'disputed'],
])('listed homes %j: never %s, only %s', (text, never, only) => {
  const homes = text.split(' ').filter(Boolean).map(country)
  expect(listedOutcome(territory('never'), homes)).toBe(never)
  expect(listedOutcome(territory('only'), homes)).toBe(only)
})
