import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RangesBuilder, uniform } from '../../src/geoip/ranges.ts'
import { countryNumber, type GeoSource } from '../../src/geoip/source.ts'
import { compileTable } from '../../src/geoip/table.ts'
import { type Ip, ipFromBytes, ipToBytes } from '../../src/model/address.ts'
import type { SourceRole } from '../../src/model/location.ts'
import { ip } from './support.ts'

interface Network {
  readonly from: number
  readonly to: number
  readonly country: string
}

/** A source that knows the given IPv4 ranges, and the same at 2000::/3 in the last word of an address. */
function source(name: string, role: SourceRole, networks: readonly Network[]): GeoSource {
  const v4 = new RangesBuilder(1)
  const v6 = new RangesBuilder(4)
  v4.push(0, 0, 0, 0, 0)
  v6.push(0, 0, 0, 0, 0)
  for (const { from, to, country } of networks) {
    v4.push(countryNumber(country), from, 0, 0, 0)
    v4.push(0, to, 0, 0, 0)
    v6.push(countryNumber(country), 0x2a00_0000, 0, 0, from)
    v6.push(0, 0x2a00_0000, 0, 0, to)
  }
  return { info: { name, role, date: '2026-06-01', sha256: name, attribution: null }, v4: v4.build(), v6: v6.build(), warnings: [] }
}

const v4 = (number: number): Ip => ipFromBytes(Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number))

function v6(number: number): Ip {
  const bytes = new Uint8Array(16)
  bytes[0] = 0x2a
  bytes.set(ipToBytes(v4(number)), 12)
  return ipFromBytes(bytes)
}

test('a source that holds numbers which would run into each other is refused', () => {
  const large = (value: number): GeoSource => ({ ...source('large', 'voter', []), v4: uniform(1, value) })
  expect(() => compileTable([large(1_023), large(1_023)])).not.toThrow()
  expect(() => compileTable([large(1_024)])).toThrow('source 0 holds the number 1024, which is not below 1024')
})

// Small numbers round the edges of a /16, where the index and the search meet.
const EDGE = 0x0808_0000
const address = fc.integer({ min: EDGE - 40, max: EDGE + 40 })
const role = fc.constantFrom<SourceRole>('voter', 'witness')
const networks = fc
  .uniqueArray(address, { minLength: 2, maxLength: 12 })
  .chain((cuts) =>
    fc.tuple(fc.constant([...cuts].sort((a, b) => a - b)), fc.array(fc.constantFrom('US', 'CN', 'RU'), { minLength: 6, maxLength: 6 })),
  )
  .map(([cuts, codes]) => codes.flatMap((country, i) => pairOf(cuts, i, country)))

function pairOf(cuts: readonly number[], i: number, country: string): Network[] {
  const from = cuts[2 * i]
  const to = cuts[2 * i + 1]
  return from === undefined || to === undefined ? [] : [{ from, to, country }]
}

test('the table answers as a search through all ranges does', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(role, networks), { minLength: 1, maxLength: 4 }), (list) => {
      const table = compileTable(list.map(([of, known], i) => source(`s${i}`, of, known)))
      for (let at = EDGE - 42; at <= EDGE + 42; at++) {
        const answers = list.map(([, known], i) => ({
          source: `s${i}`,
          country: known.find(({ from, to }) => at >= from && at < to)?.country ?? null,
        }))
        const voted = answers.filter((_, i) => list[i]?.[0] === 'voter').flatMap(({ country }) => country ?? [])
        for (const location of [table.locate(v4(at)), table.locate(v6(at))]) {
          expect(location.answers).toEqual(answers)
          expect(location.possible).toEqual([...new Set(voted)].sort())
          expect(location.best).toBe(voted[0] ?? null)
        }
      }
    }),
    { numRuns: 50 },
  )
})

test('the first and the last address of each family are found', () => {
  const all = {
    info: source('all', 'voter', []).info,
    v4: uniform(1, countryNumber('CN')),
    v6: uniform(4, countryNumber('RU')),
    warnings: [],
  }
  const table = compileTable([all])
  for (const number of [0, 0xffff_ffff]) expect(table.lookup4(number).best).toBe('CN')
  for (const word of [0, 0xffff_ffff]) expect(table.lookup6(word, word, word, word).best).toBe('RU')
})

test('addresses of which the sources say the same share one frozen answer', () => {
  const table = compileTable([
    source('a', 'voter', [
      { from: 10, to: 20, country: 'US' },
      { from: 30, to: 40, country: 'US' },
    ]),
  ])
  expect(table.lookup4(15)).toBe(table.lookup4(35))
  expect(Object.isFrozen(table.lookup4(15))).toBe(true)
  expect(Object.isFrozen(table.lookup4(15).possible)).toBe(true)
  expect(table.size).toMatchObject({ v4Ranges: 5, answers: 2 })
})

test('the same source twice merges with itself', () => {
  const one = source('a', 'voter', [{ from: 10, to: 20, country: 'US' }])
  expect(compileTable([one, one]).size.v4Ranges).toBe(compileTable([one]).size.v4Ranges)
})

describe('an address that is not global', () => {
  const table = compileTable([source('a', 'voter', [{ from: 0, to: 0xffff_ffff, country: 'US' }])])
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
    expect(table.locate(ip(text))).toMatchObject({ ip: text, answers: [], possible: [], best: null, anycast: false })
    expect(table.locate(ip(text)).scope).not.toBe('global')
  })
})
