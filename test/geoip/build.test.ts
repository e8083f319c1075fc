import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { buildApart, buildTable, keyOf } from '../../src/geoip/build.ts'
import { GeoSourceError } from '../../src/geoip/source.ts'
import { decodeTable } from '../../src/geoip/table-file.ts'
import { mmdb } from '../support/mmdb-writer.ts'
import { specOf } from './support.ts'

function fileWith(content: string | Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-build-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'a.mmdb'), content)
  return join(folder, 'a.mmdb')
}

test('another thread builds the same bytes', async () => {
  const specs = [specOf({ files: [fileWith(mmdb({ networks: [['8.0.0.0/8', { country_code: 'US' }]] }))] })]
  const here = await buildTable(specs)
  expect(Buffer.from(await buildApart(specs)).equals(Buffer.from(here))).toBe(true)
  expect(decodeTable(here).data.sources.map(({ info }) => info.name)).toEqual(['a'])
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
