import { iso1A2Code } from '@rapideditor/country-coder'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nearestBorders } from '../../src/geoip/borders.ts'
import { allCountries, isCountryCode } from '../../src/model/country.ts'

const from = (latitude: number, longitude: number) => nearestBorders({ latitude, longitude })

// Great circles to the nearest point of the outline; the outlines take in territorial waters.
test.each<[city: string, latitude: number, longitude: number, country: string, least: number, most: number]>([
  ['Delhi', 28.61, 77.21, 'CN', 280, 360],
  ['Frankfurt', 50.11, 8.68, 'CN', 4_900, 5_200],
  ['Frankfurt', 50.11, 8.68, 'FR', 110, 150],
  ['Singapore', 1.35, 103.82, 'MY', 5, 30],
  ['Singapore', 1.35, 103.82, 'CN', 1_400, 1_700],
  ['San José', 37.34, -121.89, 'CN', 7_500, 8_200],
  ['London', 51.5, -0.13, 'FR', 90, 140],
  ['Vladivostok', 43.12, 131.89, 'CN', 40, 70],
  ['Hong Kong', 22.3, 114.17, 'CN', 5, 30],
  ['Taipei', 25.03, 121.56, 'CN', 100, 180],
  ['Suva, over the antimeridian', -18.14, 178.44, 'KI', 1_000, 1_600],
  ['Anchorage, over the antimeridian', 61.22, -149.9, 'RU', 900, 1_100],
])('from %s (%d, %d) the nearest point of %s is %d to %d km away', async (_, latitude, longitude, country, least, most) => {
  const km = (await from(latitude, longitude)).get(country as never) ?? Number.NaN
  expect(km).toBeGreaterThanOrEqual(least)
  expect(km).toBeLessThanOrEqual(most)
})

test('every ISO 3166-1 territory has an outline of its own', async () => {
  const borders = await from(0, 0)
  expect(allCountries.filter((code) => !borders.has(code))).toEqual([])
})

test.each([
  [22.3, 114.17, 'HK'],
  [18.4, -66.1, 'PR'],
  [42.66, 21.16, 'XK'],
  [78.2, 15.6, 'SJ'],
  [12.15, -68.27, 'BQ'],
])('%d, %d lies in %s, and in no other', async (latitude, longitude, country) => {
  const inside = [...(await from(latitude, longitude))].filter(([, km]) => km === 0).map(([code]) => code)
  expect(inside).toEqual([country])
})

const place = fc.tuple(fc.double({ min: -85, max: 85, noNaN: true }), fc.double({ min: -180, max: 180, noNaN: true }))

test('it is 0 where the outlines say that one is', async () => {
  await fc.assert(
    fc.asyncProperty(place, async ([latitude, longitude]) => {
      const there = iso1A2Code([longitude, latitude], { level: 'territory' })
      if (there !== null && isCountryCode(there)) expect((await from(latitude, longitude)).get(there)).toBe(0)
    }),
    { numRuns: 40 },
  )
})

test('no distance changes by more than one has moved', async () => {
  const step = fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: -1, max: 1, noNaN: true }))
  await fc.assert(
    fc.asyncProperty(place, step, async ([latitude, longitude], [up, along]) => {
      const [before, after] = await Promise.all([from(latitude, longitude), from(latitude + up, longitude + along)])
      const moved = 111.3 * (Math.abs(up) + Math.abs(along))
      for (const [code, km] of before) expect(Math.abs(km - (after.get(code) ?? Number.NaN)), code).toBeLessThanOrEqual(moved + 0.1)
    }),
    { numRuns: 40 },
  )
})
