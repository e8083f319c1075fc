import { expect, test } from 'vitest'
import { latin1, latin1Bytes, utf8 } from '../../src/wire/text.ts'
import { hex } from './support.ts'

test('every byte is one character, and comes back', () => {
  const all = Uint8Array.from({ length: 256 }, (_, i) => i)
  expect([...latin1(all)].map((c) => c.charCodeAt(0))).toEqual([...all])
  expect(latin1Bytes(latin1(all))).toEqual(all)
})

test('bytes that are not UTF-8 are no text', () => {
  expect(utf8(hex('c3bc'))).toBe('ü')
  expect(utf8(hex('c0af'))).toBeNull()
  expect(utf8(hex('ff'))).toBeNull()
})

test('a byte order mark is not dropped', () => {
  expect(utf8(hex('efbbbf 61'))).toBe('\ufeffa')
})
