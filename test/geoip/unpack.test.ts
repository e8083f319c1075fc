import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { Header } from 'tar'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { GeoSourceError } from '../../src/geoip/source.ts'
import { type Packing, type Unpacking, unpack } from '../../src/geoip/unpack.ts'
import { OperatorError } from '../../src/model/errors.ts'

const data = Buffer.concat([randomBytes(150_000), Buffer.alloc(50_000, 1)])

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'unpack-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
})

async function unpacked(packed: Uint8Array, packing: Packing, own: Partial<Unpacking> = {}): Promise<Buffer> {
  const from = path.join(folder, 'packed')
  const to = path.join(folder, 'data.mmdb')
  await writeFile(from, packed)
  try {
    const bytes = await unpack({ from, to, packing, maxBytes: 300_000, entry: '.mmdb', ...own })
    const content = await readFile(to)
    expect(bytes).toBe(content.length)
    return content
  } finally {
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([])
  }
}

async function whyNot(packed: Uint8Array, packing: Packing, own: Partial<Unpacking> = {}): Promise<string> {
  const thrown = await unpacked(packed, packing, own).then(
    () => null,
    (error: unknown) => error,
  )
  if (!(thrown instanceof GeoSourceError)) throw new Error('wanted a GeoSourceError', { cause: thrown })
  expect(await readdir(folder)).toEqual(['packed'])
  return thrown.message.replace(`${path.join(folder, 'packed')}: `, '')
}

interface Entry {
  readonly name: string
  readonly type: 'File' | 'Directory' | 'SymbolicLink' | 'Link'
  readonly body: Uint8Array
}

const file = (name: string, body: Uint8Array): Entry => ({ name, type: 'File', body })

const other = (name: string, type: Entry['type']): Entry => ({ name, type, body: new Uint8Array(0) })

/** Blocks of 512 bytes: for each entry its header and its body, then two of zeros (POSIX ustar). */
function tarOf(...entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ name, type, body }) => {
    const header = Buffer.alloc(512)
    new Header({ path: name, type, size: body.length, mode: 0o644, linkpath: type.endsWith('Link') ? '/etc/passwd' : '' }).encode(header)
    return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)]
  })
  return Buffer.concat([...blocks, Buffer.alloc(1_024)])
}

const tarGz = (...entries: readonly Entry[]): Buffer => gzipSync(tarOf(...entries))

/** As MaxMind packs it. */
const asMaxmind = (): Buffer =>
  tarGz(
    other('GeoLite2-Country_20261124/', 'Directory'),
    file('GeoLite2-Country_20261124/COPYRIGHT.txt', Buffer.from('Database and Contents Copyright')),
    file('GeoLite2-Country_20261124/GeoLite2-Country.mmdb', data),
    file('GeoLite2-Country_20261124/LICENSE.txt', Buffer.from('Use of this database')),
  )

test('plain, gzip and tar.gz come to the same data', async () => {
  expect((await unpacked(data, 'plain')).equals(data)).toBe(true)
  expect((await unpacked(gzipSync(data), 'gzip')).equals(data)).toBe(true)
  expect((await unpacked(asMaxmind(), 'tar.gz')).equals(data)).toBe(true)
})

test('gzip of several members is their sum', async () => {
  const half = data.subarray(0, 100_000)
  expect((await unpacked(Buffer.concat([gzipSync(half), gzipSync(data.subarray(100_000))]), 'gzip')).equals(data)).toBe(true)
})

test('the place of an entry in the archive means nothing', async () => {
  expect((await unpacked(tarGz(file('../../../../tmp/escaped.mmdb', data)), 'tar.gz')).equals(data)).toBe(true)
  expect((await unpacked(tarGz(file('/etc/escaped.mmdb', data)), 'tar.gz')).equals(data)).toBe(true)
  expect(await readdir(folder)).toEqual(['data.mmdb', 'packed'])
})

test('exactly one entry is wanted', async () => {
  expect(await whyNot(tarGz(file('a.txt', data)), 'tar.gz')).toBe('it holds no file that ends in .mmdb')
  expect(await whyNot(tarGz(file('a.mmdb', data), file('b.mmdb', data)), 'tar.gz', { maxBytes: 900_000 })).toBe(
    'it holds more than one file that ends in .mmdb',
  )
})

test('a link or a folder that is called like the entry is none', async () => {
  const links = tarGz(other('a.mmdb', 'SymbolicLink'), other('b.mmdb', 'Link'), other('c.mmdb', 'Directory'))
  expect(await whyNot(links, 'tar.gz')).toBe('it holds no file that ends in .mmdb')
})

