import fc from 'fast-check'
import { expect, test } from 'vitest'
import { merge, type Vote } from '../../src/geoip/merge.ts'
import { type GeoSource, saysCountries } from '../../src/geoip/source.ts'
import { CompiledTable } from '../../src/geoip/table.ts'
import { compile, DISOWNED } from '../../src/geoip/table-data.ts'
import type { Ip } from '../../src/model/address.ts'
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

interface Made {
  readonly list: readonly Range[]
  readonly source: GeoSource
}

const made: fc.Arbitrary<Made> = fc
  .constantFrom<SourceRole>('override', 'authority', 'voter', 'voter', 'witness', 'registry', 'asn', 'anycast')
  .chain((role) => {
    const of = (list: readonly Range[], change: Partial<GeoSource>): Made => ({ list, source: source('', role, list, change) })
    if (role === 'asn') return ranges(3).map((list) => of(list, { says: networks([1, 'one'], [2, 'two'], [3, 'three']) }))
    if (role === 'anycast') return ranges(2).map((list) => of(list, { says: { kind: 'anycast', list: ['A', 'B'] } }))
    return fc.tuple(ranges(4), fc.subarray([1, 2, 3])).map(([list, asns]) => of(list, { says: saysCountries, speaksIn: new Set(asns) }))
  })

/** What merge says of one address, by asking each source for itself. */
function naive(all: readonly Made[], number: number, address: Ip) {
  const values = all.map(({ source: { v4, v6 } }) => valueAt(address, v4, v6))
  const asn = all.flatMap(({ source: { says } }, i) => (says.kind === 'networks' ? (says.list[(values[i] ?? 0) - 1] ?? []) : []))[0]?.asn
  const bits = all.map(({ source: { info }, list }) => {
    const range = list.find(({ from, to }) => info.role === 'voter' && from <= number && number < to)
    return range === undefined ? Number.POSITIVE_INFINITY : Math.ceil(Math.log2(range.to - range.from))
  })
  const finest = bits.indexOf(Math.min(...bits))
  const votes = all.map(({ source: { info, says, speaksIn } }, i): Vote => {
    const value = values[i] ?? 0
    return {
      role: info.role,
      country: says.kind === 'places' ? (says.list[value - 1]?.country ?? null) : null,
      disowned: info.role === 'authority' && value !== 0 && (asn === undefined || !speaksIn.has(asn)),
      anycast: says.kind === 'anycast' && value !== 0,
      finest: info.role === 'voter' && i === finest,
    }
  })
  return { ...merge(votes), asn: asn ?? null, disowned: votes.flatMap(({ disowned }, i) => (disowned ? [`s${i}`] : [])) }
}

test('the compiled table says of every address what the sources say one by one', () => {
  fc.assert(
    fc.property(fc.array(made, { minLength: 1, maxLength: 7 }), (list) => {
      const all = list.map(({ list, source: { info, ...more } }, i) => ({ list, source: { ...more, info: { ...info, name: `s${i}` } } }))
      const data = compile(all.map(({ source }) => source))
      const table = new CompiledTable(data, () => null)
      for (let number = EDGE - 42; number <= EDGE + 42; number++) {
        for (const address of [v4(number), v6(number)]) {
          const { answers, possible, best, registry, anycast, network } = table.locate(address)
          const disowned = answers.flatMap((answer) => (answer.disowned === true ? [answer.source] : []))
          const said = { possible, best, registry, anycast, asn: network?.asn ?? null, disowned }
          expect(said).toEqual(naive(all, number, address))
        }
      }
      // No row stands there twice.
      const width = all.length + 1
      const rows = Array.from({ length: data.evidence.length / width }, (_, i) => data.evidence.subarray(i * width, (i + 1) * width).join())
      expect(new Set(rows).size).toBe(rows.length)
      expect(data.evidenceOf.length).toBe(new Set(data.evidenceOf.map((evidence, i) => evidence * 1_000 + (data.networkOf[i] ?? 0))).size)
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

test('an AS has one name, that of the first source, also where only the other one speaks of it', () => {
  const one = source('one', 'asn', [{ from: 10, to: 20, value: 1 }], { says: networks([7, 'seven']) })
  const two = source('two', 'asn', [{ from: 0, to: 30, value: 1 }], { says: networks([7, 'another name of seven']) })
  for (const [sources, name] of [
    [[one, two], 'seven'],
    [[two, one], 'another name of seven'],
  ] as const) {
    const table = new CompiledTable(compile(sources), () => null)
    expect([5, 15, 25].map((number) => table.lookup4(number).network?.name)).toEqual([name, name, name])
    expect(table.size.networks).toBe(1)
  }
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

test('an authority outside its networks is marked in the row, also where no AS is known', () => {
  const cloud = source('cloud', 'authority', [{ from: 0, to: 30, value: 5 }], { speaksIn: new Set([7]) })
  const names = source(
    'AS',
    'asn',
    [0, 10].map((from, i) => ({ from, to: from + 10, value: i + 1 })),
    {
      says: networks([7, 'own'], [8, 'other']),
    },
  )
  const data = compile([cloud, names])
  const rowAt = (number: number) => {
    const evidence = data.evidenceOf[valueAt(v4(number), data.v4, data.v6)] ?? Number.NaN
    return [...data.evidence.subarray(evidence * 3, evidence * 3 + 3)]
  }
  expect([5, 15, 25, 35].map(rowAt)).toEqual([
    [5, 0, 0],
    [5 + DISOWNED, 0, 0],
    [5 + DISOWNED, 0, 0],
    [0, 0, 0],
  ])
})
