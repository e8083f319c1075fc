import { iso1A2Code } from '@rapideditor/country-coder'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nearestBorders } from '../../src/geoip/borders.ts'
import { allCountries, isCountryCode } from '../../src/model/country.ts'

const from = (latitude: number, longitude: number) => nearestBorders({ latitude, longitude })

async function distance(latitude: number, longitude: number, country: string): Promise<number> {
  if (!isCountryCode(country)) throw new Error(`no such country: ${country}`)
  return (await from(latitude, longitude)).get(country) ?? Number.NaN
}

// Great circles to the nearest point of the outline; the outlines take in territorial waters.
test.each<[city: string, latitude: number, longitude: number, country: string, km: number, tolerance: number]>([
  ['Delhi', 28.61, 77.21, 'CN', 336, 2],
  ['Frankfurt', 50.11, 8.68, 'CN', 5_078, 5],
  ['Frankfurt', 50.11, 8.68, 'FR', 129, 2],
  ['Singapore', 1.35, 103.82, 'MY', 12, 1],
  ['Singapore', 1.35, 103.82, 'CN', 1_606, 5],
  ['San José', 37.34, -121.89, 'CN', 7_856, 5],
  ['San José', 37.34, -121.89, 'MX', 612, 2],
  ['London', 51.5, -0.13, 'FR', 112, 2],
  ['Vladivostok', 43.12, 131.89, 'CN', 56, 2],
  ['Hong Kong', 22.3, 114.17, 'CN', 17, 2],
  ['Taipei', 25.03, 121.56, 'CN', 163, 2],
  ['Suva, over the antimeridian', -18.14, 178.44, 'KI', 1_358, 3],
  ['Anchorage, over the antimeridian', 61.22, -149.9, 'RU', 1_060, 3],
])('from %s (%d, %d) the nearest point of %s is %d km away', async (_, latitude, longitude, country, km, tolerance) => {
  const found = await distance(latitude, longitude, country)
  expect(found).toBeGreaterThanOrEqual(km - tolerance)
  expect(found).toBeLessThanOrEqual(km + tolerance)
})

test('every ISO 3166-1 territory has an outline of its own', async () => {
  const borders = await from(0, 0)
  expect(allCountries.filter((code) => !borders.has(code))).toEqual([])
})

test.each([
  [22.3, 114.17, 'HK'],
  [37.34, -121.89, 'US'],
  [-18.14, 178.44, 'FJ'],
  [18.4, -66.1, 'PR'],
  [42.66, 21.16, 'XK'],
  [78.2, 15.6, 'SJ'],
  [12.15, -68.27, 'BQ'],
])('%d, %d lies in %s, and in no other', async (latitude, longitude, country) => {
  const inside = [...(await from(latitude, longitude))].filter(([, km]) => km === 0).map(([code]) => code)
  expect(inside).toEqual([country])
})

const place = fc.tuple(fc.double({ min: -85, max: 85, noNaN: true }), fc.double({ min: -180, max: 180, noNaN: true }))
/** Where land is dense and countries are small: three quarters of the Earth are nobody's. */
const peopled = fc.oneof(
  place,
  fc.tuple(fc.double({ min: 36, max: 60, noNaN: true }), fc.double({ min: -9, max: 40, noNaN: true })),
  fc.tuple(fc.double({ min: -10, max: 30, noNaN: true }), fc.double({ min: 95, max: 125, noNaN: true })),
)

test('it is 0 exactly where the outlines say that one is', async () => {
  await fc.assert(
    fc.asyncProperty(peopled, async ([latitude, longitude]) => {
      const there = iso1A2Code([longitude, latitude], { level: 'territory' })
      const inside = [...(await from(latitude, longitude))].filter(([, km]) => km === 0).map(([code]) => code)
      expect(inside).toEqual(there === null ? [] : [there])
    }),
    { numRuns: 60 },
  )
})

/** Great circle, by the haversine: another formula than the one under test. */
function apart([aLatitude, aLongitude]: readonly [number, number], [bLatitude, bLongitude]: readonly [number, number]): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180
  const square = (angle: number) => Math.sin(radians(angle) / 2) ** 2
  const h = square(bLatitude - aLatitude) + Math.cos(radians(aLatitude)) * Math.cos(radians(bLatitude)) * square(bLongitude - aLongitude)
  return 2 * 6371.0088 * Math.asin(Math.min(1, Math.sqrt(h)))
}

test('no distance changes by more than one has moved', async () => {
  const step = fc.double({ min: -3, max: 3, noNaN: true })
  await fc.assert(
    fc.asyncProperty(peopled, step, step, async ([latitude, longitude], up, along) => {
      const then = [latitude + up, ((longitude + along + 540) % 360) - 180] as const
      const moved = apart([latitude, longitude], then)
      const [before, after] = await Promise.all([from(latitude, longitude), from(...then)])
      for (const [code, km] of before) expect(Math.abs(km - (after.get(code) ?? Number.NaN)), code).toBeLessThanOrEqual(moved + 0.2)
    }),
    { numRuns: 40 },
  )
})