test('what unpacks to more than the limit is refused when the limit is reached', async () => {
  const bomb = gzipSync(Buffer.alloc(200 * 1_048_576))
  expect(bomb.length).toBeLessThan(300_000)
  const before = process.memoryUsage().arrayBuffers
  expect(await whyNot(bomb, 'gzip', { maxBytes: 5 * 1_048_576 })).toBe('it unpacks to more than the 5 MiB that it may have')
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 1_048_576)
  expect(await whyNot(tarGz(file('a.mmdb', Buffer.alloc(300_001))), 'tar.gz')).toContain('it unpacks to more than')
  expect(await whyNot(data, 'plain', { maxBytes: 199_999 })).toContain('it unpacks to more than')
})

test('an archive is limited in what it holds beside the entry, too', async () => {
  const packed = tarGz(file('filler.txt', Buffer.alloc(2 * 1_048_576)), file('a.mmdb', data))
  expect(await whyNot(packed, 'tar.gz')).toContain('it unpacks to more than')
})

test.each([10, 11, 1_000, -9, -8, -1])('gzip that is cut at %i is cut short', async (at) => {
  expect(await whyNot(gzipSync(data).subarray(0, at), 'gzip')).toBe('it is cut short')
})

test('damage is noticed: in the data, in the checksum, and behind the end', async () => {
  const packed = gzipSync(data)
  const withFlipped = (at: number) => Buffer.from(packed).fill((packed.at(at) ?? 0) ^ 0xff, packed.length + at, packed.length + at + 1)
  expect(await whyNot(withFlipped(-8), 'gzip')).toBe('it is damaged')
  expect(await whyNot(withFlipped(-3), 'gzip')).toBe('it is damaged')
  expect(await whyNot(Buffer.concat([packed, Buffer.from('garbage')]), 'gzip')).toBe('bytes follow behind its end')
  expect(await whyNot(Buffer.concat([packed, Buffer.alloc(100_000)]), 'gzip')).toBe('bytes follow behind its end')
  expect(await whyNot(data, 'gzip')).toBe('it is not gzip')
})

test('a tar that is cut short or none inside whole gzip is refused', async () => {
  const tar = tarOf(file('a.mmdb', data))
  expect(await whyNot(gzipSync(tar.subarray(0, 100_000)), 'tar.gz')).toBe('it is no tar archive, or damaged')
  expect(await whyNot(gzipSync(tar.subarray(0, 300)), 'tar.gz')).toContain('it is no tar archive, or damaged')
  expect(await whyNot(gzipSync(data), 'tar.gz')).toContain('it is no tar archive, or damaged')
  expect(await whyNot(gzipSync(gzipSync(tar)), 'tar.gz')).toContain('it is no tar archive, or damaged')
})

test('nothing is no data', async () => {
  expect(await whyNot(Buffer.alloc(0), 'plain')).toBe('there is nothing in it')
  expect(await whyNot(gzipSync(''), 'gzip')).toBe('there is nothing in it')
  expect(await whyNot(Buffer.alloc(0), 'gzip')).toBe('it is cut short')
  expect(await whyNot(tarGz(file('a.mmdb', Buffer.alloc(0))), 'tar.gz')).toBe('there is nothing in it')
})

test('files that cannot be read or written are named', async () => {
  const wanted: Unpacking = { from: path.join(folder, 'missing'), to: path.join(folder, 'data'), packing: 'gzip', maxBytes: 9, entry: '' }
  await expect(unpack(wanted)).rejects.toThrow(`${wanted.from}: there is no such file`)
  await expect(unpack({ ...wanted, from: folder })).rejects.toThrow(`${folder}: it is a folder`)
  const from = path.join(folder, 'packed')
  await writeFile(from, gzipSync('data'))
  const to = path.join(folder, 'nowhere', 'data')
  const error = await unpack({ ...wanted, from, to }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(OperatorError)
  expect(String(error)).toContain(`${to}.part: it cannot be written`)
})

test('what stood there stays unless the new data is whole', async () => {
  const to = path.join(folder, 'data.mmdb')
  await writeFile(to, 'yesterday')
  await mkdir(path.join(folder, 'new'))
  const from = path.join(folder, 'new', 'packed')
  await writeFile(from, gzipSync(data).subarray(0, 1_000))
  await expect(unpack({ from, to, packing: 'gzip', maxBytes: 300_000, entry: '' })).rejects.toThrow('it is cut short')
  expect(await readFile(to, 'utf8')).toBe('yesterday')
})

test('any change of any byte of a packed file is an error or changes nothing', async () => {
  const small = randomBytes(2_000)
  const packed = tarGz(file('a.mmdb', small))
  await fc.assert(
    fc.asyncProperty(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      await rm(path.join(folder, 'data.mmdb'), { force: true })
      const changed = Buffer.from(packed)
      changed[at] = (changed[at] ?? 0) ^ change
      const outcome = await unpacked(changed, 'tar.gz').catch((error: unknown) => error)
      if (Buffer.isBuffer(outcome)) expect(outcome.equals(small)).toBe(true)
      else expect(outcome).toBeInstanceOf(GeoSourceError)
    }),
    { numRuns: 200 },
  )
})
