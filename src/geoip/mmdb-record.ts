/**
 * Where the data record of a MaxMind DB names the country of an address: the shapes of GeoLite2, GeoIP2 and DB-IP
 * (`country.iso_code`), ip-location-db and IPinfo Lite (`country_code`), and IPinfo's older files (`country`).
 *
 * `registered_country` is not read: it says where the holder of the block is registered, which is no statement about
 * where the machine stands. MaxMind leaves `country` out for anycast addresses and only registration remains.
 */
import { type CountryCode, isCountryCode } from '../model/country.ts'

/** What a record says, told apart by `kind`; `odd`: a code that is no ISO 3166-1 country, such as EU, AP or ZZ. */
export type RecordedCountry =
  | { readonly kind: 'country'; readonly code: CountryCode }
  | { readonly kind: 'none' }
  | { readonly kind: 'odd'; readonly text: string }
  | { readonly kind: 'malformed'; readonly why: string }

/** Reads the country out of a decoded record. */
export function countryOfRecord(record: unknown): RecordedCountry {
  if (!isMap(record)) return { kind: 'malformed', why: 'a record is not a map' }
  // IPinfo Lite has the country's name in `country` and the code in `country_code`: the code goes first.
  if ('country_code' in record) return ofCode('country_code', record.country_code)
  if (!('country' in record)) return { kind: 'none' }
  const { country } = record
  if (!isMap(country)) return ofCode('country', country)
  return 'iso_code' in country ? ofCode('country.iso_code', country.iso_code) : { kind: 'none' }
}

function ofCode(key: string, value: unknown): RecordedCountry {
  if (typeof value !== 'string') return { kind: 'malformed', why: `"${key}" is not text` }
  return isCountryCode(value) ? { kind: 'country', code: value } : { kind: 'odd', text: value }
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
