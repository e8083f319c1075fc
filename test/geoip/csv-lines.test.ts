import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CsvLines } from '../../src/geoip/csv-lines.ts'

test('fields lie between commas, without the space and the quotes round them', () => {
  expect(all('1.0.0.0, 1.0.0.255 ,"AU"\r\n"Cloudflare, Inc.","the ""first""",\n,')).toEqual([
    [1, '1.0.0.0', '1.0.0.255', 'AU'],
    [2, 'Cloudflare, Inc.', 'the "first"', ''],
    [3, '', ''],
  ])
})

test('blank lines, comments and a byte order mark are passed over, and counted', () => {
  expect(all('\ufeff# a comment, "open\n\n \t\r\na,b\n  # another\nc')).toEqual([
    [4, 'a', 'b'],
    [6, 'c'],
  ])
  expect(all('')).toEqual([])
  expect(all('# only this')).toEqual([])
})

test('a quote inside a plain field is a letter like others', () => {
  expect(all('The "first" net,x')).toEqual([[1, 'The "first" net', 'x']])
})

test('more fields than are kept are counted', () => {
  const lines = new CsvLines(Buffer.from('a,b,c,d,e,f,g,h,i,"j"\n'))
  expect([lines.next(), lines.count, lines.text(7), lines.next()]).toEqual([true, 10, 'h', false])
})

test.each([
  ['"open\nnext', 'a quoted field does not end'],
  ['"open', 'a quoted field does not end'],
  ['"a"b,c\nnext', 'text follows the end of a quoted field'],
])('quotes amiss are an error, and the next line is read all the same: %j', (text, why) => {
  const lines = new CsvLines(Buffer.from(text))
  expect(() => lines.next()).toThrow(why)
  if (!text.includes('\n')) return expect(lines.next()).toBe(false)
  expect(lines.next()).toBe(true)
  return expect([lines.line, lines.text(0)]).toEqual([2, 'next'])
})

const field = fc.string({ unit: fc.constantFrom('a', ',', '"', ' ', 'é', '#', '1'), maxLength: 6 })
const rows = fc.array(fc.array(field, { minLength: 1, maxLength: 6 }), { maxLength: 5 })

test('what is written with quotes comes back', () => {
  fc.assert(
    fc.property(rows, fc.constantFrom('\n', '\r\n'), (table, end) => {
      const text = table.map((row) => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(',')).join(end)
      expect(all(text)).toEqual(table.map((row, i) => [i + 1, ...row]))
    }),
  )
})

test('any bytes come to an end, every line counted once', () => {
  const noise = fc.array(fc.constantFrom(...Buffer.from('a",\n\r #\xff', 'latin1')), { maxLength: 40 })
  fc.assert(
    fc.property(noise, (bytes) => {
      const lines = new CsvLines(Buffer.from(bytes))
      for (let more = true, steps = 0; more; steps++) {
        expect(steps).toBeLessThan(50)
        try {
          more = lines.next()
        } catch (error) {
          expect((error as Error).message).toMatch(/quoted field/)
        }
      }
      const breaks = bytes.filter((byte) => byte === 0x0a).length
      expect(lines.line).toBe(breaks + (bytes.length > 0 && bytes.at(-1) !== 0x0a ? 1 : 0))
    }),
  )
})

function all(text: string): readonly (readonly (string | number)[])[] {
  const lines = new CsvLines(Buffer.from(text))
  const found: (readonly (string | number)[])[] = []
  while (lines.next()) found.push([lines.line, ...Array.from({ length: lines.count }, (_, i) => lines.text(i))])
  return found
}
