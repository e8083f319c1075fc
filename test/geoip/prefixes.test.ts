import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PrefixSet } from '../../src/geoip/prefixes.ts'
import type { Ranges } from '../../src/geoip/ranges.ts'
import { ipFromBytes } from '../../src/model/address.ts'
import { type Cidr, cidr } from '../../src/model/cidr.ts'
import { CidrSet } from '../../src/model/cidr-set.ts'
import { valueAt } from './look-up.ts'

test('the longest prefix that holds an address speaks, and gaps are 0', () => {
  const { v4, v6 } = built([
    ['8.0.0.0/8', 1],
    ['8.8.0.0/16', 2],
    ['8.8.8.8', 3],
    ['2001:db8::/32', 4],
  ])
  expect(v4).toEqual({
    lanes: 1,
    starts: Uint32Array.of(0, 0x0800_0000, 0x0808_0000, 0x0808_0808, 0x0808_0809, 0x0809_0000, 0x0900_0000),
    values: Uint32Array.of(0, 1, 2, 3, 2, 1, 0),
  })
  expect(v6).toEqual({
    lanes: 4,
    starts: Uint32Array.of(0, 0, 0, 0, 0x2001_0db8, 0, 0, 0, 0x2001_0db9, 0, 0, 0),
    values: Uint32Array.of(0, 4, 0),
  })
})

test('a prefix with the value 0 is a hole in the one around it', () => {
  const { v4 } = built([
    ['8.8.0.0/16', 0],
    ['8.0.0.0/8', 1],
  ])
  expect([...v4.values]).toEqual([0, 1, 0, 1, 0])
})

test('the whole space and its very last address are prefixes like others', () => {
  const { v4, v6 } = built([
    ['0.0.0.0/0', 1],
    ['255.255.255.255', 2],
    ['::/0', 3],
    ['ffff::/16', 4],
  ])
  expect(v4).toEqual({ lanes: 1, starts: Uint32Array.of(0, 0xffff_ffff), values: Uint32Array.of(1, 2) })
  expect(v6).toEqual({ lanes: 4, starts: Uint32Array.of(0, 0, 0, 0, 0xffff_0000, 0, 0, 0), values: Uint32Array.of(3, 4) })
})

test('no prefix at all leaves both spaces without an answer', () => {
  const { v4, v6 } = new PrefixSet().build()
  expect([v4, v6]).toEqual([
    { lanes: 1, starts: Uint32Array.of(0), values: Uint32Array.of(0) },
    { lanes: 4, starts: Uint32Array.of(0, 0, 0, 0), values: Uint32Array.of(0) },
  ])
})

test('a prefix that is there already keeps its first value', () => {
  const set = new PrefixSet()
  expect(set.add(cidr('8.0.0.0/8'), 1)).toBe('added')
  expect(set.add(cidr('8.0.0.0/8'), 1)).toBe('same')
  expect(set.add(cidr('8.0.0.0/8'), 2)).toBe('conflict')
  expect(set.add(cidr('8.0.0.0/9'), 2)).toBe('added')
  expect(set.size).toBe(2)
  expect([...set.build().v4.values]).toEqual([0, 2, 1, 0])
})

// Few distinct bits, so that prefixes nest, meet and repeat.
const bytes = (length: number) => fc.array(fc.constantFrom(0, 0, 0x80, 0xc0, 0xff, 0xff), { minLength: length, maxLength: length })
const prefix = fc
  .oneof(fc.record({ bytes: bytes(4), bits: fc.nat(32) }), fc.record({ bytes: bytes(16), bits: fc.nat(128) }))
  .map(masked)
  // What is written as IPv6 and stands for IPv4 is no Cidr.
  .filter(({ ip, family }) => ip.includes(':') === (family === 6))
const entries = fc.uniqueArray(fc.tuple(prefix, fc.nat(3)), { selector: ([{ ip, bits }]) => `${ip}/${bits}`, maxLength: 40 })
const addresses = fc.array(fc.oneof(bytes(4), bytes(16)), { minLength: 20, maxLength: 40 })

test('ranges say what the longest match says, whatever the order', () => {
  const cases = entries.chain((list) =>
    fc.record({ list: fc.constant(list), other: fc.shuffledSubarray(list, { minLength: list.length }), addresses }),
  )
  fc.assert(
    fc.property(cases, ({ list, other, addresses }) => {
      const { v4, v6 } = filled(list)
      expect(filled(other)).toEqual({ v4, v6 })
      for (const each of addresses) {
        const ip = ipFromBytes(Uint8Array.from(each))
        const holding = list.filter(([network]) => new CidrSet([network]).has(ip)).sort(([l], [r]) => r.bits - l.bits)
        expect(valueAt(ip, v4, v6)).toBe(holding[0]?.[1] ?? 0)
      }
    }),
  )
})

function masked({ bytes, bits }: { readonly bytes: readonly number[]; readonly bits: number }): Cidr {
  const kept = bytes.map((byte, i) => byte & (0xff << (8 - Math.max(0, Math.min(8, bits - 8 * i)))))
  return { ip: ipFromBytes(Uint8Array.from(kept)), family: bytes.length === 4 ? 4 : 6, bits }
}

function filled(list: readonly (readonly [Cidr, number])[]): { readonly v4: Ranges; readonly v6: Ranges } {
  const set = new PrefixSet()
  for (const [network, value] of list) set.add(network, value)
  return set.build()
}

const built = (list: readonly (readonly [string, number])[]) => filled(list.map(([text, value]) => [cidr(text), value]))
