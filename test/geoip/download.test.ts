import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { createFetch } from '../../src/egress/fetch.ts'
import { DownloadError, type Downloading, download, downloadText, type Fetch, type WantedFile } from '../../src/geoip/download.ts'
import { RingfenceError } from '../../src/model/errors.ts'
import {
  type Answering,
  answerStatus,
  endless,
  misbehave,
  redirectTo,
  sayNothing,
  sayRaw,
  serveFile,
} from '../support/misbehaving-server.ts'
import { expectOneEndingEach, notToChina, policyText, roadOf } from '../support/proxy-under-test.ts'
import { never } from '../support/socket-pair.ts'

const content = randomBytes(200_000)
const sha256 = createHash('sha256').update(content).digest('hex')

let folder = ''
let file = ''

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'download-'))
  file = path.join(folder, 'data.mmdb')
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
})

/** A server that answers so, and the means to download from it without waiting between tries. */
async function from(answers: Answering | readonly Answering[], own: Partial<Downloading> = {}) {
  const server = await misbehave(answers)
  const names = { 'updates.test': ['127.0.0.1'], 'china.test': ['52.81.151.250'] }
  const fake = roadOf({ names, routes: { '127.0.0.1': server.port }, policy: policyText('enforce', notToChina) })
  onTestFinished(() => {
    expect(fake.bugs).toEqual([])
    expectOneEndingEach(fake.writer)
  })
  const waits: number[] = []
  const world: Downloading = {
    fetch: createFetch(fake.road, { headMs: 1_000, idleMs: 100 }),
    signal: never,
    wait: async (milliseconds) => {
      waits.push(milliseconds)
    },
    ...own,
  }
  const get = (wanted: Partial<WantedFile> = {}) =>
    download(
      { label: 'Test data', url: new URL('http://updates.test/data?key=hush'), file, sha256: null, maxBytes: 1_000_000, ...wanted },
      world,
    )
  return { server, waits, world, writer: fake.writer, get }
}

async function failureOf(attempt: Promise<unknown>): Promise<DownloadError> {
  const thrown = await attempt.then(
    () => null,
    (error: unknown) => error,
  )
  if (!(thrown instanceof DownloadError)) throw new Error('wanted a DownloadError', { cause: thrown })
  expect(thrown.message).not.toContain('hush')
  return thrown
}

const files = async () => (await readdir(folder)).sort()

test('a file arrives whole, with its hash, and nothing else is left', async () => {
  const seen: [number, number | null][] = []
  const { get, server } = await from(serveFile(content, { etag: '"v1"' }), { progress: (bytes, total) => seen.push([bytes, total]) })
  expect(await get({ sha256: sha256.toUpperCase() })).toEqual({ bytes: content.length, sha256 })
  expect(await files()).toEqual(['data.mmdb'])
  expect((await readFile(file)).equals(content)).toBe(true)
  expect(seen[0]).toEqual([0, content.length])
  expect(seen.at(-1)).toEqual([content.length, content.length])
  expect(server.asked).toHaveLength(1)
})

test.each(['end', 'reset'] as const)('one that is cut off by a %s goes on where it was, and asks for the same version', async (cutBy) => {
  const { get, server, waits } = await from([
    serveFile(content, { etag: '"v1"', cutAfter: 50_000, cutBy }),
    serveFile(content, { etag: '"v1"', cutAfter: 60_000, cutBy }),
    serveFile(content, { etag: '"v1"' }),
  ])
  expect((await get({ sha256 })).bytes).toBe(content.length)
  expect(server.asked.map(({ from: begin, fields }) => [begin, fields['if-range']])).toEqual([
    [null, undefined],
    [50_000, '"v1"'],
    [110_000, '"v1"'],
  ])
  expect(waits).toEqual([500, 1_000])
})

test('after three tries it is given up, what came is kept, and the next run goes on from there', async () => {
  const cutting = serveFile(content, { etag: '"v1"', cutAfter: 30_000 })
  const { get, server } = await from([cutting, cutting, cutting, serveFile(content, { etag: '"v1"' })])
  expect(await failureOf(get())).toMatchObject({
    problem: 'network',
    message: 'Test data: updates.test closed the connection before its answer was complete',
  })
  expect(server.asked).toHaveLength(3)
  expect(await files()).toEqual(['data.mmdb.part', 'data.mmdb.part.json'])
  expect(await readFile(`${file}.part.json`, 'utf8')).not.toContain('hush')
  await get({ sha256 })
  expect(server.asked[3]?.from).toBe(90_000)
  expect(await files()).toEqual(['data.mmdb'])
})

