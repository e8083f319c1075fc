import { expect, test } from 'vitest'
import { CsvLines } from '../../src/geoip/csv-lines.ts'
import { RangeReader } from '../../src/geoip/csv-range.ts'

test.each([
  ['1.0.0.0,1.0.0.255,AU', 2, [0x0100_0000, 0x0100_00ff]],
  ['16777216,16777471,AU', 2, [0x0100_0000, 0x0100_00ff]],
  ['1.0.0.0/24,AU', 1, [0x0100_0000, 0x0100_00ff]],
  ['0.0.0.0/0,AU', 1, [0, 0xffff_ffff]],
  ['8.8.8.8,US', 1, [0x0808_0808, 0x0808_0808]],
  ['8.8.8.8,15169,Google', 1, [0x0808_0808, 0x0808_0808]],
  ['8.8.8.8,Google Inc.', 1, [0x0808_0808, 0x0808_0808]],
  ['8.8.8.8', 1, [0x0808_0808, 0x0808_0808]],
  ['2001:200::,2001:200::ffff,JP', 2, [0x2001_0200, 0, 0, 0, 0x2001_0200, 0, 0, 0xffff]],
  ['2001:db8::/40,JP', 1, [0x2001_0db8, 0, 0, 0, 0x2001_0db8, 0x00ff_ffff, 0xffff_ffff, 0xffff_ffff]],
  ['1,4294967296,ZZ', 2, [0, 0, 0, 1, 0, 0, 1, 0]],
] as const)('%s', (line, fields, words) => {
  const { reader, lanes } = read(line)
  expect(reader.fields).toBe(fields)
  expect([...reader.words.subarray(0, 2 * lanes)]).toEqual(words)
})

test.each([
  ['AU,1.0.0.0', '"AU" is no address and no prefix'],
  [',,', '"" is no address and no prefix'],
  ['1.0.0.256/24,AU', '"1.0.0.256/24" is no address and no prefix'],
  ['16777216/24,AU', '"16777216/24" is no address and no prefix'],
  ['1.0.0.0/33,AU', '"1.0.0.0/33" has no length from 0 to 32 behind the slash'],
  ['1.0.0.0/,AU', '"1.0.0.0/" has no length from 0 to 32 behind the slash'],
  ['::/129,AU', '"::/129" has no length from 0 to 128 behind the slash'],
  ['1.0.0.1/24,AU', '"1.0.0.1/24" has bits set beyond its length; did you mean 1.0.0.0/24?'],
  ['1.0.0.0,1.0.0.256,AU', '"1.0.0.256" is no end for a range that starts with "1.0.0.0"'],
  ['1.0.0.0,::1,AU', '"::1" is no end for a range that starts with "1.0.0.0"'],
  ['16777216,AU', '"AU" is no end for a range that starts with "16777216"'],
  ['16777216', 'nothing is no end for a range that starts with "16777216"'],
  ['1.0.0.9,1.0.0.8,AU', 'the range starts with "1.0.0.9", after its end "1.0.0.8"'],
  ['2001::1,2001::,AU', 'the range starts with "2001::1", after its end "2001::"'],
  ['::ffff:1.0.0.0,::ffff:1.0.0.255,AU', 'IPv4 inside IPv6 (::ffff:0:0/96); write it as IPv4'],
  ['::ffff:100:0/104,AU', 'IPv4 inside IPv6'],
  ['281470698520576,281470698520831,AU', 'IPv4 inside IPv6'],
])('%s is refused', (line, why) => {
  expect(() => read(line)).toThrow(why)
})

test('a reader tells nothing of the line before', () => {
  const reader = new RangeReader()
  const lines = new CsvLines(Buffer.from('ffff::,ffff::ffff\n1.0.0.0/8,AU\n::1,::2'))
  const read = () => (lines.next() ? [...reader.words.subarray(0, 2 * reader.read(lines))] : null)
  expect([read(), read(), read()]).toEqual([
    [0xffff_0000, 0, 0, 0, 0xffff_0000, 0, 0, 0xffff],
    [0x0100_0000, 0x01ff_ffff],
    [0, 0, 0, 1, 0, 0, 0, 2],
  ])
})

function read(line: string) {
  const lines = new CsvLines(Buffer.from(line))
  const reader = new RangeReader()
  lines.next()
  return { reader, lanes: reader.read(lines) }
}
