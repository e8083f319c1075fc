import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeName, readName } from '../../src/wire/dns-name.ts'
import { ascii, concat, hex, property } from './support.ts'

/** A message of a header and these bytes. */
const message = (...parts: readonly Uint8Array[]): Uint8Array => concat(new Uint8Array(12), ...parts)

test.each([
  ['the root', hex('00'), ''],
  ['a name', concat(hex('01'), ascii('a'), hex('04'), ascii('test'), hex('00')), 'a.test'],
  ['capitals, in lower case', concat(hex('03'), ascii('A-Z'), hex('00')), 'a-z'],
  ['a dot inside a label, told from one between two', concat(hex('03'), ascii('a.b'), hex('00')), 'a\\046b'],
  ['bytes that are no text', hex('02 00ff 00'), '\\000\\255'],
])('%s', (_what, bytes, name) => {
  expect(readName(message(bytes), 12)).toEqual({ name, end: 12 + bytes.length, compressed: false })
})

test('a pointer leads back, and reading goes on behind it', () => {
  const bytes = message(hex('01 61 00 | 01 62 c00c ff'))
  expect(readName(bytes, 15)).toEqual({ name: 'b.a', end: 19, compressed: true })
})

// RFC 9267 §2 and §3: what made other readers turn in circles, read beyond the end, or write beyond their buffer.
test.each([
  ['a pointer to itself', message(hex('c00c')), 12],
  ['a pointer into its own labels', message(hex('01 61 c00c')), 12],
  ['two pointers at each other', message(hex('c00e c00c')), 14],
  ['a pointer forward', message(hex('c00e 00')), 12],
  ['a pointer into the header', message(hex('c000')), 12],
  ['a pointer beyond the end', message(hex('01 61 ffff')), 12],
  ['half a pointer', message(hex('c0')), 12],
  ['a label beyond the end', message(hex('05 61')), 12],
  ['no end', message(hex('01 61')), 12],
  ['nothing', message(), 12],
  ['a reserved kind of label', message(hex('41 61 00')), 12],
  ['another reserved kind', message(hex('81 61 00')), 12],
])('%s is no name', (_what, bytes, start) => {
  expect(readName(bytes, start)).toBeNull()
})

test('a name has at most 255 octets, however it is put together', () => {
  const label = concat(hex('3f'), ascii('a'.repeat(63)))
  const longest = concat(label, label, label, hex('3d'), ascii('a'.repeat(61)), hex('00'))
  expect(readName(message(longest), 12)?.name).toHaveLength(253)
  expect(readName(message(longest, hex('01 62 c00c')), 12 + longest.length)).toBeNull()
})

test('a chain of pointers has an end', () => {
  const chain = (length: number) => message(hex('00'), ...Array.from({ length }, (_, i) => Uint8Array.of(0xc0, i === 0 ? 12 : 11 + 2 * i)))
  expect(readName(chain(64), 11 + 2 * 64)).toMatchObject({ name: '', compressed: true })
  expect(readName(chain(65), 11 + 2 * 65)).toBeNull()
})

test.each(['a..b', '.', 'a.', 'a\\b', 'a\\999', `${'a'.repeat(64)}.test`, `${'a.'.repeat(127)}ab`, 'ä\u{1f600}'])(
  '%s has no octets',
  (text) => {
    expect(encodeName(text)).toBeNull()
  },
)

property('is read as it was written', fc.array(fc.uint8Array({ minLength: 1, maxLength: 12 }), { maxLength: 9 }), (labels) => {
  const octets = concat(...labels.map((label) => concat(Uint8Array.of(label.length), label)), hex('00'))
  const read = readName(message(octets), 12)
  expect(read?.end).toBe(12 + octets.length)
  const again = encodeName(read?.name ?? '?')
  expect(again?.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte))).toEqual(
    octets.map((byte) => (byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte)),
  )
})
