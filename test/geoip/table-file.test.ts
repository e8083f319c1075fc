import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CompiledTable } from '../../src/geoip/table.ts'
import { compile } from '../../src/geoip/table-data.ts'
import { decodeTable, encodeTable } from '../../src/geoip/table-file.ts'
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
      expect(() => decodeTable(bytes.slice(0, length))).toThrow(/no table of this version|cut off|damaged/)
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

test('whatever the bytes, only an Error is thrown', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
      expect(() => decodeTable(new Uint8Array(garbage))).toThrow(Error)
    }),
  )
})
