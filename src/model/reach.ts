/** What a round-trip time says of a place: nothing travels faster than light in fibre, so a quick answer comes from near. */
import type { CountryCode } from './country.ts'

/** Where this machine is, degrees. */
export interface Vantage {
  readonly latitude: number
  readonly longitude: number
}

/** A country where the server cannot be, for it answered too soon. */
export interface RuledOut {
  readonly country: CountryCode
  /** Farthest that the server can be from the vantage, km. */
  readonly at_most_km: number
  /** Nearest point of the country, km. */
  readonly nearest_km: number
}
