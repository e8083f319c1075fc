import { describe, expect, test } from 'vitest'
import { readManifest, specOf } from '../../src/geoip/embedded.ts'
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

test('embedded stands for the list that comes with Ringfence, in its order', async () => {
  const shipped = (await readManifest()).map(specOf)
  expect(await specs('embedded')).toEqual(shipped)
  expect(await specs({ type: 'embedded', roles: {} })).toEqual(shipped)
})

describe('roles of embedded sources', () => {
  const names = async (roles?: Readonly<Record<string, string>>) =>
    (await specs({ type: 'embedded', ...(roles && { roles }) })).map(({ name, role }) => `${name} ${role}`)

  test('another one, or none', async () => {
    const all = await names()
    expect(all).toContain('geo-whois-asn voter')
    const changed = await names({ 'geo-whois-asn': 'witness', Linode: 'off', AWS: 'voter', 'anycast list': 'off' })
    expect(changed).toEqual(
      all
        .map((each) => each.replace('geo-whois-asn voter', 'geo-whois-asn witness').replace('AWS authority', 'AWS voter'))
        .filter((each) => !each.startsWith('Linode') && !each.startsWith('anycast list')),
    )
  })

  test('a name that no source has', async () => {
    await expect(names({ 'geo-whois': 'off' })).rejects.toThrow(
      /^geoip\.sources: no embedded source is called "geo-whois"(, did you mean "geo-whois-asn"\?)? \(they are DB-IP Lite, geo-whois-asn, AWS, .*\)$/,
    )
    await expect(names({ 'DB-IP lite': 'off' })).rejects.toThrow('is called "DB-IP lite", did you mean "DB-IP Lite"? (they are')
  })

  test.each([
    ['AWS', 'asn', 'where addresses are'],
    ['DB-IP Lite', 'anycast', 'where addresses are'],
    ['RIR registrations', 'anycast', 'where addresses are'],
    ['AS names', 'voter', 'whose network an address is in'],
    ['anycast list', 'voter', 'which addresses are in many places'],
  ])('%s says nothing that could be of role %s', async (name, role, what) => {
    await expect(names({ [name]: role })).rejects.toThrow(`geoip.sources: "${name}" says ${what}, so its role can't be "${role}"`)
  })
})

test('paths are relative to the settings file', () => {
  const within = (settings: unknown) => withPaths(parse(settings), (path) => `/etc/${path}`)
  expect(within({ type: 'mmdb', path: 'a.mmdb', role: 'voter' })).toMatchObject({ path: '/etc/a.mmdb' })
  expect(within({ type: 'mmdb', vendor: 'ipinfo-lite', role: 'voter', key: { file: 'k' } })).toMatchObject({ key: { file: '/etc/k' } })
  expect(within({ type: 'mmdb', vendor: 'ipinfo-lite', role: 'voter', key: { env: 'K' } })).toMatchObject({ key: { env: 'K' } })
  expect(within({ type: 'csv', path: ['a', 'b'], role: 'voter' })).toMatchObject({ path: ['/etc/a', '/etc/b'] })
  expect(within({ type: 'csv', path: 'a', role: 'voter' })).toMatchObject({ path: '/etc/a' })
  expect(within({ type: 'geofeed', path: 'a', role: 'voter' })).toMatchObject({ path: '/etc/a' })
  expect(within({ type: 'cloud-ranges', path: 'a', publisher: 'aws' })).toMatchObject({ path: '/etc/a' })
  expect(within({ type: 'override', places: { '8.8.8.0/24': 'DE' } })).toEqual({ type: 'override', places: { '8.8.8.0/24': 'DE' } })
  expect(within('embedded')).toEqual({ type: 'embedded' })
})

