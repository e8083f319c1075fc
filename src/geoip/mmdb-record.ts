/**
 * What the data record of a MaxMind DB says, by what it is asked for. The country of an address: the shapes of GeoLite2,
 * GeoIP2 and DB-IP (`country.iso_code`), ip-location-db and IPinfo Lite (`country_code`), and IPinfo's older files
 * (`country`). Where its block is registered: `registered_country.iso_code` of MaxMind. Its origin AS:
 * `autonomous_system_number` of MaxMind and DB-IP, `asn` of IPinfo ("AS13335").
 *
 * `registered_country` is never taken for the country: it says where the holder of the block is registered, which is no
 * statement about where the machine stands. MaxMind leaves `country` out for anycast addresses and only it remains.
 */
import { type CountryCode, isCountryCode } from '../model/country.ts'
import type { NamedAs } from './source.ts'

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

/** Reads where the block is registered. A file that has only one country in a record (RIR statistics) means that one. */
export function registryOfRecord(record: unknown): RecordedCountry {
  if (!isMap(record)) return { kind: 'malformed', why: 'a record is not a map' }
  if (!('registered_country' in record)) return 'country_code' in record ? countryOfRecord(record) : { kind: 'none' }
  const { registered_country: registered } = record
  return isMap(registered) && 'iso_code' in registered ? ofCode('registered_country.iso_code', registered.iso_code) : { kind: 'none' }
}

/** The origin AS of a record, told apart by `kind`. */
export type RecordedAs =
  | { readonly kind: 'as'; readonly network: NamedAs }
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed'; readonly why: string }

/** Reads the origin AS out of a decoded record. */
export function asOfRecord(record: unknown): RecordedAs {
  if (!isMap(record)) return { kind: 'malformed', why: 'a record is not a map' }
  const said = record.autonomous_system_number ?? record.asn
  if (said === undefined || said === '') return { kind: 'none' }
  const asn = typeof said === 'string' ? Number(/^(?:AS)?([0-9]{1,10})$/.exec(said)?.[1]) : said
  // RFC 6793: AS numbers have 32 bits; RFC 7607: 0 is reserved.
  if (typeof asn !== 'number' || !Number.isInteger(asn) || asn < 1 || asn > 0xffff_ffff) {
    return { kind: 'malformed', why: 'the AS number is none' }
  }
  const name = record.autonomous_system_organization ?? record.as_name ?? ''
  return typeof name === 'string' ? { kind: 'as', network: { asn, name } } : { kind: 'malformed', why: 'the name of the AS is not text' }
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
