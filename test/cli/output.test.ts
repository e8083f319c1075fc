import os from 'node:os'
import { PassThrough, Writable } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Column, csvLine, formatBytes, formatDuration, jsonLine, outputTo, table } from '../../src/cli/output.ts'
import { OperatorError } from '../../src/model/errors.ts'

const columns: readonly Column[] = [
  { head: 'NAME', least: 6 },
  { head: 'SIZE', align: 'right' },
  { head: 'WHY', least: 4 },
]
const plain = (width = Number.POSITIVE_INFINITY) => ({ width, colour: false })

test('a table is aligned, numbers to the right, without blanks at the ends of lines', () => {
  const rows = [
    ['zoom.us', '812 B', 'short'],
    ['a.example', '1.2 kB', ''],
  ]
  expect(table(columns, rows, plain())).toBe(['NAME         SIZE  WHY', 'zoom.us     812 B  short', 'a.example  1.2 kB', ''].join('\n'))
})

test('to fit a terminal the last flexible column is cut first, then the others, and none below its least', () => {
  const rows = [['a-long-name.example', '1.2 kB', 'a long reason']]
  const last = (width: number) => table(columns, rows, plain(width)).split('\n')[1]
  expect(last(42)).toBe('a-long-name.example  1.2 kB  a long reason')
  expect(last(36)).toBe('a-long-name.example  1.2 kB  a long…')
  expect(last(30)).toBe('a-long-name.exa…  1.2 kB  a l…')
  expect(last(5)).toBe('a-lon…  1.2 kB  a l…')
})

test('where cutting is not enough, spare columns are left out, the greatest first', () => {
  const spare: readonly Column[] = [
    { head: 'NAME', least: 6 },
    { head: 'ADDRESS', spare: 1 },
    { head: 'UP', spare: 2 },
  ]
  const rows = [['zoom.us.example', '198.51.100.7', '1.2 kB']]
  const row = (width: number) => table(spare, rows, plain(width)).split('\n')[1]
  expect(row(37)).toBe('zoom.us.example  198.51.100.7  1.2 kB')
  expect(row(28)).toBe('zoom.…  198.51.100.7  1.2 kB')
  expect(row(27)).toBe('zoom.us.exam…  198.51.100.7')
  expect(row(19)).toBe('zoom.us.example')
})

test('no line is wider than the terminal, where the least widths allow it', () => {
  const cell = fc.string({ maxLength: 60 })
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, fc.constant('1 B'), cell)), fc.integer({ min: 18, max: 100 }), (rows, width) => {
      for (const line of table(columns, rows, plain(width)).split('\n')) expect(Array.from(line).length).toBeLessThanOrEqual(width)
    }),
  )
})

test('control characters in cells are shown, never sent to the terminal, and nothing is lost', () => {
  const name = `\u001b]0;x\u0007\u009b2J\n\u202e${'y'.repeat(200)}`
  expect(table(columns, [[name]], plain())).toContain(`\\u001b]0;x\\u0007\\u009b2J\\u000a\\u202e${'y'.repeat(200)}\n`)
})

test('colours only on a terminal, and not where NO_COLOR is set', () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 120 })
  expect(outputTo(terminal, {})).toMatchObject({ width: 120, colour: true })
  expect(outputTo(terminal, { NO_COLOR: '1' }).colour).toBe(false)
  expect(outputTo(terminal, { NO_COLOR: '' }).colour).toBe(true)
  expect(outputTo(new PassThrough(), {})).toMatchObject({ width: Number.POSITIVE_INFINITY, colour: false })
  const [, row] = table(columns, [[{ text: 'zoom.us', style: 'red' }]], { width: 80, colour: true }).split('\n')
  expect(row).toContain('\u001b[31mzoom.us\u001b[0m')
})

test('a reader that goes away closes the output and is no error', async () => {
  const gone = new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })) })
  const out = outputTo(gone, {})
  await out.write('one\n')
  await expect.poll(() => out.closed.aborted).toBe(true)
  await out.write('two\n')
})

test('an output that fails closes it, and every write from then on says why', async () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -os.constants.errno.ENOSPC })
  const out = outputTo(new Writable({ write: (_chunk, _encoding, done) => done(full) }), {})
  const why = new OperatorError('the output could not be written: no space left on device')
  await expect(out.write('one\n')).rejects.toThrow(why)
  expect(out.closed.aborted).toBe(true)
  await expect(out.write('two\n')).rejects.toThrow(why)
})

test('CSV cells are quoted where they must be, and no text is taken for a formula', () => {
  expect(csvLine(['a', 'b "c", d', 'two\nlines', null, -1.5])).toBe('a,"b ""c"", d","two\nlines",,-1.5\r\n')
  expect(csvLine(['=1+1', '+1', '-1', '@x', '\tx', '\rx', '＝1'])).toBe("'=1+1,'+1,'-1,'@x,'\tx,\"'\rx\",'＝1\r\n")
})

test('a JSON line is one line, says the same, and holds nothing that a terminal obeys', () => {
  const value = { name: 'a\u001b[2J\n\u009b\u202e\u2028é' }
  const line = jsonLine(value)
  expect(JSON.parse(line)).toEqual(value)
  expect(line).toBe('{"name":"a\\u001b[2J\\n\\u009b\\u202e\\u2028é"}\n')
})

test('bytes and durations are short', () => {
  expect([0, 999, 1_000, 1_234, 999_949, 999_950, 34_500_000, 2.5e12].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '1.2 kB',
    '999.9 kB',
    '1.0 MB',
    '34.5 MB',
    '2.5 TB',
  ])
  expect([0.4, 87, 999.6, 1_234, 59_940, 59_960, 185_000, 3_599_600, 3_720_000].map(formatDuration)).toEqual([
    '0 ms',
    '87 ms',
    '1.0 s',
    '1.2 s',
    '59.9 s',
    '1m 00s',
    '3m 05s',
    '1h 00m',
    '1h 02m',
  ])
})
