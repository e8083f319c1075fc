import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Says, saysCountries } from '../../src/geoip/source.ts'
import { CompiledTable } from '../../src/geoip/table.ts'
import { compile } from '../../src/geoip/table-data.ts'
import { decodeTable, encodeTable } from '../../src/geoip/table-file.ts'
import type { SourceRole } from '../../src/model/location.ts'
import { at, networks, source, v4, v6 } from './made-up-sources.ts'

const key = 'a'.repeat(64)
const data = compile([
  source('one', 'voter', [at(10, 20, 'US'), at(30, 400, 'CN')]),
  source('two', 'voter', [at(15, 40, 'DE')]),
  source('AS', 'asn', [{ from: 0, to: 100, value: 1 }], { says: networks([7, 'naïve — "quoted"']) }),
])
const bytes = encodeTable(data, key)

test('what comes back looks everything up as before', () => {
  const again = decodeTable(bytes)
  expect(again.key).toBe(key)
  const [before, after] = [data, again.data].map((each) => new CompiledTable(each, () => null))
  for (let number = 0; number < 500; number++) {
    for (const address of [v4(number), v6(number)]) expect(after?.locate(address)).toEqual(before?.locate(address))
    expect(after?.lookup4(number)).toEqual(before?.lookup4(number))
  }
  expect(after?.size).toEqual(before?.size)
  expect(again.data.warnings).toEqual(data.warnings)
})

test('a table that was cut anywhere, or of which any bit was flipped, is refused', () => {
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), (length) => {
      expect(() => decodeTable(bytes.slice(0, length))).toThrow(length < 48 ? 'no table of this version' : 'a table that was cut off')
    }),
  )
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 7 }), (index, bit) => {
      const flipped = bytes.slice()
      flipped[index] = (flipped[index] ?? 0) ^ (1 << bit)
      expect(() => decodeTable(flipped)).toThrow(/no table of this version|cut off|damaged/)
    }),
  )
})

test('a whole table of another version is refused', () => {
  const other = bytes.slice()
  other[7] = (other[7] ?? 0) + 1
  const digest = createHash('sha256').update(other.subarray(0, -32)).digest()
  other.set(digest, other.length - 32)
  expect(() => decodeTable(other)).toThrow('no table of this version')
})

test('whatever was compiled comes back as it was', () => {
  const cuts = fc.uniqueArray(fc.nat(0xffff_ffff), { maxLength: 8 }).map((list) => [...list].sort((a, b) => a - b))
  const roles = fc.constantFrom<SourceRole>('voter', 'voter', 'witness', 'registry', 'override', 'asn', 'anycast')
  const made = fc.tuple(fc.string({ unit: 'grapheme' }), roles, cuts).map(([name, role, list]) => {
    const ranges = list.flatMap((from, i) => (i % 2 === 1 ? [] : [{ from, to: list[i + 1] ?? 2 ** 32, value: 1 + ((i >> 1) % 2) }]))
    const says: Partial<Record<SourceRole, Says>> = {
      asn: networks([1, name], [2, `${name}2`]),
      anycast: { kind: 'anycast', list: [name, 'B'] },
    }
    return source(name, role, ranges, { warnings: [name], says: says[role] ?? saysCountries })
  })
  fc.assert(
    fc.property(fc.array(made, { maxLength: 5 }), fc.string(), (sources, name) => {
      const before = compile(sources)
      expect(decodeTable(encodeTable(before, name))).toEqual({ key: name, data: before })
    }),
  )
})

test('whatever the bytes, only an Error is thrown', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
      expect(() => decodeTable(new Uint8Array(garbage))).toThrow(Error)
    }),
  )
})