describe('faults', () => {
  test.each<[settings: unknown, ...faults: string[]]>([
    ['mmdb', ': must be "embedded", or { type: mmdb, path: a file, role: voter or witness }'],
    [{ path: 'a.mmdb' }, ': "type" is missing (embedded, mmdb, csv, geofeed, cloud-ranges, override)'],
    [{ type: 'cvs' }, 'type: "cvs" is not one of embedded, mmdb, csv, geofeed, cloud-ranges, override, did you mean "csv"?'],
    [{ type: 'embedded', roles: [] }, 'roles: must be a set of names, each with a role'],
    [{ type: 'mmdb', role: 'voter' }, 'path: must be the path of a file (or name a "vendor" whose file is downloaded)'],
    [{ type: 'mmdb', path: '', role: 'voter' }, 'path: must be the path of a file'],
    [{ type: 'mmdb', path: 'a', vendor: 'ipinfo-lite', role: 'voter' }, 'path: excludes "vendor": a file is either yours or downloaded'],
    [
      { type: 'mmdb', path: 'a', role: 'voter', account: '7', key: { env: 'K' } },
      'account: belongs to a "vendor": nothing else is downloaded',
      'key: belongs to a "vendor": nothing else is downloaded',
    ],
    [
      { type: 'mmdb', vendor: 'ipinfo-lite', role: 'voter', key: 's3cret' },
      'key: must be { file: a path } or { env: the name of a variable }: a key never stands here itself',
    ],
    [{ type: 'csv', role: 'voter' }, 'path: must be the path of a file, or a list of such'],
    [{ type: 'csv', path: [], role: 'voter' }, 'path: must have at least one entry'],
    [{ type: 'csv', path: ['a', ''], role: 'voter' }, 'path.1: must be the path of a file'],
    [{ type: 'csv', path: 'a', role: 'voter', date: 'June' }, 'date: must be a day, such as 2026-06-30'],
    [{ type: 'csv', path: 'a', role: 'voter', date: '2026-02-30' }, 'date: must be a day, such as 2026-06-30'],
    [{ type: 'csv', path: 'a', role: 'voter', name: ' ' }, 'name: must not be empty'],
    [{ type: 'csv', path: 'a', role: 'voter', name: 'n'.repeat(61) }, 'name: must have at most 60 characters'],
    [{ type: 'csv', path: 'a', role: 'voter', attribution: 'n'.repeat(201) }, 'attribution: must have at most 200 characters'],
    [{ type: 'geofeed', path: 'a', role: 'authority' }, 'publisher: must be said of an authority (one of geoip/publishers.json)'],
    [{ type: 'cloud-ranges', path: 'a' }, 'publisher: must be one of geoip/publishers.json'],
    [{ type: 'override' }, 'places: must be a set of prefixes, each with a country'],
    [{ type: 'override', places: {} }, 'places: it names no prefix'],
    [
      { type: 'override', places: { '8.8.8.0/24': 'Germany', '8.8.8.8/24': 'DE' } },
      'places: "8.8.8.0/24": "Germany" is not a country code, did you mean "DE"?',
      'places: "8.8.8.8/24" has bits set beyond its length, did you mean "8.8.8.0/24"?',
    ],
  ])('%j', (settings, ...faults) => {
    expect(faultsOf(settings).map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual(faults)
  })

  // Their wording is that of the settings file (config/golden), where the options are listed.
  test.each<[settings: unknown, at: string]>([
    [{ type: 'mmdb', path: 'a.mmdb' }, 'role'],
    [{ type: 'mmdb', path: 'a.mmdb', role: 'authority' }, 'role'],
    [{ type: 'mmdb', path: 'a.mmdb', role: 'judge' }, 'role'],
    [{ type: 'mmdb', vendor: 'GeoIP', role: 'voter' }, 'vendor'],
    [{ type: 'csv', path: 'a', role: 'override' }, 'role'],
    [{ type: 'geofeed', path: 'a', role: 'registry' }, 'role'],
    [{ type: 'cloud-ranges', path: 'a', publisher: 'aws', role: 'asn' }, 'role'],
    [{ type: 'override', places: { '8.8.8.0/24': 7 } }, 'places.8.8.8.0/24'],
    [{ type: 'embedded', roles: { AWS: 'authority' } }, 'roles.AWS'],
    [{ type: 'embedded', path: 'a.mmdb' }, ''],
    [7, ''],
  ])('%j at %s', (settings, at) => expect(faultsOf(settings).map(({ path }) => path.join('.'))).toEqual([at]))
})

const faultsOf = (settings: unknown) => geoSourceSchema.safeParse(settings).error?.issues ?? []
