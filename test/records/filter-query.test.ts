import { expect, test } from 'vitest'
import { parseHostPattern, parseMoment, readFilter } from '../../src/records/filter-query.ts'
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

test('a host pattern is a name, a name with all below it, or an address, in canonical form', () => {
  expect(parseHostPattern('Zoom.US.')).toEqual({ kind: 'exact', host: 'zoom.us' })
  expect(parseHostPattern('*.zoom.us')).toEqual({ kind: 'under', domain: 'zoom.us' })
  expect(parseHostPattern('.bücher.example')).toEqual({ kind: 'under', domain: 'xn--bcher-kva.example' })
  expect(parseHostPattern('[2001:DB8::1]')).toEqual({ kind: 'exact', host: '2001:db8::1' })
  for (const bad of ['', '*', '*.', 'a b', '*.10.0.0.1', 'zoom.*']) expect(parseHostPattern(bad)).toBeNull()
})

test('a query becomes a filter', () => {
  expect(readFilter({}, NOON)).toEqual({})
  expect(readFilter({ since: '1h', country: 'cn, RU', verdict: 'block,would-block', host: '.zoom.us' }, NOON)).toEqual({
    since: NOON - 3_600_000,
    countries: ['CN', 'RU'],
    verdicts: ['block', 'would-block'],
    host: { kind: 'under', domain: 'zoom.us' },
  })
})

test('what makes no sense is named, with a suggestion where there is one', () => {
  expect(() => readFilter({ country: 'US,UK' }, NOON)).toThrow('country: "UK" is not a country code, did you mean "GB"?')
  expect(() => readFilter({ verdict: 'deny' }, NOON)).toThrow('verdict: "deny" is none of allow, log, block, would-block, not-reached')
  expect(() => readFilter({ until: 'soon' }, NOON)).toThrow('until: "soon" is no time')
  expect(() => readFilter({ host: 'a b' }, NOON)).toThrow('host: "a b" is neither a name')
})