test('a part of another address is not gone on from', async () => {
  const { get, server } = await from([serveFile(content, { etag: '"v1"', cutAfter: 30_000 }), answerStatus(404), serveFile(content)])
  expect((await failureOf(get())).problem).toBe('not-found')
  await get({ url: new URL('http://updates.test/other') })
  expect(server.asked[2]?.from).toBeNull()
})

test.each<[string, Answering]>([
  ['ignores ranges', serveFile(content, { etag: '"v1"', ignoresRange: true })],
  ['has another version by now', serveFile(content, { etag: '"v2"' })],
])('a server that %s sends the whole, which replaces the part', async (_how, second) => {
  const { get, server } = await from([serveFile(Buffer.alloc(200_000, 9), { etag: '"v1"', cutAfter: 30_000 }), second])
  await get({ sha256 })
  expect(server.asked).toHaveLength(2)
})

test.each<[string, Answering]>([
  ['a range of something else', serveFile(content, { etag: '"v1"', contentRange: 'bytes 0-169999/200000' })],
  ['a range of a file of another size', serveFile(content, { etag: '"v1"', contentRange: 'bytes 30000-199998/199999' })],
  ['a range that does not reach the end', serveFile(content, { etag: '"v1"', contentRange: 'bytes 30000-199998/200000' })],
  ['a range without saying which', serveFile(content, { etag: '"v1"', contentRange: 'none' })],
  ['a range of another version', serveFile(content, { etag: '"v2"', ignoresIfRange: true })],
  ['that there is no such range', answerStatus(416)],
])('a server that answers with %s is asked for the whole again', async (_what, second) => {
  const { get, server } = await from([
    serveFile(Buffer.alloc(200_000, 9), { etag: '"v1"', cutAfter: 30_000 }),
    second,
    serveFile(content, { etag: '"v2"' }),
  ])
  await get({ sha256 })
  expect(server.asked.map(({ from: begin }) => begin)).toEqual([null, 30_000, null])
})

test('a range that was not asked for is no answer', async () => {
  const { get } = await from(answerStatus(206, { 'content-range': 'bytes 5-9/10' }, '56789'))
  expect((await failureOf(get())).message).toBe('Test data: updates.test answered 206')
})

test.each<[string, Parameters<typeof serveFile>[1], string | null]>([
  ['a strong ETag', { etag: '"v1"', modified: 'Sun, 01 Nov 2026 00:00:00 GMT' }, '"v1"'],
  ['a date well before the answer', { modified: 'Sun, 01 Nov 2026 00:00:00 GMT' }, 'Sun, 01 Nov 2026 00:00:00 GMT'],
  ['no date of the very moment', { modified: 'Sun, 01 Nov 2026 12:00:00 GMT' }, null],
  ['no weak ETag', { etag: 'W/"v1"', modified: 'Sun, 01 Nov 2026 00:00:00 GMT' }, null],
  ['nothing', {}, null],
])('what names the version: %s', async (_what, serving, validator) => {
  const { get, server } = await from([serveFile(content, { ...serving, cutAfter: 30_000 }), serveFile(content, serving)])
  await get({ sha256 })
  expect(server.asked[1]?.fields['if-range']).toBe(validator ?? undefined)
  expect(server.asked[1]?.from).toBe(validator === null ? null : 30_000)
})

test('a wrong Content-Length is a file that is cut short', async () => {
  const { get } = await from(serveFile(content, { length: 300_000 }))
  expect((await failureOf(get())).problem).toBe('network')
  expect(await files()).not.toContain('data.mmdb')
})

test('a body that ends before its announced length is cut short, whatever the network says', async () => {
  const fetch: Fetch = async () => ({
    status: 200,
    headers: { 'content-length': '10', etag: '"v1"' },
    body: (async function* () {
      yield Buffer.from('01234')
    })(),
    close: async () => undefined,
  })
  const { get } = await from(sayNothing, { fetch })
  expect((await failureOf(get())).message).toBe('Test data: updates.test sent less than it had announced')
  expect(await files()).toEqual(['data.mmdb.part', 'data.mmdb.part.json'])
})

