import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { buildApart, buildTable, keyOf } from '../../src/geoip/build.ts'
import { hashesOf } from '../../src/geoip/input-hashes.ts'
import { GeoSourceError } from '../../src/geoip/source.ts'
import { decodeTable } from '../../src/geoip/table-file.ts'
import { mmdb } from '../support/mmdb-writer.ts'
import { specOf } from './support.ts'

function fileWith(content: string | Buffer, name = 'a.mmdb'): string {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-build-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

test('another thread builds the same bytes', async () => {
  const specs = [specOf({ files: [fileWith(mmdb({ networks: [['8.0.0.0/8', { country_code: 'US' }]] }))] })]
  const here = await buildTable(specs)
  expect(Buffer.from(await buildApart(specs)).equals(Buffer.from(here))).toBe(true)
  expect(decodeTable(here).data.sources.map(({ info }) => info.name)).toEqual(['a'])
})

test('files of several sources, and several files of one, in the order of the list', async () => {
  const v4 = fileWith('8.0.0.0,8.255.255.255,US\n', 'v4.csv')
  const v6 = fileWith('2a00::/16,DE\n', 'v6.csv')
  const specs = [
    specOf({ name: 'both', format: 'csv', files: [v4, v6], date: '2026-01-01' }),
    specOf({ name: 'mmdb', role: 'witness', files: [fileWith(mmdb({ networks: [['9.0.0.0/8', { country_code: 'FR' }]] }))] }),
    specOf({ name: 'mine', role: 'override', format: 'override', places: { '8.8.8.0/24': 'DE' } }),
  ]
  const bytes = await buildApart(specs)
  expect(Buffer.from(bytes).equals(Buffer.from(await buildTable(specs)))).toBe(true)
  const { key, data } = decodeTable(bytes)
  expect(data.sources.map(({ info, coverage }) => [info.name, info.role, coverage.v4, coverage.v6 > 0])).toEqual([
    ['both', 'voter', 2 ** 24, true],
    ['mmdb', 'witness', 2 ** 24, false],
    ['mine', 'override', 2 ** 8, false],
  ])
  expect(key).toBe(keyOf(specs, await Promise.all(specs.map(hashesOf))))
  const cut = fileWith('2a00::/16,D\n', 'cut.csv')
  await expect(buildApart([specOf({ format: 'csv', files: [v4, cut] })])).rejects.toMatchObject({
    message: `${v4}, ${cut}: file 2, line 1: "D" is no country code of two letters`,
  })
})

test('a source without a file fails by its name', async () => {
  const wrong = specOf({ name: 'mine', role: 'override', format: 'override', places: { '8.8.8.0/24': 'XX' } })
  const here = await buildTable([wrong]).catch((thrown: unknown) => thrown)
  const apart = await buildApart([wrong]).catch((thrown: unknown) => thrown)
  for (const error of [here, apart]) {
    expect(error).toBeInstanceOf(GeoSourceError)
    expect(error).toMatchObject({ file: 'mine', message: 'mine: "8.8.8.0/24": "XX" is not a country code' })
  }
})

test('its failure keeps the file and the message', async () => {
  const file = fileWith('no database')
  const error = await buildApart([specOf({ files: [file] })]).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(GeoSourceError)
  expect(error).toMatchObject({ file, message: `${file}: not an mmdb file, or cut off: it has no metadata at its end` })
})

test('the key goes by contents, roles, names and order, and not by paths', () => {
  const one = specOf({ files: ['/one'] })
  expect(keyOf([one], [['h']])).toBe(keyOf([specOf({ files: ['/other'] })], [['h']]))
  const keys = [
    keyOf([one], [['h']]),
    keyOf([one], [['i']]),
    keyOf([specOf({ role: 'witness' })], [['h']]),
    keyOf([specOf({ name: 'b' })], [['h']]),
    keyOf([one, specOf({ name: 'b' })], [['h'], ['h']]),
    keyOf([specOf({ name: 'b' }), one], [['h'], ['h']]),
  ]
  expect(new Set(keys).size).toBe(keys.length)
})
