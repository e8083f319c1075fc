import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { hashesOf } from '../../src/geoip/input-hashes.ts'
import { specOf } from './support.ts'

test('the hashes of the files, then of the tables that the program reads them with', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringfence-hash-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'a')
  writeFileSync(file, 'x'.repeat(3_000_000))
  const hash = createHash('sha256').update('x'.repeat(3_000_000)).digest('hex')
  expect(await hashesOf(specOf({ files: [file] }))).toEqual([hash])
  const own = (name: string) =>
    createHash('sha256')
      .update(readFileSync(new URL(`../../geoip/${name}`, import.meta.url)))
      .digest('hex')
  const always = [hash, own('publishers.json'), own('doubted.csv')]
  expect(await hashesOf(specOf({ files: [file], publisher: 'aws' }))).toEqual([...always, own('regions/aws.csv')])
  // A feed that names countries has no regions.
  expect(await hashesOf(specOf({ files: [file], publisher: 'linode' }))).toEqual(always)
  expect(await hashesOf(specOf({ format: 'override' }))).toEqual([])
  await expect(hashesOf(specOf({ files: [join(folder, 'none')] }))).rejects.toMatchObject({
    file: join(folder, 'none'),
    message: `${join(folder, 'none')}: there is no such file`,
  })
  await expect(hashesOf(specOf({ files: [folder] }))).rejects.toThrow(`${folder}: it is a folder`)
})