test('a body that stalls is given up and gone on from', async () => {
  const { get, server } = await from([
    serveFile(content, { etag: '"v1"', stallAfter: 1_000, piece: 100 }),
    serveFile(content, { etag: '"v1"' }),
  ])
  await get({ sha256 })
  expect(server.asked[1]?.from).toBe(1_000)
})

test('a file without a length is whole when the connection ends', async () => {
  const { get } = await from(serveFile(content, { length: null }))
  expect((await get({ sha256 })).bytes).toBe(content.length)
})

test('more than the limit is refused: by what is announced, and by what comes', async () => {
  const declared = await from(serveFile(content))
  expect(await failureOf(declared.get({ maxBytes: 199_999 }))).toMatchObject({ problem: 'size' })
  expect(declared.server.asked).toHaveLength(1)

  const { get, server } = await from(endless)
  expect(await failureOf(get({ maxBytes: 3 * 1_048_576 }))).toMatchObject({
    problem: 'size',
    message: 'Test data: updates.test sends more than the 3 MiB that it may have',
  })
  expect(server.asked).toHaveLength(1)
  expect(await files()).toEqual([])
})

test.each(['<!DOCTYPE html><p>Log in', '\n <html lang="en">', '\ufeff<!-- portal --><html>'])('a web page is no data: %s', async (page) => {
  const { get, server } = await from(serveFile(Buffer.from(page), { type: 'application/octet-stream' }))
  expect(await failureOf(get())).toMatchObject({
    problem: 'page',
    message: 'Test data: updates.test sent a web page instead of data (a login page, a captive portal?)',
  })
  expect(server.asked).toHaveLength(1)
  expect(await files()).toEqual([])
})

test('a file of another hash, and an empty one, are thrown away', async () => {
  const { get } = await from([serveFile(Buffer.from('something else')), serveFile(Buffer.alloc(0))])
  expect(await failureOf(get({ sha256 }))).toMatchObject({ problem: 'damaged' })
  expect(await failureOf(get())).toMatchObject({ problem: 'damaged', message: 'Test data: updates.test sent an empty file' })
  expect(await files()).toEqual([])
})

test.each<[number, Readonly<Record<string, string>> | undefined, string, string, number]>([
  [404, undefined, 'not-found', 'Test data: updates.test answered 404: there is no such file', 1],
  [403, undefined, 'refused', 'Test data: updates.test answered 403: it may not be downloaded', 1],
  [401, { authorization: 'hush' }, 'refused', 'Test data: updates.test answered 401: is the key right, and does it cover this file?', 1],
  [400, undefined, 'network', 'Test data: updates.test answered 400', 1],
  [503, undefined, 'network', 'Test data: updates.test answered 503', 3],
])('status %i', async (status, headers, problem, message, requests) => {
  const { get, server } = await from(answerStatus(status, {}, 'hush'))
  expect(await failureOf(get(headers === undefined ? {} : { headers }))).toMatchObject({ problem, message })
  expect(server.asked).toHaveLength(requests)
})

test.each<[string, number | string]>([
  ['1', 1_000],
  ['0', 500],
  ['Sun, 01 Nov 2026 12:00:02 GMT', 2_000],
  ['whenever', 500],
  ['120', 'Test data: updates.test answered 429 and asks to come back in 120 s'],
  ['Sun, 01 Nov 2026 13:00:00 GMT', 'Test data: updates.test answered 429 and asks to come back in 3600 s'],
])('Retry-After: %s', async (later, outcome) => {
  const { get, waits, server } = await from([answerStatus(429, { 'retry-after': later }), serveFile(content)])
  if (typeof outcome === 'number') {
    await get({ sha256 })
    expect(waits).toEqual([outcome])
  } else {
    expect((await failureOf(get())).message).toBe(outcome)
    expect(server.asked).toHaveLength(1)
  }
})

test('a redirect to where the policy forbids is final, and says which fence', async () => {
  const { get, server, writer } = await from(redirectTo('http://china.test/'))
  const error = await failureOf(get())
  expect(error.problem).toBe('blocked')
  expect(error.message).toMatch(/^Test data: .*nothing-to-china/)
  expect(server.asked).toHaveLength(1)
  expect(writer.decided.at(-1)?.verdict).toBe('block')
})

