import { describe, expect, test } from 'vitest'
import { uniform } from '../../src/geoip/ranges.ts'
import { countryNumber } from '../../src/geoip/source.ts'
import { CompiledTable, unlocated } from '../../src/geoip/table.ts'
import { compile } from '../../src/geoip/table-data.ts'
import type { Company } from '../../src/model/location.ts'
import { at, networks, source, v4 } from './made-up-sources.ts'
import { ip } from './support.ts'

const nobody = () => null
const tableOf = (...sources: readonly ReturnType<typeof source>[]) => new CompiledTable(compile(sources), nobody)

test('the first and the last address of each family are found', () => {
  const all = source('all', 'voter', [], { v4: uniform(1, countryNumber('CN')), v6: uniform(4, countryNumber('RU')) })
  const table = tableOf(all)
  for (const number of [0, 0xffff_ffff]) expect(table.lookup4(number).best).toBe('CN')
  for (const word of [0, 0xffff_ffff]) expect(table.lookup6(word, word, word, word).best).toBe('RU')
})

test('addresses of which the same is known share one frozen answer', () => {
  const table = tableOf(source('a', 'voter', [at(10, 20, 'US'), at(30, 40, 'US')]))
  expect(table.lookup4(15)).toBe(table.lookup4(35))
  expect(Object.isFrozen(table.lookup4(15))).toBe(true)
  expect(Object.isFrozen(table.lookup4(15).possible)).toBe(true)
  expect(Object.isFrozen(table.lookup4(15).answers)).toBe(true)
  expect(table.lookup4(15).answers.map((answer) => Object.isFrozen(answer))).toEqual([true])
  expect(table.size).toMatchObject({ v4Ranges: 5, answers: 2, networks: 0 })
})

test('voters and witnesses are asked of every address; others stand there only where they say something', () => {
  const table = tableOf(
    source('one', 'voter', [at(0, 100, 'US')]),
    source('old', 'witness', []),
    source('AWS', 'authority', [{ from: 10, to: 20, value: 1 }], {
      says: { kind: 'places', list: [{ country: 'DE' as never, detail: 'eu-central-1' }] },
      speaksIn: new Set([16509]),
    }),
    source('lists', 'anycast', [{ from: 15, to: 30, value: 1 }], { says: { kind: 'anycast', list: ['Cloudflare'] } }),
    source('ours', 'override', [at(13, 14, 'FR'), at(18, 19, 'FR')]),
    source('RIRs', 'registry', [at(0, 50, 'CN')]),
    source('AS', 'asn', [{ from: 0, to: 16, value: 1 }], { says: networks([16509, 'Amazon']) }),
  )
  const shown = (number: number) => {
    const { answers, possible, stated, registry, anycast, network } = table.lookup4(number)
    return {
      answers: answers.map(({ source: name, ...said }) => [name, ...Object.values(said)].join(' ')),
      possible,
      stated,
      registry,
      anycast,
      asn: network?.asn,
    }
  }
  expect(shown(5)).toEqual({ answers: ['one US', 'old '], possible: ['US'], stated: null, registry: 'CN', anycast: false, asn: 16509 })
  expect(shown(12)).toMatchObject({ answers: ['one US', 'old ', 'AWS DE eu-central-1'], possible: ['DE'], stated: 'AWS' })
  expect(shown(15)).toMatchObject({ answers: ['one US', 'old ', 'AWS DE eu-central-1', 'lists  Cloudflare'], anycast: true })
  // Beyond 16 nobody announces it: the operator's word is shown and not counted.
  expect(shown(17)).toMatchObject({
    answers: ['one US', 'old ', 'AWS DE eu-central-1 true', 'lists  Cloudflare'],
    possible: ['US'],
    stated: null,
    asn: undefined,
  })
  expect(shown(18)).toMatchObject({ possible: ['FR'], stated: 'ours', anycast: false })
  // Inside the operator's networks too, an override is whose word decides.
  expect(shown(13)).toMatchObject({ answers: ['one US', 'old ', 'AWS DE eu-central-1', 'ours FR'], possible: ['FR'], stated: 'ours' })
  expect(shown(60)).toMatchObject({ registry: null })
})

test('a network has the firm behind it, each once', () => {
  const firm: Company = { name: 'Amazon', home: 'US' as never, contested: null }
  const table = new CompiledTable(
    compile([
      source('one', 'voter', [at(0, 9, 'US')]),
      source('AS', 'asn', [{ from: 0, to: 16, value: 1 }], { says: networks([16509, 'Amazon.com']) }),
    ]),
    (asn) => (asn === 16509 ? firm : null),
  )
  expect(table.lookup4(5).network).toEqual({ asn: 16509, name: 'Amazon.com', company: firm })
  expect(table.lookup4(12).network).toBe(table.lookup4(5).network)
  expect(Object.isFrozen(table.lookup4(5).network)).toBe(true)
  expect(table.locate(v4(0x0101_0101)).network).toBeNull()
})

test('without a table nothing is known, and that is said', () => {
  expect(unlocated(ip('8.8.8.8'))).toMatchObject({ scope: 'global', located: false, possible: [], best: null, network: null })
  expect(unlocated(ip('10.0.0.1'))).toMatchObject({ scope: 'private', located: false })
  expect(tableOf(source('one', 'voter', [])).locate(ip('8.8.8.8')).located).toBe(true)
})

describe('an address that is not global', () => {
  const table = tableOf(source('a', 'voter', [at(0, 2 ** 32, 'US')]))
  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '224.0.0.1',
    '0.0.0.0',
    '::1',
    'fe80::1',
    'fd00::1',
    'ff02::1',
  ])('%s has no answers', (text) => {
    expect(table.locate(ip(text))).toMatchObject({ ip: text, answers: [], possible: [], best: null, anycast: false, network: null })
    expect(table.locate(ip(text)).scope).not.toBe('global')
  })
})
