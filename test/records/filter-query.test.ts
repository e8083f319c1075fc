import { expect, test } from 'vitest'
import { parseMoment, readFilter } from '../../src/records/filter-query.ts'
import { NOON } from './made-up.ts'

test('a moment is so long before now, or ISO 8601', () => {
  expect(parseMoment('90s', NOON)).toBe(NOON - 90_000)
  expect(parseMoment('15m', NOON)).toBe(NOON - 900_000)
  expect(parseMoment('2h', NOON)).toBe(NOON - 7_200_000)
  expect(parseMoment('7d', NOON)).toBe(NOON - 7 * 86_400_000)
  expect(parseMoment('2026-11-25T12:00:00Z', 0)).toBe(NOON)
  expect(parseMoment('2026-11-25T13:00+01:00', 0)).toBe(NOON)
  expect(parseMoment('2026-11-25', 0)).toBe(new Date(2026, 10, 25).getTime())
  expect(parseMoment('2026-11-25T12:00', 0)).toBe(new Date(2026, 10, 25, 12).getTime())
  for (const bad of ['', 'yesterday', '7', '7w', '-1h', '1.5h', '2026-13-01', '2026-11-25T25:00', '1795608000000'])
    expect(parseMoment(bad, NOON)).toBeNull()
})

test('a query becomes a filter', () => {
  expect(readFilter({}, NOON)).toEqual({})
  expect(readFilter({ since: '1h', country: 'cn, RU', verdict: 'block,would-block', host: '.zoom.us' }, NOON)).toEqual({
    since: NOON - 3_600_000,
    places: ['CN', 'RU'],
    verdicts: ['block', 'would-block'],
    host: { name: 'zoom.us', itself: true, below: true },
  })
  expect(readFilter({ country: 'local,Unknown', verdict: 'steer,steered' }, NOON)).toEqual({
    places: ['local', 'unknown'],
    verdicts: ['steer', 'steer'],
  })
  expect(readFilter({ host: '2001:DB8::1' }, NOON).host).toBe('2001:db8::1')
})

test('what makes no sense is named, with a suggestion where there is one', () => {
  expect(() => readFilter({ country: 'US,UK' }, NOON)).toThrow('country: "UK" is not a country code, did you mean "GB"?')
  expect(() => readFilter({ country: 'unknwn' }, NOON)).toThrow('country: "unknwn" is not a country code, did you mean "unknown"?')
  expect(() => readFilter({ country: 'Q7' }, NOON)).toThrow('"Q7" is not a country code (and none of local, anycast, disputed, unknown)')
  const words = 'allow, log, block, would-block, not-reached, steer'
  expect(() => readFilter({ verdict: 'deny' }, NOON)).toThrow(`verdict: "deny" is none of ${words}`)
  expect(() => readFilter({ verdict: 'blocked' }, NOON)).toThrow(`verdict: "blocked" is none of ${words}, did you mean "block"?`)
  expect(() => readFilter({ verdict: 'Flagged' }, NOON)).toThrow('did you mean "log"?')
  expect(() => readFilter({ until: 'soon' }, NOON)).toThrow('until: "soon" is no time')
  expect(() => readFilter({ host: 'a b' }, NOON)).toThrow('(write zoom.us, *.zoom.us for the names below it, .zoom.us for both)')
})
