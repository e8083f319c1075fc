/**
 * Who offers location data, where it is, how it is packed, and what its licence asks. A table; nothing here fetches. The
 * addresses are facts of the vendors' own documentation, as of November 2026. A key stands in a header, never in an
 * address, so that no log, redirect or error can show it.
 */
import type { NonEmpty } from '../model/brand.ts'
import { OperatorError } from '../model/errors.ts'
import type { Packing } from './unpack.ts'

/** What a request needs beside the table. */
export interface Access {
  /** Today, ISO 8601. */
  readonly today: string
  /** The user's account number and key, where the vendor has such. */
  readonly account: string | null
  readonly key: string | null
}

export interface Ask {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
}

/** Where a file is. */
export type Place =
  /** In order; the next one only where the one before is not found. */
  | { readonly kind: 'direct'; asks(access: Access): NonEmpty<Ask> }
  /** On a page that links to it, since its name changes. `null`: the page has no such link. */
  | { readonly kind: 'linked'; readonly page: URL; link(html: string): URL | null }

/** Where a file's SHA-256 is published. */
export interface Published {
  ask(access: Access): Ask
  /** Reads it from the answer, hex; `null` where it holds none. */
  read(text: string): string | null
}

export interface VendorFile {
  /** Unique among all vendors: `GeoLite2-Country`. */
  readonly name: string
  /** The name that it gets on our disk, unpacked. */
  readonly file: string
  /** The kind of source that reads it: `type:` in the settings. */
  readonly kind: 'mmdb' | 'cloud-ranges' | 'geofeed'
  readonly packing: Packing
  /** Largest download, and largest content, bytes. */
  readonly maxDownload: number
  readonly maxBytes: number
  readonly place: Place
  /** Of the file as it is downloaded, or `null`: not published. */
  readonly sha256: Published | null
}

export interface Need {
  readonly what: 'account' | 'key'
  /** The environment variable in which it is usually given. */
  readonly env: string
}

export interface Vendor {
  readonly id: string
  /** As shown to people. */
  readonly name: string
  readonly needs: readonly Need[]
  /** In one sentence. */
  readonly licence: string
  /** Where the key and the terms are to be had, or `null`. */
  readonly home: URL | null
  readonly files: NonEmpty<VendorFile>
}

const MIB = 1024 * 1024

const plainAsk = (url: string): Ask => ({ url: new URL(url), headers: {} })

const at = (url: string): Place => ({ kind: 'direct', asks: () => [plainAsk(url)] })

// --- databases --------------------------------------------------------------------------------------------------------

/** https://dev.maxmind.com/geoip/updating-databases: permalinks with Basic authentication, which redirect to signed ones. */
function maxmindFile(name: string): VendorFile {
  const ask = (suffix: string, { account, key }: Access): Ask => ({
    url: new URL(`https://download.maxmind.com/geoip/databases/${name}/download?suffix=${suffix}`),
    headers: { authorization: `Basic ${Buffer.from(`${account}:${key}`).toString('base64')}` },
  })
  return {
    name,
    file: `${name}.mmdb`,
    kind: 'mmdb',
    packing: 'tar.gz',
    maxDownload: 64 * MIB,
    maxBytes: 128 * MIB,
    place: { kind: 'direct', asks: (access) => [ask('tar.gz', access)] },
    sha256: { ask: (access) => ask('tar.gz.sha256', access), read: firstHash },
  }
}

/** https://ipinfo.io/developers: a bearer token; https://ipinfo.io/data/… redirects to a signed address of its CDN. */
function ipinfoAsk(path: string, { key }: Access): Ask {
  return { url: new URL(`https://ipinfo.io/data/${path}`), headers: { authorization: `Bearer ${key}` } }
}

/** Monthly files, published in the first days of the month: until then there is only the last one. */
function dbIpFile(what: string): VendorFile {
  const ask = (month: string) => plainAsk(`https://download.db-ip.com/free/dbip-${what}-lite-${month}.mmdb.gz`)
  return {
    name: `dbip-${what}-lite`,
    file: `dbip-${what}-lite.mmdb`,
    kind: 'mmdb',
    packing: 'gzip',
    maxDownload: 64 * MIB,
    maxBytes: 128 * MIB,
    place: { kind: 'direct', asks: ({ today }) => [ask(today.slice(0, 7)), ask(monthBefore(today))] },
    sha256: null,
  }
}

/** The month before that of an ISO day: `2026-01-31` → `2025-12`. */
export function monthBefore(day: string): string {
  const [year = 0, month = 0] = day.split('-').map(Number)
  return month === 1 ? `${year - 1}-12` : `${year}-${String(month - 1).padStart(2, '0')}`
}

/** Since 2026-06-18 the files of this project are assets of the releases "latest" and "checksum", replaced each day. */
function ipLocationDbFile(name: string): VendorFile {
  const releases = 'https://github.com/sapics/ip-location-db/releases/download'
  return {
    name,
    file: `${name}.mmdb`,
    kind: 'mmdb',
    packing: 'plain',
    maxDownload: 128 * MIB,
    maxBytes: 128 * MIB,
    place: at(`${releases}/latest/${name}.mmdb`),
    sha256: { ask: () => plainAsk(`${releases}/checksum/${name}.mmdb.sha256`), read: firstHash },
  }
}

/** The first SHA-256 in a text: the form of `sha256sum`, or JSON. Never throws. */
export const firstHash = (text: string): string | null => /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/i.exec(text)?.[0].toLowerCase() ?? null

// --- what operators publish -------------------------------------------------------------------------------------------

