import fs from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { appRangesFile, type FetchedByApp, readAppRanges, stampOf, writeAppRanges } from '../../src/config/app-ranges-store.ts'
import { cidr } from '../../src/model/cidr.ts'
import { OperatorError } from '../../src/model/errors.ts'
import { folderWith } from '../cli/screen.ts'

const fetched: FetchedByApp = {
  zoom: {
    url: 'https://assets.zoom.us/docs/ipranges/Zoom.txt',
    fetched: '2026-11-25T10:00:00.000Z',
    sha256: 'ab'.repeat(32),
    networks: [cidr('170.114.0.0/16'), cidr('2407:30c0::/32')],
  },
}

test('where there is no file, nothing was fetched', () => {
  expect([readAppRanges('/nowhere'), stampOf('/nowhere')]).toEqual([{}, null])
})

test('what was written is read, by its owner alone, and each write shows', async () => {
  const folder = path.join(folderWith({}), 'geoip')
  await writeAppRanges(folder, fetched)
  const file = appRangesFile(folder)
  expect(readAppRanges(folder)).toEqual(fetched)
  expect(fs.statSync(file).mode & 0o777).toBe(0o600)
  expect(JSON.parse(fs.readFileSync(file, 'utf8'))).toMatchObject({
    version: 1,
    apps: { zoom: { networks: ['170.114.0.0/16', '2407:30c0::/32'] } },
  })
  const stamp = stampOf(folder)
  await writeAppRanges(folder, fetched)
  expect(stampOf(folder)).not.toBe(stamp)
  expect(fs.readdirSync(folder)).toEqual(['app-ranges.json'])
})

test.each([
  ['no JSON', 'nonsense'],
  ['another version', '{"version":2,"apps":{}}'],
  ['a network that is none', JSON.stringify({ version: 1, apps: { zoom: { ...fetched.zoom, networks: ['170.114.0.1/16'] } } })],
  ['no networks', JSON.stringify({ version: 1, apps: { zoom: { ...fetched.zoom, networks: [] } } })],
])('a file with %s is damaged', (_, text) => {
  const folder = folderWith({ 'app-ranges.json': text })
  expect(() => readAppRanges(folder)).toThrow(new OperatorError(`${appRangesFile(folder)}: damaged`))
})

test('one that is a folder, and one that can’t be written, are told', async () => {
  const folder = folderWith({})
  fs.mkdirSync(appRangesFile(folder))
  expect(() => readAppRanges(folder)).toThrow(`${appRangesFile(folder)}: it is a folder`)
  await expect(writeAppRanges(folder, fetched)).rejects.toThrow(/app-ranges\.json can't be written: /)
  expect(fs.readdirSync(folder)).toEqual(['app-ranges.json'])
})
