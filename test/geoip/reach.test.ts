import fc from 'fast-check'
import { expect, test } from 'vitest'
import { noReach, Reach, reachSentence } from '../../src/geoip/reach.ts'
import { allCountries, type CountryCode } from '../../src/model/country.ts'
import type { Location } from '../../src/model/location.ts'
import { ip } from './support.ts'

const code = (text: string): CountryCode => {
  const found = allCountries.find((known) => known === text)
  if (found === undefined) throw new Error(`no such country: ${text}`)
  return found
}

/** As seen from Singapore, more or less. */
const borders = new Map(
  [
    ['CN', 2_900.7],
    ['SG', 0],
    ['US', 8_260],
    ['MY', 12.4],
  ].map(([text, km]) => [code(String(text)), Number(km)]),
)

const placed = (possible: readonly string[], change: Partial<Location> = {}): Location => ({
  ip: ip('52.81.151.250'),
  scope: 'global',
  answers: possible.map((text, i) => ({ source: `s${i}`, country: code(text) })),
  possible: possible.map(code),
  best: null,
  stated: null,
  registry: null,
  anycast: false,
  network: null,
  located: true,
  ...change,
})

test('a country is ruled out where its nearest point is farther than light in fibre gets in half the time', () => {
  const reach = new Reach(borders)
  const [china, ...more] = reach.ruledOut(placed(['CN']), 3.1) ?? []
  expect(china).toEqual({ country: 'CN', at_most_km: 310, nearest_km: 2_900 })
  expect(more).toEqual([])
  expect(china === undefined ? '' : reachSentence(3.1, china)).toBe(
    '3.1 ms: at most 310 km away; the nearest point of China is 2,900 km away',
  )
  expect(reach.ruledOut(placed(['CN']), 29.1)).toEqual([])
  expect(reach.ruledOut(placed(['CN']), 28.9)).toHaveLength(1)
})

test('what is ruled out is so by its own figures, which overstate nothing', () => {
  const km = fc.oneof(fc.double({ min: 0, max: 20_000, noNaN: true }), fc.double({ min: 0, max: 3, noNaN: true }))
  fc.assert(
    fc.property(km, fc.double({ min: -2, max: 2, noNaN: true }), fc.boolean(), (nearest, off, isNear) => {
      const ms = Math.max(0, isNear ? nearest + off : nearest / 2 + off) / 100
      const [china] = new Reach(new Map([[code('CN'), nearest]])).ruledOut(placed(['CN']), ms) ?? []
      if (china === undefined) return
      expect(china.nearest_km).toBeGreaterThan(china.at_most_km)
      expect(china.nearest_km).toBeLessThanOrEqual(nearest)
      expect(china.at_most_km).toBeGreaterThanOrEqual(ms * 100)
      expect([china.nearest_km, china.at_most_km].every(Number.isInteger)).toBe(true)
    }),
  )
})

test('no sentence says that what is nearer is out of reach', () => {
  // 29.001 ms: at most 2,900.1 km, rounded up 2,901; China begins at 2,900.7 km, rounded down 2,900.
  expect(new Reach(borders).ruledOut(placed(['CN']), 29.001)).toEqual([])
})

test('every country that any source names is looked at, possible or not', () => {
  const location = placed(['SG'], {
    answers: [
      { source: 'a', country: code('SG') },
      { source: 'b', country: code('US') },
      { source: 'c', country: null },
    ],
  })
  expect(new Reach(borders).ruledOut(location, 5)?.map(({ country }) => country)).toEqual(['US'])
})

test('what is rounded is rounded to the side of doubt, and countries stand with their article', () => {
  const [us] = new Reach(borders).ruledOut(placed(['US']), 0.123) ?? []
  expect(us).toEqual({ country: 'US', at_most_km: 13, nearest_km: 8_260 })
  expect(us === undefined ? '' : reachSentence(0.123, us)).toBe(
    '0.1 ms: at most 13 km away; the nearest point of the United States is 8,260 km away',
  )
})

test('of a country without a border, an anycast, a local address and an impossible time nothing is said', () => {
  const reach = new Reach(borders)
  expect(reach.ruledOut(placed(['FR']), 0.1)).toEqual([])
  expect(reach.ruledOut(placed(['CN'], { anycast: true }), 0.1)).toBeNull()
  expect(reach.ruledOut(placed(['CN'], { scope: 'private' }), 0.1)).toBeNull()
  expect(reach.ruledOut(placed(['CN']), Number.NaN)).toBeNull()
  expect(reach.ruledOut(placed(['CN']), -1)).toBeNull()
})

test('without a vantage nothing is said', () => expect(noReach.ruledOut(placed(['CN']), 0.1)).toBeNull())

test('a slower handshake never rules out more', () => {
  const reach = new Reach(borders)
  fc.assert(
    fc.property(fc.double({ min: 0, max: 300, noNaN: true }), fc.double({ min: 0, max: 300, noNaN: true }), (a, b) => {
      const [quick, slow] = [Math.min(a, b), Math.max(a, b)].map((ms) =>
        reach.ruledOut(placed(['CN', 'US', 'MY', 'SG']), ms)?.map(({ country }) => country),
      )
      expect(quick).toEqual(expect.arrayContaining(slow ?? []))
    }),
  )
})

test('the country of the vantage is never ruled out', () => {
  expect(new Reach(borders).ruledOut(placed(['SG']), 0)).toEqual([])
})

test('the canary: what its operator places too far for light in vacuum switches the check off, once, with the reason', () => {
  const told: string[] = []
  const reach = new Reach(borders, (why) => told.push(why))
  // Too quick for fibre and not for vacuum: no proof that somebody in between answers.
  expect(reach.ruledOut(placed(['CN'], { stated: 'AWS' }), 25)).toHaveLength(1)
  expect(reach.off).toBeNull()
  // A database alone may be wrong: no canary.
  expect(reach.ruledOut(placed(['US']), 0.8)).toHaveLength(1)
  expect(reach.off).toBeNull()
  expect(reach.ruledOut(placed(['US'], { stated: 'AWS' }), 0.8)).toBeNull()
  expect(reach.off).toBe(
    '52.81.151.250, which AWS places in United States (US), answered in 0.8 ms: at most 120 km away even at the speed of light. Somebody in between answers, or the vantage is wrong; round-trip times rule nothing out any more',
  )
  expect(reach.ruledOut(placed(['CN']), 3.1)).toBeNull()
  expect(reach.ruledOut(placed(['CN'], { stated: 'AWS' }), 0.1)).toBeNull()
  expect(told).toEqual([reach.off])
})

test('an anycast address, or one of several countries, is no canary', () => {
  const reach = new Reach(borders)
  reach.ruledOut(placed(['US'], { stated: 'AWS', anycast: true }), 0.8)
  reach.ruledOut(placed(['US', 'SG'], { stated: 'AWS' }), 0.8)
  expect(reach.off).toBeNull()
})