const published = (name: string, file: string, kind: VendorFile['kind'], place: Place): VendorFile => ({
  name,
  file,
  kind,
  packing: 'plain',
  maxDownload: 32 * MIB,
  maxBytes: 32 * MIB,
  place,
  sha256: null,
})

const azure = (name: string, page: string, cloud: AzureCloud): VendorFile =>
  published(name, `${name}.json`, 'cloud-ranges', { kind: 'linked', page: new URL(page), link: (html) => azureLink(html, cloud) })

export type AzureCloud = 'Public' | 'China'

/**
 * The newest service tags that a page of Microsoft's download centre links to, or `null`. Their name holds their date.
 * Only Microsoft's own download host counts, whatever else the page says. Never throws.
 */
export function azureLink(html: string, cloud: AzureCloud): URL | null {
  // In scripts the page writes slashes as \/ or as \u002F.
  const text = html.replace(/\\u002f/gi, '/').replaceAll('\\/', '/')
  const links = [...text.matchAll(/https:\/\/download\.microsoft\.com\/download\/[\w./-]{1,200}?\/ServiceTags_(\w{1,20})_(\d{8})\.json/g)]
  const newest = links
    .filter((link) => link[1] === cloud)
    .sort((a, b) => (a[2] ?? '').localeCompare(b[2] ?? ''))
    .at(-1)
  return newest === undefined ? null : new URL(newest[0])
}

const operator = (id: string, name: string, file: VendorFile): Vendor => ({
  id,
  name,
  needs: [],
  licence: 'Published by the operator about its own addresses; no licence stated.',
  home: null,
  files: [file],
})

// --- the table --------------------------------------------------------------------------------------------------------

export const vendors: readonly Vendor[] = [
  {
    id: 'maxmind',
    name: 'MaxMind GeoLite2',
    needs: [
      { what: 'account', env: 'MAXMIND_ACCOUNT_ID' },
      { what: 'key', env: 'MAXMIND_LICENSE_KEY' },
    ],
    licence:
      'GeoLite2 End User License Agreement: attribution; old versions are to be destroyed within 30 days of a new one; no redistribution.',
    home: new URL('https://www.maxmind.com/en/geolite2/signup'),
    files: [maxmindFile('GeoLite2-Country'), maxmindFile('GeoLite2-ASN')],
  },
  {
    id: 'ipinfo',
    name: 'IPinfo Lite',
    needs: [{ what: 'key', env: 'IPINFO_TOKEN' }],
    licence: 'CC BY-SA 4.0: attribution to IPinfo with a link.',
    home: new URL('https://ipinfo.io/lite'),
    files: [
      {
        name: 'ipinfo-lite',
        file: 'ipinfo-lite.mmdb',
        kind: 'mmdb',
        packing: 'plain',
        maxDownload: 256 * MIB,
        maxBytes: 256 * MIB,
        place: { kind: 'direct', asks: (access) => [ipinfoAsk('ipinfo_lite.mmdb', access)] },
        sha256: { ask: (access) => ipinfoAsk('ipinfo_lite.mmdb/checksums', access), read: firstHash },
      },
    ],
  },
  {
    id: 'db-ip',
    name: 'DB-IP Lite',
    needs: [],
    licence: 'CC BY 4.0: pages that show results carry a link to https://db-ip.com.',
    home: new URL('https://db-ip.com/db/lite.php'),
    files: [dbIpFile('country'), dbIpFile('asn')],
  },
  {
    id: 'ip-location-db',
    name: 'ip-location-db',
    needs: [],
    licence: 'PDDL 1.0 (public domain).',
    home: new URL('https://github.com/sapics/ip-location-db'),
    files: [ipLocationDbFile('server-country'), ipLocationDbFile('origin-asn')],
  },
  operator(
    'aws',
    'Amazon Web Services',
    published('aws', 'aws.json', 'cloud-ranges', at('https://ip-ranges.amazonaws.com/ip-ranges.json')),
  ),
  operator(
    'google-cloud',
    'Google Cloud',
    published('google-cloud', 'google-cloud.json', 'cloud-ranges', at('https://www.gstatic.com/ipranges/cloud.json')),
  ),
  operator('azure', 'Microsoft Azure', azure('azure', 'https://www.microsoft.com/en-us/download/details.aspx?id=56519', 'Public')),
  operator(
    'azure-china',
    'Microsoft Azure China',
    azure('azure-china', 'https://www.microsoft.com/en-us/download/details.aspx?id=57062', 'China'),
  ),
  operator(
    'oracle',
    'Oracle Cloud',
    published('oracle', 'oracle.json', 'cloud-ranges', at('https://docs.oracle.com/en-us/iaas/tools/public_ip_ranges.json')),
  ),
  operator(
    'digitalocean',
    'DigitalOcean',
    published('digitalocean', 'digitalocean.csv', 'geofeed', at('https://www.digitalocean.com/geo/google.csv')),
  ),
  operator('linode', 'Linode', published('linode', 'linode.csv', 'geofeed', at('https://geoip.linode.com/'))),
]

/** Among how many bytes the page or the checksum must be. */
export const MAX_TEXT = 4 * MIB

export const findVendor = (id: string): Vendor | undefined => vendors.find((vendor) => vendor.id === id)

/** Throws OperatorError for a name that no vendor has. */
export function findVendorFile(name: string): { readonly vendor: Vendor; readonly file: VendorFile } {
  for (const vendor of vendors) {
    const file = vendor.files.find((each) => each.name === name)
    if (file !== undefined) return { vendor, file }
  }
  throw new OperatorError(`no vendor offers a file "${name}"`)
}
