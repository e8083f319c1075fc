import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ipFromBytes, ipToBytes } from '../../src/model/address.ts'
import { synthesised } from '../../src/model/nat64.ts'
import { anyIp, ip, v4Bytes, v6Bytes } from './words.ts'

const found = (...addresses: readonly string[]) => [...synthesised(addresses.map(ip))]

// RFC 6052 §2.4, table 1: 192.0.2.33 after prefixes of each length.
test.each([
  ['32', '2001:db8:c000:221::'],
  ['40', '2001:db8:1c0:2:21::'],
  ['48', '2001:db8:122:c000:2:2100::'],
  ['56', '2001:db8:122:3c0:0:221::'],
  ['64', '2001:db8:122:344:c0:2:2100::'],
  ['96', '2001:db8:122:344::192.0.2.33'],
])('after a prefix of %s bits', (_, address) => expect(found(address, '192.0.2.33')).toEqual([[ip(address), ['192.0.2.33']]]))

test.each([
  ['no IPv4 address', ['2600:1f18::3451:97fa']],
  ['another IPv4 address', ['2600:1f18::3451:97fb', '52.81.151.250']],
  ['bytes at no position of the RFC', ['2600:1f18::34:5197:fa00', '52.81.151.250']],
  ['a byte 8 that is not zero', ['2600:1f18::100:0:3451:97fa', '52.81.151.250']],
  ['an address that everyone can tell', ['64:ff9b::3451:97fa', '64:ff9b:1::3451:97fa', '2002:3451:97fa::', '52.81.151.250']],
  ['0.0.0.0, whose zeros are everywhere', ['2600:1f18::1', '0.0.0.0']],
  ['nothing', []],
])('%s: nothing is found', (_, addresses) => expect(found(...addresses)).toEqual([]))

test('each address of a name is told from the others', () =>
  expect(found('2600:1f18:6464::3451:97fa', '52.81.151.250', '2a00:1450::1', '2600:1f18:6464::808:808', '8.8.8.8')).toEqual([
    ['2600:1f18:6464::3451:97fa', ['52.81.151.250']],
    ['2600:1f18:6464::808:808', ['8.8.8.8']],
  ]))

test('an A record that stands in the prefix hides none that stands behind it', () =>
  expect(found('2600:1f18:303:303::3451:97fa', '3.3.3.3', '52.81.151.250')).toEqual([
    ['2600:1f18:303:303::3451:97fa', ['3.3.3.3', '52.81.151.250']],
  ]))

/** What DNS64 makes of an IPv4 address (RFC 6052 §2.2). */
function translate(prefix: Uint8Array, length: number, v4: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16)
  bytes.set(prefix.subarray(0, length / 8))
  bytes[8] = 0
  let at = length / 8
  for (const byte of v4) {
    if (at === 8) at++
    bytes[at++] = byte
  }
  return bytes
}

test('whatever the prefix, what DNS64 made is found beside any other addresses', () =>
  fc.assert(
    fc.property(
      v6Bytes,
      fc.constantFrom(32, 40, 48, 56, 64, 96),
      v4Bytes.filter(([first]) => first !== 0),
      fc.array(anyIp, { maxLength: 5 }),
      (anyPrefix, length, v4, others) => {
        const prefix = Uint8Array.from(anyPrefix)
        prefix[0] = 0x26
        const made = ipFromBytes(translate(prefix, length, v4))
        expect(synthesised([...others, made, ipFromBytes(v4)]).get(made)).toContain(ipFromBytes(v4))
      },
    ),
  ))

test('it maps IPv6 addresses of the name to IPv4 addresses of the name, whose bytes they hold', () =>
  fc.assert(
    fc.property(fc.array(anyIp, { maxLength: 8 }), (addresses) => {
      for (const [outer, inner] of synthesised(addresses)) {
        expect(ipToBytes(outer)).toHaveLength(16)
        expect(addresses).toEqual(expect.arrayContaining([outer, ...inner]))
        for (const v4 of inner) expect([...ipToBytes(outer)]).toEqual(expect.arrayContaining([...ipToBytes(v4)]))
      }
    }),
  ))
