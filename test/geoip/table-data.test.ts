import fc from 'fast-check'
import { expect, test } from 'vitest'
import { merge, type Vote } from '../../src/geoip/merge.ts'
import { type GeoSource, saysCountries } from '../../src/geoip/source.ts'
import { CompiledTable } from '../../src/geoip/table.ts'
import { compile } from '../../src/geoip/table-data.ts'
import type { SourceRole } from '../../src/model/location.ts'
import { valueAt } from './look-up.ts'
import { networks, type Range, source, v4, v6 } from './made-up-sources.ts'

// Small numbers round the edges of a /16, where the index and the search meet.
const EDGE = 0x0808_0000
const address = fc.integer({ min: EDGE - 40, max: EDGE + 40 })

const ranges = (most: number) =>
  fc
    .tuple(fc.uniqueArray(address, { maxLength: 12 }), fc.array(fc.integer({ min: 1, max: most }), { minLength: 6, maxLength: 6 }))
    .map(([cuts, values]) => {
      const sorted = [...cuts].sort((a, b) => a - b)
      return values.flatMap((value, i): Range[] => {
        const from = sorted[2 * i]
        const to = sorted[2 * i + 1]
        return from === undefined || to === undefined ? [] : [{ from, to, value }]
      })
    })

const made: fc.Arbitrary<GeoSource> = fc
  .constantFrom<SourceRole>('override', 'authority', 'voter', 'voter', 'witness', 'registry', 'asn', 'anycast')
  .chain((role) => {
    if (role === 'asn') return ranges(3).map((list) => source('', role, list, { says: networks([1, 'one'], [2, 'two'], [3, 'three']) }))
    if (role === 'anycast') return ranges(2).map((list) => source('', role, list, { says: { kind: 'anycast', list: ['A', 'B'] } }))
    return fc
      .tuple(ranges(4), fc.subarray([1, 2, 3]))
      .map(([list, asns]) => source('', role, list, { says: saysCountries, speaksIn: new Set(asns) }))
  })

/** What merge says of one address, by asking each source for itself. */
function naive(sources: readonly GeoSource[], address: ReturnType<typeof v4>) {
  const values = sources.map((one) => valueAt(address, one.v4, one.v6))
  const asn = sources.flatMap(({ says }, i) => (says.kind === 'networks' ? (says.list[(values[i] ?? 0) - 1] ?? []) : []))[0]?.asn ?? null
  const votes = sources.map(({ info, says, speaksIn }, i): Vote => {
    const value = values[i] ?? 0
    return {
      role: info.role,
      country: says.kind === 'places' ? (says.list[value - 1]?.country ?? null) : null,
      disowned: info.role === 'authority' && value !== 0 && (asn === null || !speaksIn.has(asn)),
      anycast: says.kind === 'anycast' && value !== 0,
      finest: false,
    }
  })
  return { ...merge(votes), asn }
}

test('the compiled table says of every address what the sources say one by one', () => {
  fc.assert(
    fc.property(fc.array(made, { minLength: 1, maxLength: 7 }), (list) => {
      const sources = list.map((one, i) => ({ ...one, info: { ...one.info, name: `s${i}` } }))
      const table = new CompiledTable(compile(sources), () => null)
      for (let number = EDGE - 42; number <= EDGE + 42; number++) {
        for (const address of [v4(number), v6(number)]) {
          const { best: _, ...wanted } = naive(sources, address)
          const { possible, registry, anycast, network, best } = table.locate(address)
          expect({ possible, registry, anycast, asn: network?.asn ?? null }).toEqual(wanted)
          expect(best === null ? possible.length === 0 : possible.includes(best)).toBe(true)
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('of two sources of AS names the first that knows an address names it', () => {
  const table = new CompiledTable(
    compile([
      source('one', 'asn', [{ from: 0, to: 10, value: 1 }], { says: networks([7, 'seven']) }),
      source('two', 'asn', [{ from: 0, to: 20, value: 1 }], { says: networks([8, 'eight'], [7, 'other name of seven']) }),
    ]),
    () => null,
  )
  expect([table.lookup4(5).network?.name, table.lookup4(15).network?.name, table.lookup4(25).network]).toEqual(['seven', 'eight', null])
})

test('among voters that differ the narrower network is the best guess', () => {
  const wide = source('wide', 'voter', [{ from: 0, to: 4096, value: 1 }])
  const narrow = source('narrow', 'voter', [{ from: 64, to: 80, value: 2 }])
  for (const sources of [
    [wide, narrow],
    [narrow, wide],
  ]) {
    const table = new CompiledTable(compile(sources), () => null)
    expect(table.lookup4(70).best).toBe(saysCountries.kind === 'places' ? saysCountries.list[1]?.country : null)
    expect(table.lookup4(100).best).toBe(saysCountries.kind === 'places' ? saysCountries.list[0]?.country : null)
  }
})

test('coverage counts IPv4 addresses and IPv6 networks of 48 bits', () => {
  const data = compile([source('one', 'voter', [{ from: 0, to: 1000, value: 1 }])])
  expect(data.sources[0]?.coverage).toEqual({ v4: 1000, v6: 0 })
  expect(compile([]).sources).toEqual([])
})
