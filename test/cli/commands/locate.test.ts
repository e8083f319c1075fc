import path from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { type LocateWorld, locateCommand } from '../../../src/cli/commands/locate.ts'
import { expectScreen, folderWith, ran, world } from '../screen.ts'

async function locate(args: readonly string[], { input = '', format = 'csv' }: { input?: string; format?: LocateWorld['format'] } = {}) {
  const notes: string[] = []
  const file = path.join(folderWith(world), 'ringfence.yaml')
  const note = (line: string) => void notes.push(line)
  // In chunks that end anywhere, as a pipe delivers them.
  const chunks = input.match(/[\s\S]{1,1000}/g) ?? []
  const command = (out: LocateWorld['out']) => locateCommand(() => ({ out, note, input: Readable.from(chunks), format }))
  return { ...(await ran(command, [...args, '--config', file])), notes }
}

const head = 'address,country,possible,certainty,registry,stated,One,Two,asn,network,home'

const some = ['52.81.151.250', '8.8.8.8', '18.162.1.1', '23.192.228.7', '10.0.0.1', '2a00:1450::1', '64:ff9b::3451:97fa']

test.each(['table', 'csv', 'json'] as const)('the screen: %s', async (format) => {
  const { shown, code, notes } = await locate([...some, '--format', format])
  expectScreen(
    `locate-${format}`,
    `$ ringfence locate ${some.join(' ')} --format ${format}\n${shown.replaceAll('\r\n', '\n').replace(/"table":"[0-9a-f]{64}"/g, '"table":"HASH"')}`,
  )
  expect({ code, notes }).toEqual({ code: 0, notes: [] })
})

test('people get a table, programs CSV, unless --format says otherwise', async () => {
  expect((await locate(['8.8.8.8'], { format: 'table' })).shown).toMatch(/^8\.8\.8\.8\n\ncountry {8}United States/)
  expect((await locate([...some], { format: 'table' })).shown).toMatch(/^address +country/)
  expect((await locate(['8.8.8.8'], { format: 'csv' })).shown).toBe(`${head}\r\n8.8.8.8,US,US,agreed,-,-,US,US,-,-,-\r\n`)
})

test('each line of JSON stands for itself, and says what it was judged as', async () => {
  const lines = (await locate(['64:ff9b::3451:97fa', '10.0.0.1', '--format', 'json'])).shown.trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    {
      address: '64:ff9b::3451:97fa',
      judged_as: '52.81.151.250',
      scope: 'global',
      certainty: 'agreed',
      country: 'CN',
      possible: ['CN'],
      stated: null,
      registry: null,
      anycast: false,
      sources: { One: 'CN', Two: 'CN' },
      details: {},
      disowned: [],
      network: null,
      table: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
    {
      address: '10.0.0.1',
      scope: 'private',
      certainty: 'local',
      country: null,
      possible: [],
      stated: null,
      registry: null,
      anycast: false,
      sources: {},
      details: {},
      disowned: [],
      network: null,
      table: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  ])
})

test('from - it reads thousands of lines and keeps their order; comments and blank lines are no addresses', async () => {
  const addresses = Array.from({ length: 5_000 }, (_, i) =>
    i % 7 === 0 ? `2a00:1450::${(i + 1).toString(16)}` : `52.81.${i >> 8}.${i & 255}`,
  )
  const lines = addresses.flatMap((address, i) => [
    ...(i % 100 === 0 ? ['# a comment', '', '  \t'] : []),
    ...(i % 1000 === 500 ? ['zoom.us', '1.2.3'] : []),
    i % 3 === 0 ? `  ${address} ` : address,
  ])
  const { shown, code, error, notes } = await locate(['-'], { input: `${lines.join('\r\n')}\r\n` })
  const [first, ...rows] = shown.trimEnd().split('\r\n')
  expect(first).toBe(head)
  expect(rows.map((row) => row.split(',')[0])).toEqual(addresses)
  expect(new Set(rows.map((row) => row.split(',')[1]))).toEqual(new Set(['CN', 'IE']))
  expect(notes).toHaveLength(10)
  expect(notes.slice(0, 2)).toEqual(['"zoom.us" is not an address', '"1.2.3" is not an address'])
  expect({ code, error }).toEqual({ code: 2, error: 'locate: 10 lines were no addresses and were left out' })
})

