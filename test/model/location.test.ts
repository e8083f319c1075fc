import { expect, test } from 'vitest'
import { allCountries } from '../../src/model/country.ts'
import { certaintyOf, type Location } from '../../src/model/location.ts'
import { ip } from './words.ts'

const [one, other] = allCountries.filter((code) => code === 'CN' || code === 'US')
const place: Location = {
  ip: ip('52.81.151.250'),
  scope: 'global',
  answers: [],
  possible: [one!],
  best: one!,
  anycast: false,
  stated: null,
  registry: null,
  network: null,
  located: true,
}

test.each<[certainty: string, change: Partial<Location>]>([
  ['agreed', {}],
  ['disputed', { possible: [one!, other!] }],
  ['unknown', { possible: [], best: null }],
  ['anycast', { anycast: true }],
  ['anycast', { anycast: true, possible: [] }],
  ['anycast', { anycast: true, possible: [one!, other!] }],
  ['local', { scope: 'private', possible: [] }],
  ['local', { scope: 'loopback', anycast: true }],
  ['local', { scope: 'unspecified' }],
])('%s: %o', (certainty, change) => expect(certaintyOf({ ...place, ...change })).toBe(certainty))
