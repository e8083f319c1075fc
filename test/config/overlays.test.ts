import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { overlaysFile, readOverlays, writeOverlays } from '../../src/config/overlays.ts'
import { folderWith } from '../cli/screen.ts'

const overlay = { policy: 'no-cn', fence: 'no-cn', enabled: false, until: Date.UTC(2026, 10, 2), reason: 'a trial' }

test('what was written is read again, and only its owner may read it', async () => {
  const file = overlaysFile({ records: { folder: folderWith({}), whenDiskFull: 'block' } })
  expect(await readOverlays(file)).toEqual([])
  await writeOverlays(file, [overlay])
  expect(await readOverlays(file)).toEqual([overlay])
  expect(fs.statSync(file).mode & 0o777).toBe(0o600)
  expect(fs.readdirSync(path.dirname(file))).toEqual(['overlays.json'])
})

test.each(['{', '{}', '[1]', '[{"policy":"a"}]', JSON.stringify([{ ...overlay, until: 'tomorrow' }])])(
  'a damaged file is no overlay, and says so: %s',
  async (text) => {
    const file = path.join(folderWith({ 'overlays.json': text }), 'overlays.json')
    await expect(readOverlays(file)).rejects.toThrow(`${file} is damaged: remove it, or set the overlays anew`)
  },
)

test('a folder that cannot be written is told', async () => {
  const file = path.join(folderWith({}), 'gone', 'overlays.json')
  await expect(writeOverlays(file, [overlay])).rejects.toThrow(`can't write ${file}: ENOENT`)
})
