import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
  const withTables = await hashesOf(specOf({ files: [file], publisher: 'aws' }))
  expect(withTables[0]).toBe(hash)
  expect(withTables).toHaveLength(4)
  // A feed that names countries has no regions.
  expect(await hashesOf(specOf({ files: [file], publisher: 'linode' }))).toHaveLength(3)
  await expect(hashesOf(specOf({ files: [join(folder, 'none')] }))).rejects.toThrow('none: there is no such file')
})