test('what is no HTTP is tried again; a name that does not exist is not', async () => {
  const { get, waits } = await from([sayRaw('garbage\r\n\r\n'), serveFile(content)])
  await get({ sha256 })
  expect(waits).toEqual([500])
  expect(await failureOf(get({ url: new URL('http://nowhere.test/') }))).toMatchObject({ problem: 'network' })
  expect(waits).toEqual([500])
})

test('a folder that cannot be written is named', async () => {
  const { get } = await from(serveFile(content))
  expect(await failureOf(get({ file: path.join(folder, 'missing', 'data.mmdb') }))).toMatchObject({ problem: 'disk' })
})

test('whoever stops gets their own reason, and what came stays', async () => {
  const stop = new AbortController()
  const reason = new RingfenceError('run.shutdown', 'stopping')
  const { get, server } = await from([serveFile(content, { etag: '"v1"', stallAfter: 30_000 })], {
    signal: stop.signal,
    progress: (bytes) => {
      if (bytes === 30_000) stop.abort(reason)
    },
  })
  await expect(get()).rejects.toBe(reason)
  expect(server.asked).toHaveLength(1)
  expect(await files()).toEqual(['data.mmdb.part', 'data.mmdb.part.json'])
})

test('a wait between tries ends when it is stopped', async () => {
  const stop = new AbortController()
  const { world } = await from(answerStatus(503), { signal: stop.signal })
  const { wait: _replaced, ...patient } = world
  const fetch: Fetch = async (request, signal) => {
    setImmediate(() => stop.abort(new Error('enough')))
    return await world.fetch(request, signal)
  }
  await expect(
    download({ label: 'x', url: new URL('http://updates.test/'), file, sha256: null, maxBytes: 9 }, { ...patient, fetch }),
  ).rejects.toThrow()
})

test('a small text is fetched with the same care', async () => {
  const { world, server } = await from([sayRaw(''), serveFile(Buffer.from('grüße')), answerStatus(404), serveFile(content), sayNothing])
  const wanted = { label: 'The hash', url: new URL('http://updates.test/sha?key=hush'), maxBytes: 1_000 }
  expect(await downloadText(wanted, world)).toBe('grüße')
  expect(server.asked).toHaveLength(2)
  expect(await failureOf(downloadText(wanted, world))).toMatchObject({ problem: 'not-found' })
  expect(await failureOf(downloadText(wanted, world))).toMatchObject({ problem: 'size' })
})

test('whatever a server says in its head, the file is whole and right, or it is not there', async () => {
  const small = Buffer.from('0123456789abcdef')
  const hash = createHash('sha256').update(small).digest('hex')
  const head = fc.record({
    status: fc.constantFrom(200, 206, 416, 500),
    length: fc.option(fc.nat(20).map(String), { nil: undefined }),
    range: fc.option(
      fc.tuple(fc.nat(17), fc.nat(17), fc.nat(17)).map(([a, b, c]) => `bytes ${a}-${b}/${c}`),
      { nil: undefined },
    ),
    etag: fc.constantFrom('"v1"', '"v2"', 'W/"v1"', undefined),
    cut: fc.nat(16),
    skip: fc.nat(16),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(head, { minLength: 3, maxLength: 3 }), fc.nat(15), async (heads, already) => {
      await rm(file, { force: true })
      let answered = 0
      const fetch: Fetch = async () => {
        const { status, length, range, etag, cut, skip } = heads[answered++]!
        const headers = Object.entries({ 'content-length': length, 'content-range': range, etag }).filter(
          ([, value]) => value !== undefined,
        )
        return {
          status,
          headers: Object.fromEntries(headers) as Record<string, string>,
          body: (async function* () {
            yield small.subarray(skip, skip + cut)
          })(),
          close: async () => undefined,
        }
      }
      await writeFile(`${file}.part`, small.subarray(0, already))
      const wanted = { label: 'x', url: new URL('http://updates.test/'), file, sha256: hash, maxBytes: 100 }
      const thrown = await download(wanted, { fetch, signal: never, wait: async () => undefined }).then(
        () => null,
        (error: unknown) => error,
      )
      if (thrown === null) expect(await readFile(file)).toEqual(small)
      else {
        expect(thrown).toBeInstanceOf(DownloadError)
        expect(await files()).not.toContain('data.mmdb')
      }
    }),
    { numRuns: 150 },
  )
})
