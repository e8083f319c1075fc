import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ipFromBytes, ipToBytes } from '../../src/model/address.ts'
import { type Cidr, cidr, isCidr, parseCidr } from '../../src/model/cidr.ts'
import { CidrMap, CidrSet } from '../../src/model/cidr-set.ts'
import { anyIp, ip } from './words.ts'

/** The network of that length in which the address lies. */
const networkOf = (address: string, bits: number): Cidr => {
  const parsed = parseCidr(`${address}/${bits}`)
  return isCidr(parsed) ? parsed : cidr(parsed.suggestion ?? '')
}

const bitsOf = (address: string): string => [...ipToBytes(ip(address))].map((byte) => byte.toString(2).padStart(8, '0')).join('')

/** Written out: whether their first bits are the same. */
const holds = (network: Cidr, address: string): boolean =>
  (network.family === 6) === address.includes(':') && bitsOf(address).startsWith(bitsOf(network.ip).slice(0, network.bits))

const anyNetwork = fc.tuple(anyIp, fc.nat(128)).map(([address, bits]) => networkOf(address, bits % (address.includes(':') ? 129 : 33)))

/** Few bytes occur, so that networks lie in each other, beside each other, and at both ends of all addresses. */
const dense = (length: 4 | 16) =>
  fc
    .tuple(fc.array(fc.constantFrom(0, 1, 127, 128, 255), { minLength: 3, maxLength: 3 }), fc.constantFrom(0, 255))
    .map(([first, rest]) => ipFromBytes(Uint8Array.from({ length }, (_, i) => first[i % 4] ?? rest)))
const denseIp = fc.oneof(dense(4), dense(16))
const denseNetwork = fc.tuple(denseIp, fc.nat(128)).map(([address, bits]) => networkOf(address, bits % (address.includes(':') ? 129 : 33)))

test('an address is in a network if their first bits are the same, written out', () => {
  // Half of the addresses share the network's first bits, or chance would never meet a long prefix.
  const near = fc.tuple(anyNetwork, fc.nat(128), fc.boolean()).map(([network, flip, exact]) => {
    const bytes = ipToBytes(network.ip)
    const at = flip % (8 * bytes.length)
    if (!exact) bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (0x80 >> (at & 7))
    return { network, bytes }
  })
  fc.assert(
    fc.property(near, ({ network, bytes }) => {
      const written = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
      const naive = written.slice(0, network.bits) === bitsOf(network.ip).slice(0, network.bits)
      expect(new CidrSet([network]).hasBytes(bytes)).toBe(naive)
    }),
    { numRuns: 500 },
  )
})

test('an address is in a set if it is in one of its networks', () =>
  fc.assert(
    fc.property(fc.array(fc.oneof(anyNetwork, denseNetwork), { maxLength: 8 }), fc.oneof(anyIp, denseIp), (networks, address) => {
      expect(new CidrSet(networks).has(address)).toBe(networks.some((network) => holds(network, address)))
    }),
    { numRuns: 1000 },
  ))

test('a map tells the values of all networks that hold an address, each once, those of the widest first', () =>
  fc.assert(
    fc.property(fc.array(fc.tuple(denseNetwork, fc.nat(4)), { maxLength: 12 }), denseIp, (entries, address) => {
      const holding = entries.filter(([network]) => holds(network, address)).sort(([a], [b]) => a.bits - b.bits)
      expect(new CidrMap(entries).get(address)).toEqual([...new Set(holding.map(([, value]) => value))])
    }),
    { numRuns: 2000 },
  ))

test('the bounds of a network are in it, and their neighbours are not', () => {
  const set = new CidrSet(['10.0.0.0/8', '255.255.255.0/24', '2001:db8::/32', 'ffff:ffff::/32'].map(cidr))
  for (const inside of [
    '10.0.0.0',
    '10.255.255.255',
    '255.255.255.255',
    '2001:db8::',
    '2001:db8:ffff::',
    'ffff:ffff::',
    'ffff:ffff:ffff::',
  ])
    expect(set.has(ip(inside)), inside).toBe(true)
  for (const outside of ['9.255.255.255', '11.0.0.0', '255.255.254.255', '0.0.0.0', '2001:db7:ffff::', '2001:db9::', '::', 'ffff:fffe::'])
    expect(set.has(ip(outside)), outside).toBe(false)
})

test('the whole of one family holds nothing of the other', () => {
  expect(new CidrSet([cidr('0.0.0.0/0')]).has(ip('::1'))).toBe(false)
  expect(new CidrSet([cidr('::/0')]).has(ip('127.0.0.1'))).toBe(false)
  expect(new CidrSet([]).has(ip('127.0.0.1'))).toBe(false)
})

test('addresses of the same networks share one array, which nobody can change', () => {
  const map = new CidrMap([
    [cidr('10.0.0.0/8'), 'wide'],
    [cidr('10.1.0.0/16'), 'narrow'],
    [cidr('192.0.2.0/24'), 'wide'],
  ])
  expect(map.get(ip('10.1.0.1'))).toBe(map.get(ip('10.1.255.1')))
  expect(map.get(ip('10.2.0.1'))).toBe(map.get(ip('192.0.2.1')))
  expect(map.get(ip('127.0.0.1'))).toBe(map.get(ip('::1')))
  expect(Object.isFrozen(map.get(ip('10.1.0.1')))).toBe(true)
})
