import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Ledger, readLedger, writeLedger } from '../../src/geoip/ledger.ts'
import { GeoSourceError } from '../../src/geoip/source.ts'

const ledger: Ledger = {
  version: 1,
  key: 'a'.repeat(64),
  sources: [
    { name: 'DB-IP', date: '2026-06-01', sha256: 'b'.repeat(64), coverage: { v4: 1, v6: 2 } },
    { name: 'ours', date: null, sha256: 'c'.repeat(64), coverage: { v4: 0, v6: 0 } },
  ],
  accepted: null,
}

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'ringfence-ledger-'))
  onTestFinished(() => rm(made, { recursive: true, force: true }))
  return made
}

test('what was written is read, and replaced as a whole', async () => {
  const at = await folder()
  const file = join(at, 'below', 'accepted.json')
  expect(await readLedger(file)).toBeNull()
  await writeLedger(file, ledger)
  expect(await readLedger(file)).toEqual(ledger)
  await writeLedger(file, { ...ledger, accepted: 'd'.repeat(64) })
  expect((await readLedger(file))?.accepted).toBe('d'.repeat(64))
  expect(await readdir(join(at, 'below'))).toEqual(['accepted.json'])
})

test.each(['', '{', '{"version":1}', '[]', JSON.stringify({ ...ledger, key: 'x' })])(
  'a damaged one is refused, with what to do: %j',
  async (text) => {
    const file = join(await folder(), 'accepted.json')
    await writeFile(file, text)
    await expect(readLedger(file)).rejects.toThrow(`${file}: damaged; remove it, and the data as it is now will be taken as the first`)
  },
)

test('one that can’t be written is named', async () => {
  const at = await folder()
  await writeFile(join(at, 'file'), '')
  await expect(writeLedger(join(at, 'file', 'accepted.json'), ledger)).rejects.toThrow(GeoSourceError)
})
