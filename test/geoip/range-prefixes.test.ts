import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PrefixSet } from '../../src/geoip/prefixes.ts'
import { prefixesOf } from '../../src/geoip/range-prefixes.ts'
import { uniform } from '../../src/geoip/ranges.ts'
import { ipFromBytes } from '../../src/model/address.ts'
import { type Cidr, cidr, formatCidr } from '../../src/model/cidr.ts'

const listed = (...prefixes: readonly (readonly [string, number])[]) => {
  const { v4, v6 } = built(prefixes.map(([prefix, value]) => [cidr(prefix), value]))
  return [...prefixesOf(v4), ...prefixesOf(v6)].map(({ network, value }) => `${formatCidr(network)} ${value}`)
}

function built(prefixes: readonly (readonly [Cidr, number])[]) {
  const set = new PrefixSet()
  for (const [network, value] of prefixes) set.add(network, value)
  return set.build()
}

test('neighbours and nested prefixes of one value become one prefix', () => {
  expect(listed(['192.0.2.0/25', 1], ['192.0.2.128/25', 1], ['192.0.2.7', 1])).toEqual(['192.0.2.0/24 1'])
  expect(listed(['2001:db8::/33', 2], ['2001:db8:8000::/33', 2])).toEqual(['2001:db8::/32 2'])
})

test('a prefix with a hole is the prefixes around it', () => {
  expect(listed(['192.0.2.0/24', 1], ['192.0.2.64/26', 0])).toEqual(['192.0.2.0/26 1', '192.0.2.128/25 1'])
})

test('neighbours that do not share a prefix stay apart', () => {
  expect(listed(['192.0.2.64/26', 1], ['192.0.2.128/26', 1])).toEqual(['192.0.2.64/26 1', '192.0.2.128/26 1'])
})

test('the whole space is one prefix, and no answer is none', () => {
  expect(prefixesOf(uniform(1, 7)).map(({ network }) => formatCidr(network))).toEqual(['0.0.0.0/0'])
  expect(prefixesOf(uniform(4, 7)).map(({ network }) => formatCidr(network))).toEqual(['::/0'])
  expect(prefixesOf(uniform(4, 0))).toEqual([])
})

test('the prefixes give the same answer for every address as the ranges', () => {
  const network = fc
    .tuple(fc.uint8Array({ minLength: 2, maxLength: 2 }), fc.integer({ min: 0, max: 16 }), fc.boolean())
    .map(([[a = 0, b = 0], bits, isV4]) => {
      const word = ((a << 8) | b) & (0xffff << (16 - bits))
      const bytes = new Uint8Array(isV4 ? 4 : 16)
      bytes.set([isV4 ? 10 : 0x20, word >> 8, word & 0xff])
      return cidr(`${ipFromBytes(bytes)}/${8 + bits}`)
    })
  fc.assert(
    fc.property(fc.array(fc.tuple(network, fc.integer({ min: 0, max: 3 }))), (prefixes) => {
      const { v4, v6 } = built(prefixes)
      const again = built([...prefixesOf(v4), ...prefixesOf(v6)].map(({ network, value }) => [network, value] as const))
      expect(again).toEqual({ v4, v6 })
    }),
  )
})
