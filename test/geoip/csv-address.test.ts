import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readAddress } from '../../src/geoip/csv-address.ts'
import { ipFromBytes, parseIp } from '../../src/model/address.ts'

test.each([
  ['1.2.3.4', 'v4', [0x0102_0304]],
  ['255.255.255.255', 'v4', [0xffff_ffff]],
  ['0', 'v4-decimal', [0]],
  ['4294967295', 'v4-decimal', [0xffff_ffff]],
  ['4294967296', 'v6-decimal', [0, 0, 1, 0]],
  ['340282366920938463463374607431768211455', 'v6-decimal', [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff]],
  ['42540528726795050063891204319802818560', 'v6-decimal', [0x2001_0200, 0, 0, 0]],
  ['::', 'v6', [0, 0, 0, 0]],
  ['2001:DB8::1', 'v6', [0x2001_0db8, 0, 0, 1]],
  ['1:2:3:4:5:6:7:8', 'v6', [0x0001_0002, 0x0003_0004, 0x0005_0006, 0x0007_0008]],
  ['::ffff:1.2.3.4', 'v6', [0, 0, 0xffff, 0x0102_0304]],
] as const)('%s is read as %s', (text, notation, words) => {
  expect(read(text)).toEqual({ notation, words })
})

test.each([
  '',
  '340282366920938463463374607431768211456',
  '9'.repeat(40),
  '01',
  '1.2.3',
  '1.2.3.4.5',
  '1..2.3',
  '1.2.3.256',
  '1.2.3.04',
  'AU',
  '1::2::3',
  ':::',
  '1:',
  ':1',
])('"%s" is no address', (text) => {
  expect(read(text)).toBeNull()
})

const almost = fc.string({ unit: fc.constantFrom('0', '1', '25', 'f', 'A', ':', '::', '.', 'g', ' '), maxLength: 14 })
const address = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 })).map(ipFromBytes)

test('what is an address, and which, is as the model says', () => {
  fc.assert(
    fc.property(fc.oneof(almost, address, fc.ipV6(), fc.ipV4()), (text) => {
      const known = parseIp(text)
      const found = read(text)
      if (found?.notation.endsWith('decimal')) expect(text).toMatch(/^[0-9]+$/)
      else expect(found === null ? null : ipFromBytes(bytesOf(found.words))).toBe(known)
    }),
    { numRuns: 2000 },
  )
})

test('a decimal number is read as what BigInt makes of it', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), fc.nat(128), (value, shift) => {
      const number = value >> BigInt(shift)
      expect(read(String(number))?.words.reduce((sum, word) => sum * 2n ** 32n + BigInt(word), 0n)).toBe(number)
    }),
  )
})

test('nothing but the given stretch is read', () => {
  const words = new Uint32Array(8)
  expect(readAddress(Buffer.from('91.2.3.45'), 1, 8, words, 4)).toBe('v4')
  expect([...words]).toEqual([0, 0, 0, 0, 0x0102_0304, 0, 0, 0])
})

function read(text: string) {
  const bytes = Buffer.from(text)
  const words = new Uint32Array(4)
  const notation = readAddress(bytes, 0, bytes.length, words, 0)
  if (notation === null) return null
  return { notation, words: [...words.subarray(0, notation.startsWith('v4') ? 1 : 4)] }
}

function bytesOf(words: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * words.length)
  for (const [i, word] of words.entries()) bytes.writeUInt32BE(word, 4 * i)
  return bytes
}
