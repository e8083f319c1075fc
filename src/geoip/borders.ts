/**
 * How far each country's nearest point is from a place, by the outlines of `@rapideditor/country-coder` (ISC), in which
 * every ISO 3166-1 territory has its own. The outlines are coarse and take in territorial waters, so that distances come
 * out too short rather than too long: nobody is ruled out by mistake.
 */
import type { borders } from '@rapideditor/country-coder'
import { type CountryCode, isCountryCode } from '../model/country.ts'
import type { Vantage } from '../model/reach.ts'

/** Mean radius of the Earth, km (IUGG). */
const EARTH_KM = 6371.0088

type Feature = (typeof borders)['features'][number]

/**
 * The distance to each country's nearest point, km, 0 where the vantage lies in it. A country without an outline is
 * absent: it can never be ruled out. Loads 0.7 MB of outlines, for whoever sets a vantage.
 */
export async function nearestBorders({ latitude, longitude }: Vantage): Promise<ReadonlyMap<CountryCode, number>> {
  const { borders, featuresContaining } = await import('@rapideditor/country-coder')
  const territories = new Map(borders.features.flatMap((feature) => (isTerritory(feature) ? [[feature.properties.iso1A2, feature]] : [])))
  const codeOf = ({ properties }: Feature): CountryCode | null => {
    const codes = [properties.iso1A2 ?? '', ...properties.groups].filter(isCountryCode)
    return codes.find((code) => territories.has(code)) ?? codes[0] ?? asCode(properties.country)
  }
  const from = vectorAt([longitude, latitude])
  const nearest = new Map<CountryCode, number>()
  for (const feature of borders.features) {
    const code = codeOf(feature)
    if (code === null || feature.geometry === null) continue
    const km = EARTH_KM * angleToFeature(from, feature)
    nearest.set(code, Math.min(km, nearest.get(code) ?? Number.POSITIVE_INFINITY))
  }
  for (const feature of featuresContaining([longitude, latitude])) {
    const code = codeOf(feature)
    if (code !== null && feature.geometry !== null) nearest.set(code, 0)
  }
  return nearest
}

/** Of a dependency its own code counts, not that of the country that it belongs to: HK, PR, GF. */
const isTerritory = ({ properties }: Feature): boolean => properties.level === 'territory' && isCountryCode(properties.iso1A2 ?? '')

const asCode = (text: string | undefined): CountryCode | null => (text !== undefined && isCountryCode(text) ? text : null)

/** A unit vector from the middle of the Earth. */
type Vector = readonly [x: number, y: number, z: number]

function vectorAt([longitude = 0, latitude = 0]: readonly number[]): Vector {
  const lambda = (longitude * Math.PI) / 180
  const phi = (latitude * Math.PI) / 180
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)]
}

/** Smallest angle to the outline, radians. */
function angleToFeature(from: Vector, { geometry }: Feature): number {
  if (geometry.type !== 'MultiPolygon') throw new TypeError(`an outline is a ${geometry.type}, not a MultiPolygon`)
  let least = Math.PI
  for (const ring of geometry.coordinates.flat()) {
    for (let i = 0; i + 1 < ring.length; i++) least = Math.min(least, angleToEdge(from, ring[i] ?? [], ring[i + 1] ?? []))
  }
  return least
}

/** Edges are straight in degrees, not on the sphere. In pieces of this length the two differ by less than 30 m, which no handshake can tell. */
const PIECE_DEGREES = 0.5

function angleToEdge(from: Vector, [a0 = 0, a1 = 0]: readonly number[], [b0 = 0, b1 = 0]: readonly number[]): number {
  const pieces = Math.max(1, Math.ceil(Math.max(Math.abs(b0 - a0), Math.abs(b1 - a1)) / PIECE_DEGREES))
  let least = Math.PI
  let start = vectorAt([a0, a1])
  for (let i = 1; i <= pieces; i++) {
    const end = vectorAt([a0 + ((b0 - a0) * i) / pieces, a1 + ((b1 - a1) * i) / pieces])
    least = Math.min(least, angleToArc(from, start, end))
    start = end
  }
  return least
}

/** Smallest angle to the shorter great-circle arc between two points. */
function angleToArc(from: Vector, a: Vector, b: Vector): number {
  const normal = cross(a, b)
  const length = Math.hypot(...normal)
  // Beside the arc, and not beyond one of its ends.
  if (length > 1e-12 && dot(cross(normal, a), from) > 0 && dot(cross(b, normal), from) > 0) {
    return Math.asin(Math.min(1, Math.abs(dot(from, normal)) / length))
  }
  return Math.min(angleBetween(from, a), angleBetween(from, b))
}

const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]

const cross = (a: Vector, b: Vector): Vector => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]

/** Exact also for near points, where the arc cosine is not. */
const angleBetween = (a: Vector, b: Vector): number => Math.atan2(Math.hypot(...cross(a, b)), dot(a, b))
