import { readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { parseCsv } from '../../src/geoip/csv.ts'
import { parseOperatorTable } from '../../src/geoip/operator-table.ts'
import { loadPublishers, loadRegions } from '../../src/geoip/publishers.ts'
import { parseDoubted } from '../../src/geoip/regions.ts'
import type { Content } from '../../src/geoip/source.ts'
import { valueAt } from './look-up.ts'
import { ip } from './support.ts'

const geoip = new URL('../../geoip/', import.meta.url)
const publishers = await loadPublishers()
const tables = (await readdir(new URL('operators/', geoip))).map((file) => file.replace('.csv', '')).filter((id) => id !== 'anycast')

async function embedded(id: string): Promise<Content> {
  const isFeed = publishers.get(id)?.format === 'geofeed'
  return parseOperatorTable(await readFile(new URL(`operators/${id}.csv`, geoip)), isFeed ? null : await loadRegions(id))
}

function placeAt(address: string, { says, v4, v6 }: Content): string | null {
  if (says.kind !== 'places') throw new Error(says.kind)
  const place = says.list[valueAt(ip(address), v4, v6) - 1]
  return place === undefined ? null : `${place.country} ${place.detail ?? ''}`.trim()
}

test('every publisher has ASes of its own, and no two firms share one', () => {
  expect([...publishers.values()].filter(({ asns }) => asns.size === 0)).toEqual([])
  const firms = [...publishers.values()].filter(({ id }) => !id.endsWith('-geofeed'))
  const asns = firms.flatMap((publisher) => [...publisher.asns])
  expect(new Set(asns).size).toBe(asns.length)
})

test('a firm that publishes twice speaks in the same ASes both times', () => {
  const feeds = [...publishers.values()].filter(({ id }) => id.endsWith('-geofeed'))
  expect(feeds).toHaveLength(2)
  for (const { id, asns } of feeds) expect(asns).toEqual(publishers.get(id.replace('-geofeed', ''))?.asns)
})

test('every publisher with regions has a table of them', async () => {
  for (const { id, format } of publishers.values()) {
    if (format === 'geofeed') await expect(loadRegions(id)).rejects.toThrow(`there is no table of regions for "${id}"`)
    else expect((await loadRegions(id)).countries.size).toBeGreaterThan(5)
  }
})

test('an id is a word, not a path', async () => {
  await expect(loadRegions('../regions/aws')).rejects.toThrow('"../regions/aws" is not the id of a publisher')
})

test('zones of AWS beyond the border of their parent region are in the country where they stand', async () => {
  const { countries } = await loadRegions('aws')
  const abroad = [...countries].filter(([zone, country]) => {
    const parent = [...countries.keys()].find((region) => zone.startsWith(`${region}-`))
    return parent !== undefined && countries.get(parent) !== country
  })
  expect(abroad.map(([zone, country]) => `${zone} ${country}`)).toEqual([
    'af-south-1-los-1 NG',
    'ap-northeast-1-tpe-1 TW',
    'ap-southeast-1-bkk-1 TH',
    'ap-southeast-1-han-1 VN',
    'ap-southeast-1-mnl-1 PH',
    'ap-southeast-2-akl-1 NZ',
    'eu-central-1-ist-1 TR',
    'eu-central-1-waw-1 PL',
    'eu-north-1-cph-1 DK',
    'eu-north-1-hel-1 FI',
    'me-south-1-mct-1 OM',
    'us-east-1-bue-1 AR',
    'us-east-1-lim-1 PE',
    'us-east-1-qro-1 MX',
    'us-east-1-scl-1 CL',
  ])
})

test('everything of Azure in China is in China, and nothing else of Azure is', async () => {
  expect(new Set((await loadRegions('azure-china')).countries.values())).toEqual(new Set(['CN']))
  expect([...(await loadRegions('azure')).countries.values()]).not.toContain('CN')
})

test('every embedded table is of a publisher, bears its day, and knows all its regions', async () => {
  expect(tables.sort()).toEqual(['aws', 'azure', 'azure-china', 'digitalocean', 'google-cloud', 'linode', 'oracle'])
  for (const id of tables) {
    const { date, warnings } = await embedded(id)
    expect([id, date, warnings]).toEqual([id, expect.stringMatching(/^202[56]-\d\d-\d\d$/), []])
  }
})

// Where these are is what their operators published; each was checked against the publication itself.
test.each([
  ['aws', '18.162.0.1', 'HK ap-east-1'],
  ['aws', '2406:da1e::1', 'HK ap-east-1'],
  ['aws', '52.81.151.130', 'CN cn-north-1'],
  ['aws', '52.82.0.1', 'CN cn-northwest-1'],
  ['aws', '3.7.35.1', 'IN ap-south-1'],
  ['aws', '52.61.100.130', 'US us-gov-west-1'],
  ['aws', '96.0.16.1', 'PE us-east-1-lim-1'],
  ['aws', '15.220.120.1', 'AR us-east-1-bue-1'],
  // CloudFront, in edge locations everywhere; and the pool of a Local Zone that is filed under its parent region.
  ['aws', '13.32.0.1', null],
  ['aws', '13.130.0.1', null],
  ['google-cloud', '34.80.0.1', 'TW asia-east1'],
  ['google-cloud', '34.92.0.1', 'HK asia-east2'],
  ['google-cloud', '34.117.0.1', null],
  ['azure', '13.75.0.1', 'HK eastasia'],
  ['azure', '51.107.0.1', 'CH switzerlandn'],
  ['azure', '2603:1040:200::1', 'HK eastasia'],
  ['azure', '13.107.213.1', null],
  ['azure-china', '40.73.0.1', 'CN chinanorth2'],
  ['oracle', '140.238.0.1', 'KR ap-seoul-1'],
  ['oracle', '129.80.0.1', 'US us-ashburn-1'],
  ['digitalocean', '5.101.96.1', 'NL'],
  ['digitalocean', '128.199.64.1', 'SG'],
  ['linode', '139.162.4.1', 'SG'],
  // Moved since the edition.
  ['linode', '172.235.100.1', null],
])('by the table of %s, %s is in %j', async (id, address, place) => {
  expect(placeAt(address, await embedded(id))).toBe(place)
})

test('anycast of clouds: what they document as such, and nothing that they say is in one region', async () => {
  const bytes = await readFile(new URL('operators/anycast.csv', geoip))
  const { says, v4, v6 } = parseCsv([bytes], 'anycast')
  if (says.kind !== 'anycast') throw new Error(says.kind)
  const whose = (address: string) => says.list[valueAt(ip(address), v4, v6) - 1]
  expect(['15.197.128.1', '34.117.0.1', '2600:1901::1', '13.107.213.1', '18.162.0.1'].map(whose)).toEqual([
    'AWS Global Accelerator',
    'Google Cloud global load balancing',
    'Google Cloud global load balancing',
    'Azure Front Door',
    undefined,
  ])
  const networks = bytes
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const clouds = await Promise.all(['aws', 'google-cloud', 'azure'].map(embedded))
  const placed = networks.filter((line) => clouds.some((cloud) => placeAt(line.replace(/\/.*/, ''), cloud) !== null))
  expect(placed).toEqual([])
})

test('every doubted network is of a publisher whose table is embedded, and has no place there', async () => {
  const text = await readFile(new URL('doubted.csv', geoip), 'utf8')
  for (const id of tables) {
    const table = await embedded(id)
    for (const network of parseDoubted(text, id)) expect([id, network, placeAt(network.ip, table)]).toEqual([id, network, null])
  }
  const rows = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length - 1
  expect(tables.flatMap((id) => parseDoubted(text, id))).toHaveLength(rows)
})
