import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openSource, readFiles } from '../../src/geoip/open-source.ts'
import { GeoSourceError } from '../../src/geoip/source.ts'
import type { SourceSpec } from '../../src/geoip/spec.ts'
import { mmdb } from '../support/mmdb-writer.ts'
import { specOf } from './support.ts'

function fileWith(content: string | Buffer, name = 'a.file'): string {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-source-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

async function opened(content: string | Buffer, change: Partial<SourceSpec>) {
  const spec = specOf({ ...change, files: [fileWith(content)] })
  return openSource(spec, await readFiles(spec))
}

const aws = JSON.stringify({
  syncToken: '1',
  createDate: '2026-04-21-00-00-00',
  prefixes: [{ ip_prefix: '18.162.0.0/16', region: 'ap-east-1', service: 'EC2', network_border_group: 'ap-east-1' }],
  ipv6_prefixes: [],
})

const good: readonly (readonly [
  format: SourceSpec['format'],
  content: string | Buffer,
  change: Partial<SourceSpec>,
  date: string | null,
])[] = [
  ['mmdb', mmdb({ networks: [['8.0.0.0/8', { country_code: 'US' }]], built: '2026-01-02' }), {}, '2026-01-02'],
  ['csv', '8.0.0.0,8.255.255.255,US\n', { date: '2026-03-04' }, '2026-03-04'],
  ['geofeed', '8.8.8.0/24,US,US-CA,,\n', {}, null],
  ['cloud-ranges', aws, { publisher: 'aws', role: 'authority' }, '2026-04-21'],
  ['operator-table', '# date: 2026-04-21\nap-east-1,18.162.0.0/16\n', { publisher: 'aws', role: 'authority' }, '2026-04-21'],
]

test.each(good)('%s is opened, with its day and its hash', async (format, content, change, date) => {
  const { info, speaksIn, warnings } = await opened(content, { format, ...change })
  expect(info).toMatchObject({ name: 'a', date, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
  expect(speaksIn.has(16509)).toBe(change.role === 'authority')
  expect(warnings.some((text) => text === 'a: the file does not say of which day its data is; write "date:"')).toBe(date === null)
})

test('an override has no file and no day, and warns of neither', async () => {
  const spec = specOf({ format: 'override', role: 'override', places: { '8.8.8.0/24': 'DE' } })
  const { info, warnings } = await openSource(spec, await readFiles(spec))
  expect({ date: info.date, warnings }).toEqual({ date: null, warnings: [] })
})

test('several files make up one source, under one hash', async () => {
  const spec = specOf({ format: 'csv', files: [fileWith('8.0.0.0,8.255.255.255,US\n'), fileWith('2a00::/16,DE\n')], date: '2026-01-01' })
  const { info, v4, v6 } = await openSource(spec, await readFiles(spec))
  expect([v4.values.length, v6.values.length]).toEqual([3, 3])
  const one = specOf({ ...spec, files: spec.files.slice(0, 1) })
  expect((await openSource(one, await readFiles(one))).info.sha256).not.toBe(info.sha256)
})

// What can befall a file, for each format: it is refused, named, with what is wrong.
describe.each(good)('a damaged %s', (format, content, change) => {
  const bytes = Buffer.from(content)
  test.each<[how: string, damaged: Buffer]>([
    ['empty', Buffer.alloc(0)],
    ['zeroed', Buffer.alloc(bytes.length)],
    ['compressed', gzipSync(bytes)],
    ['a web page', Buffer.from('<!doctype html><html><title>Log in</title></html>')],
    ['random bytes', Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 7919) % 251))],
    [
      'another format',
      format === 'mmdb' ? Buffer.from('8.0.0.0,8.255.255.255,US\n') : mmdb({ networks: [['8.0.0.0/8', { country_code: 'US' }]] }),
    ],
  ])('%s is refused with its file and a reason', async (_, damaged) => {
    const error = await opened(damaged, { format, ...change }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(GeoSourceError)
    expect(String(error)).toMatch(/a\.file: \S.{6,}/)
  })
})

test('cloud-ranges are read in the format of their publisher, who must have one', async () => {
  await expect(opened(aws, { format: 'cloud-ranges' })).rejects.toThrow('no publisher is named')
  await expect(opened(aws, { format: 'cloud-ranges', publisher: 'linode' })).rejects.toThrow(
    /a\.file: Linode \(Akamai\) publishes a geofeed: write "type: geofeed"$/,
  )
})

test('a publisher that is not on the list is refused', async () => {
  await expect(opened(aws, { format: 'cloud-ranges', publisher: 'nobody' })).rejects.toThrow('"nobody" is not on the list of publishers')
})
