import fs from 'node:fs'
import { expect, test } from 'vitest'
import { appRangesFile, type FetchedByApp, writeAppRanges } from '../../src/config/app-ranges-store.ts'
import { libraryFor, shippedLibrary } from '../../src/config/library.ts'
import { cidr } from '../../src/model/cidr.ts'
import { folderWith } from '../cli/screen.ts'
import { idsOf, ipOf, nameOf } from './made-up-apps.ts'

const zoomsList = 'https://assets.zoom.us/docs/ipranges/Zoom.txt'

/** In no published range when this was written, and in the shipped ones of Zoom. */
const [fresh, old] = ['8.5.128.7', '170.114.0.1'].map(ipOf) as [ReturnType<typeof ipOf>, ReturnType<typeof ipOf>]

const zoom = (more: Partial<FetchedByApp[string]> = {}): FetchedByApp => ({
  zoom: { url: zoomsList, fetched: '2027-01-02T10:00:00.000Z', sha256: 'ab'.repeat(32), networks: [cidr('8.5.128.0/24')], ...more },
})

const settings = (folder: string) => ({ geoip: { folder } }) as Parameters<typeof libraryFor>[0]

async function libraryWith(fetched: FetchedByApp) {
  const folder = folderWith({})
  await writeAppRanges(folder, fetched)
  return libraryFor(settings(folder))
}

test('without a file it is the shipped one', () => {
  expect(libraryFor(settings(folderWith({})))).toBe(shippedLibrary())
  expect(shippedLibrary().rangesProblem).toBeNull()
})

test('fetched ranges take the place of the shipped ones, and the apps stay the same objects', async () => {
  const { apps, groups, rangesProblem, find } = await libraryWith(zoom())
  const shipped = shippedLibrary()
  expect([idsOf(shipped.apps.at(fresh)), idsOf(shipped.apps.at(old))]).toEqual([[], ['zoom']])
  expect([idsOf(apps.at(fresh)), idsOf(apps.at(old))]).toEqual([['zoom'], []])
  expect(apps.at(fresh)[0]).toBe(shipped.apps.apps.get('zoom'))
  expect(apps.facts.get('zoom')?.ranges).toMatchObject({ from: zoomsList, date: '2027-01-02', fetched: '2027-01-02T10:00:00.000Z' })
  // All else is as it was.
  expect(apps.find('zoom')?.domains).toBe(shipped.apps.find('zoom')?.domains)
  expect(apps.facts.get('webex')?.ranges).toEqual(shipped.apps.facts.get('webex')?.ranges)
  expect(idsOf(apps.named(nameOf('us04web.zoom.us')))).toEqual(['zoom'])
  expect(idsOf(apps.at(ipOf('64.68.100.1')))).toEqual(['webex'])
  expect([groups, find, rangesProblem, apps.sha256]).toEqual([shipped.groups, shipped.find, null, shipped.apps.sha256])
})

test.each([
  ['from an address that the catalogue no longer names', zoom({ url: 'https://zoom.example/list' })],
  ['before the day of the shipped list', zoom({ fetched: '2020-01-02T10:00:00.000Z' })],
  ['for an app that has no list', { webex: { ...(zoom().zoom as FetchedByApp[string]) } }],
  ['for an app that is not there', { nobody: { ...(zoom().zoom as FetchedByApp[string]) } }],
])('what was fetched %s does not count', async (_, fetched) => {
  const { apps, rangesProblem } = await libraryWith(fetched)
  expect([idsOf(apps.at(fresh)), idsOf(apps.at(old)), rangesProblem]).toEqual([[], ['zoom'], null])
})

test('of a damaged file nothing counts, and why is told', () => {
  const folder = folderWith({ 'app-ranges.json': '{' })
  const { apps, rangesProblem } = libraryFor(settings(folder))
  expect([idsOf(apps.at(fresh)), idsOf(apps.at(old))]).toEqual([[], ['zoom']])
  expect(rangesProblem).toBe(`${appRangesFile(folder)}: damaged; the address ranges that come with the program are used`)
})

test('it is made once for each state of the file', async () => {
  const folder = folderWith({})
  await writeAppRanges(folder, zoom())
  const first = libraryFor(settings(folder))
  expect(libraryFor(settings(folder))).toBe(first)
  await writeAppRanges(folder, zoom({ networks: [cidr('9.9.9.0/24')] }))
  expect(idsOf(libraryFor(settings(folder)).apps.at(ipOf('9.9.9.9')))).toEqual(['zoom'])
  fs.rmSync(appRangesFile(folder))
  expect(libraryFor(settings(folder))).toBe(shippedLibrary())
})
