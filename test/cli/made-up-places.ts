/** Locations and sources made up for screens: every role, and what each of them may say. */
import type { CoveredSource } from '../../src/geoip/index.ts'
import { type Ip, parseIp } from '../../src/model/address.ts'
import { type CountryCode, isCountryCode } from '../../src/model/country.ts'
import type { Location, SourceAnswer, SourceRole } from '../../src/model/location.ts'
import { scopeOf } from '../../src/model/scope.ts'

export function code(text: string): CountryCode {
  if (!isCountryCode(text)) throw new Error(`not a country: ${text}`)
  return text
}

export function ip(text: string): Ip {
  const parsed = parseIp(text)
  if (parsed === null) throw new Error(`not an address: ${text}`)
  return parsed
}

const source = (name: string, role: SourceRole, date: string | null): CoveredSource => ({
  name,
  role,
  date,
  sha256: '0'.repeat(64),
  licence: null,
  attribution: null,
  coverage: { v4: 0, v6: 0 },
})

export const geo = {
  hash: 'f'.repeat(64),
  sources: [
    source('One', 'voter', '2026-06-01'),
    source('Two', 'voter', '2026-06-17'),
    source('Old', 'witness', '2019-12-24'),
    source('AWS', 'authority', '2026-04-21'),
    source('ours', 'override', null),
    source('anycast list', 'anycast', '2026-04-21'),
    source('RIRs', 'registry', '2026-06-17'),
    source('AS names', 'asn', '2026-06-17'),
  ],
}

const amazon = { asn: 16509, name: 'Amazon.com, Inc.', company: { name: 'Amazon', home: code('US'), contested: null } }

/** A place of which the sources say nothing, unless told otherwise. */
export function place(address: string, change: Partial<Location> = {}): Location {
  return {
    ip: ip(address),
    scope: scopeOf(ip(address)),
    answers: [],
    possible: [],
    best: null,
    stated: null,
    registry: null,
    anycast: false,
    network: null,
    located: true,
    ...change,
  }
}

const says = (name: string, country: string | null, more: Partial<SourceAnswer> = {}): SourceAnswer => ({
  source: name,
  country: country === null ? null : code(country),
  ...more,
})

export const places: Readonly<Record<string, Location>> = {
  'hong-kong': place('18.162.0.1', {
    answers: [says('One', 'HK'), says('Two', 'CN'), says('Old', 'US'), says('AWS', 'HK', { detail: 'ap-east-1' })],
    possible: [code('HK')],
    best: code('HK'),
    stated: 'AWS',
    registry: code('US'),
    network: amazon,
  }),
  disputed: place('101.45.192.1', {
    answers: [says('One', 'AR'), says('Two', 'US'), says('Old', null)],
    possible: [code('AR'), code('US')],
    best: code('US'),
    registry: code('US'),
    network: {
      asn: 138699,
      name: 'TIKTOK PTE. LTD.',
      company: { name: 'ByteDance', home: code('CN'), contested: 'Incorporated in the Cayman Islands.' },
    },
  }),
  disowned: place('9.9.9.1', {
    answers: [says('One', 'US'), says('Two', 'US'), says('Old', null), says('AWS', 'DE', { detail: 'eu-central-1', disowned: true })],
    possible: [code('US')],
    best: code('US'),
  }),
  anycast: place('1.1.1.1', {
    answers: [says('One', 'AU'), says('Two', null), says('Old', null), says('anycast list', null, { detail: 'Cloudflare' })],
    possible: [code('AU')],
    best: code('AU'),
    anycast: true,
    network: { asn: 13335, name: 'Cloudflare, Inc.', company: null },
  }),
  override: place('23.1.1.1', {
    answers: [says('One', null), says('Two', null), says('Old', null), says('ours', 'DE')],
    possible: [code('DE')],
    best: code('DE'),
    stated: 'ours',
  }),
  unknown: place('23.192.228.7', { answers: [says('One', null), says('Two', null), says('Old', null)] }),
  local: place('10.0.0.1'),
}
