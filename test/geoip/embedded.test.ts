import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { readManifest, specOf } from '../../src/geoip/embedded.ts'
import { openSource, readFiles } from '../../src/geoip/open-source.ts'
import { loadPublishers } from '../../src/geoip/publishers.ts'
import { GeoSourceError } from '../../src/geoip/source.ts'
import { findVendorFile } from '../../src/geoip/vendors.ts'

const require = createRequire(import.meta.url)
const root = new URL('../../', import.meta.url)
const manifest = await readManifest()
const dependencies: Readonly<Record<string, string>> = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')).dependencies
const licences = readFileSync(new URL('geoip/LICENSES.md', root), 'utf8')

describe.each(manifest)('$name', (entry) => {
  test('is what the manifest says, and opens as a whole', async () => {
    const spec = specOf(entry)
    const source = await openSource(spec, await readFiles(spec))
    expect(source.info).toMatchObject({
      name: entry.name,
      role: entry.role,
      date: entry.date,
      licence: entry.licence,
      attribution: entry.attribution,
    })
    expect(source.v4.values.some((value) => value !== 0) || source.v6.values.some((value) => value !== 0)).toBe(true)
    expect(source.speaksIn.size > 0).toBe(entry.role === 'authority')
    // What the file itself says, where it does.
    const { date } = (await openSource({ ...spec, date: null }, await readFiles(spec))).info
    expect(date).toBe(entry.format === 'csv' ? null : entry.date)
  })

  test('its licence, its package and its vendor are there', () => {
    if (entry.package !== undefined) {
      expect(dependencies[entry.package.name]).toBe(entry.package.version)
      expect(require(`${entry.package.name}/package.json`)).toMatchObject({ version: entry.package.version })
      expect(licences).toContain(`\`${entry.package.name}\``)
      expect(entry.package.version).toMatch(/^\d+\.\d+\.\d+$/)
      expect(entry.licence).toBe('CC BY 4.0')
    } else expect(entry.licence).toBe('none stated (facts)')
    if (entry.licence.startsWith('CC BY')) expect(entry.attribution).toMatch(/https:\/\//)
    if (entry.vendor !== undefined) expect(findVendorFile(entry.vendor).file.name).toBe(entry.vendor)
  })
})

test('every table in geoip/ is in the manifest, and the other way round', () => {
  const own = manifest.filter((entry) => entry.package === undefined).flatMap(({ files }) => files.map(({ file }) => file))
  const operators = readdirSync(new URL('geoip/operators/', root)).map((name) => `operators/${name}`)
  expect(operators.length).toBeGreaterThan(7)
  expect(own.sort()).toEqual(['anycast.csv', ...operators].sort())
})

test('a file that is not the one in the manifest is refused', async () => {
  const [entry] = manifest
  if (entry === undefined) throw new Error('the manifest is empty')
  await expect(readFiles({ ...specOf(entry), expected: ['0'.repeat(64)] })).rejects.toThrow(
    /dbip-country\.mmdb: not the file that was meant: its SHA-256 is [0-9a-f]{64}, not 0{64}/,
  )
})

test('a package that is not installed is named', () => {
  const [entry] = manifest
  if (entry === undefined) throw new Error('the manifest is empty')
  const open = () => specOf({ ...entry, package: { name: '@ringfence/no-such-package', version: '1.2.3' } })
  expect(open).toThrow(GeoSourceError)
  expect(open).toThrow(
    /^@ringfence\/no-such-package\/dbip-country\.mmdb: not found; is the npm package @ringfence\/no-such-package 1\.2\.3 installed\?$/,
  )
})

test('a file that is gone from geoip/ is named', async () => {
  const entry = manifest.find(({ package: from }) => from === undefined)
  if (entry === undefined) throw new Error('nothing stands in geoip/')
  const files = entry.files.map((each) => ({ ...each, file: 'operators/gone.csv' }))
  await expect(readFiles(specOf({ ...entry, files }))).rejects.toThrow(/operators\/gone\.csv: there is no such file$/)
})

test('no two sources share a name, and each authority is a publisher with networks of its own', async () => {
  expect(new Set(manifest.map(({ name }) => name)).size).toBe(manifest.length)
  const publishers = await loadPublishers()
  for (const { role, publisher = '' } of manifest) {
    if (role === 'authority') expect(publishers.get(publisher)?.asns.size).toBeGreaterThan(0)
  }
})