test('the other formats read from - as well; a last line needs no end', async () => {
  const input = '# two\n8.8.8.8\n\n52.81.0.1'
  expect((await locate(['-', '--format', 'json'], { input })).shown.trimEnd().split('\n')).toHaveLength(2)
  expect((await locate(['-', '--format', 'table'], { input })).shown).toContain('52.81.0.1  CN China')
})

test('an empty input is an empty answer', async () => {
  expect(await locate(['-'])).toEqual({ shown: `${head}\r\n`, code: 0, error: null, notes: [] })
  expect(await locate(['-', '--format', 'table'])).toEqual({ shown: '', code: 0, error: null, notes: [] })
})

test('what is no address is named, the others are printed all the same', async () => {
  const { shown, code, error, notes } = await locate(['zoom.us', '8.8.8.8'])
  expect(shown.split('\r\n')[1]).toBe('8.8.8.8,US,US,agreed,-,-,US,US,-,-,-')
  expect(notes).toEqual(['"zoom.us" is not an address'])
  expect({ code, error }).toEqual({ code: 2, error: 'locate: 1 argument was no address and was left out' })
})

test('what a terminal would obey is escaped in what is said of it', async () => {
  const { notes } = await locate(['-'], { input: 'a\u001b[2Jb\n' })
  expect(notes.join('')).not.toContain('\u001b')
})

test('addresses and - exclude each other', async () => {
  expect(await locate(['-', '8.8.8.8'])).toMatchObject({ shown: '', code: 2, error: 'locate: give addresses or -, not both' })
})

/** Runs it over an input that a test feeds, into an output whose reader leaves when told to, or when it has seen a text. */
function located(input: Readable, format: LocateWorld['format'], enough?: string) {
  const shown = { text: '' }
  const reader = new AbortController()
  const write = async (text: string) => {
    shown.text += text
    if (enough !== undefined && text.includes(enough)) reader.abort()
  }
  const out = { width: Number.POSITIVE_INFINITY, colour: false, closed: reader.signal, write }
  const file = path.join(folderWith(world), 'ringfence.yaml')
  const done = locateCommand(() => ({ out, note: () => {}, input, format })).parseAsync(['-', '--config', file], { from: 'user' })
  return { shown, done, leave: () => reader.abort() }
}

const formats = ['table', 'csv', 'json'] as const

test.each(formats)('an endless input ends when nobody reads any more: %s', async (format) => {
  const endless = Readable.from(
    (function* () {
      for (;;) yield '8.8.8.8\n'.repeat(1_000)
    })(),
  )
  const { shown, done } = located(endless, format, '8.8.8.8')
  await done
  expect(shown.text).toContain('8.8.8.8')
  expect(endless.destroyed).toBe(true)
})

test.each(formats)('so does one that has fallen silent: %s', async (format) => {
  const silent = new PassThrough()
  const { shown, done, leave } = located(silent, format)
  silent.write('8.8.8.8\n52.81.0.1\n')
  // What has come is printed at once; a table needs all its rows.
  if (format !== 'table') await expect.poll(() => shown.text).toContain('52.81.0.1')
  leave()
  await done
  expect(silent.destroyed).toBe(true)
})

test('a long table is printed while its rows come in, under one head', async () => {
  const input = '8.8.8.8\n'.repeat(2_500)
  const { shown } = await locate(['-', '--format', 'table'], { input })
  expect(shown.match(/^address /gm)).toHaveLength(1)
  expect(shown.match(/^8\.8\.8\.8 {2}US United States/gm)).toHaveLength(2_500)
})
