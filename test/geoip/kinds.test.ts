import { describe, expect, test } from 'vitest'
import { geoSourceSchema, sourceKinds, withPaths } from '../../src/geoip/kinds.ts'

const parse = (settings: unknown) => geoSourceSchema.parse(settings)
const specs = (settings: unknown) => {
  const parsed = parse(settings)
  return sourceKinds[parsed.type].specs(parsed)
}

test('"embedded" is short for a source of that type', () => {
  expect(parse('embedded')).toEqual({ type: 'embedded' })
})

test('each kind stands for a source, called after its file unless it says otherwise', async () => {
  expect(await specs({ type: 'mmdb', path: '/data/GeoLite2-Country.mmdb', role: 'witness' })).toMatchObject([
    { name: 'GeoLite2-Country', role: 'witness', format: 'mmdb', files: ['/data/GeoLite2-Country.mmdb'], vendor: null },
  ])
  expect(await specs({ type: 'mmdb', vendor: 'GeoLite2-Country', role: 'voter', account: '7', key: { env: 'KEY' } })).toMatchObject([
    { name: 'GeoLite2-Country', files: [], vendor: { file: 'GeoLite2-Country', account: '7', key: { env: 'KEY' } } },
  ])
  expect(await specs({ type: 'csv', path: ['/a4.csv', '/a6.csv'], role: 'asn', name: 'AS', date: '2026-01-02' })).toMatchObject([
    { name: 'AS', role: 'asn', format: 'csv', files: ['/a4.csv', '/a6.csv'], date: '2026-01-02' },
  ])
  expect(await specs({ type: 'geofeed', path: '/f.csv', role: 'authority', publisher: 'vultr' })).toMatchObject([
    { name: 'f', role: 'authority', format: 'geofeed', publisher: 'vultr' },
  ])
  expect(await specs({ type: 'cloud-ranges', path: '/ip-ranges.json', publisher: 'aws' })).toMatchObject([
    { name: 'ip-ranges', role: 'authority', format: 'cloud-ranges', publisher: 'aws' },
  ])
  expect(await specs({ type: 'override', places: { '8.8.8.0/24': 'DE' } })).toMatchObject([
    { name: 'override', role: 'override', format: 'override', files: [], places: { '8.8.8.0/24': 'DE' } },
  ])
})

test('embedded sources take another role, or none', async () => {
  const names = async (roles?: Readonly<Record<string, string>>) =>
    (await specs({ type: 'embedded', ...(roles && { roles }) })).map(({ name, role }) => `${name} ${role}`)
  const all = await names()
  expect(all).toContain('geo-whois-asn voter')
  const changed = await names({ 'geo-whois-asn': 'witness', Linode: 'off' })
  expect(changed).toContain('geo-whois-asn witness')
  expect(changed).toHaveLength(all.length - 1)
  await expect(names({ 'geo-whois': 'off' })).rejects.toThrow(/^geoip\.sources: no embedded source is called "geo-whois"/)
})

test('paths are relative to the settings file', () => {
  const within = (settings: unknown) => withPaths(parse(settings), (path) => `/etc/${path}`)
  expect(within({ type: 'mmdb', path: 'a.mmdb', role: 'voter' })).toMatchObject({ path: '/etc/a.mmdb' })
  expect(within({ type: 'mmdb', vendor: 'ipinfo-lite', role: 'voter', key: { file: 'k' } })).toMatchObject({ key: { file: '/etc/k' } })
  expect(within({ type: 'mmdb', vendor: 'ipinfo-lite', role: 'voter', key: { env: 'K' } })).toMatchObject({ key: { env: 'K' } })
  expect(within({ type: 'csv', path: ['a', 'b'], role: 'voter' })).toMatchObject({ path: ['/etc/a', '/etc/b'] })
  expect(within({ type: 'csv', path: 'a', role: 'voter' })).toMatchObject({ path: '/etc/a' })
  expect(within('embedded')).toEqual({ type: 'embedded' })
})

describe('faults', () => {
  test.each<[settings: unknown, at: string, says: RegExp]>([
    ['mmdb', '', /must be "embedded", or \{ type: mmdb/],
    [{ path: 'a.mmdb' }, '', /"type" is missing \(embedded, mmdb, csv, geofeed, cloud-ranges, override\)/],
    [{ type: 'cvs' }, 'type', /"cvs" is not one of .*, did you mean "csv"\?/],
    [{ type: 'mmdb', role: 'voter' }, 'path', /must be the path of a file \(or name a "vendor"/],
    [{ type: 'mmdb', path: 'a', vendor: 'ipinfo-lite', role: 'voter' }, 'path', /excludes "vendor"/],
    [{ type: 'mmdb', path: 'a.mmdb', role: 'authority' }, 'role', /./],
    [{ type: 'mmdb', vendor: 'GeoIP', role: 'voter' }, 'vendor', /./],
    [{ type: 'csv', path: [], role: 'voter' }, 'path', /./],
    [{ type: 'csv', path: 'a', role: 'voter', date: 'June' }, 'date', /must be a day, such as 2026-06-30/],
    [{ type: 'geofeed', path: 'a', role: 'authority' }, 'publisher', /must be said of an authority/],
    [{ type: 'cloud-ranges', path: 'a' }, 'publisher', /./],
    [{ type: 'override' }, 'places', /./],
    [{ type: 'embedded', path: 'a.mmdb' }, '', /./],
  ])('%j', (settings, at, says) => {
    const issues = geoSourceSchema.safeParse(settings).error?.issues ?? []
    expect(issues.map(({ path }) => path.join('.'))).toContain(at)
    expect(issues.map(({ message }) => message).join('\n')).toMatch(says)
  })
})
