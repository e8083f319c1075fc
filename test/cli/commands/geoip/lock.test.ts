import fs from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { lockCommand } from '../../../../src/cli/commands/geoip/lock.ts'
import { locateCommand } from '../../../../src/cli/commands/locate.ts'
import { database, node } from './node.ts'

test('a study is repeated with the data of the lock, whatever the files hold later', async () => {
  const one = node()
  const lock = path.join(one.folder, 'geoip.lock')
  const { shown, code } = await one.run(lockCommand, lock)
  expect({ code, shown }).toEqual({ code: 0, shown: expect.stringMatching(/^.*geoip\.lock: table [0-9a-f]{16}…, 2 sources, 2 files\n$/) })
  one.replace('one.mmdb', database('DE', 'CN', '2026-09-01'))
  const located = async (...more: readonly string[]) => {
    return (
      await one.run(
        (out) => locateCommand(() => ({ out: out(), note: () => undefined, input: Readable.from([]), format: 'csv' })),
        '8.8.8.8',
        ...more,
      )
    ).shown
  }
  expect(await located()).toContain('8.8.8.8,DE,')
  expect(await located('--as-of', lock)).toContain('8.8.8.8,US,')
})

test('data that is not in force is not locked, and a place that can’t be written is named', async () => {
  const one = node(Buffer.from('no database'))
  expect(await one.run(lockCommand, path.join(one.folder, 'geoip.lock'))).toMatchObject({
    code: 2,
    error: expect.stringMatching(/^geoip lock: the data .* is not in force/),
  })
  expect(await node().run(lockCommand, path.join(one.folder, 'no', 'such', 'folder'))).toMatchObject({
    code: 2,
    error: expect.stringContaining('could not be written'),
  })
  expect(fs.existsSync(path.join(one.folder, 'geoip.lock'))).toBe(false)
})
