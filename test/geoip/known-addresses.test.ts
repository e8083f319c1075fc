/** Known addresses on the embedded set: what each source says of them, and what follows. */
import { beforeAll, describe, expect, test } from 'vitest'
import { shippedCompanies } from '../../src/config/companies.ts'
import { buildTable } from '../../src/geoip/build.ts'
import { type GeoTable, planSources, tableOf } from '../../src/geoip/index.ts'
import { decodeTable } from '../../src/geoip/table-file.ts'
import { certaintyOf } from '../../src/model/location.ts'
import { ip } from './support.ts'

let table: GeoTable
beforeAll(async () => {
  const { key, data } = decodeTable(await buildTable(await planSources([{ type: 'embedded' }])))
  table = tableOf(key, data, shippedCompanies())
})

function known(address: string) {
  const location = table.locate(ip(address))
  const { answers, possible, best, stated, registry, network } = location
  const by = (name: string) => answers.find(({ source }) => source === name)?.country ?? null
  return {
    dbip: by('DB-IP Lite'),
    whois: by('geo-whois-asn'),
    possible: possible.join(' '),
    best,
    certainty: certaintyOf(location),
    stated,
    registry,
    asn: network?.asn ?? null,
    home: network?.company?.home ?? null,
  }
}

type Known = Partial<Record<keyof ReturnType<typeof known>, unknown>>

// Measured in November 2026 with the packages of June 2026; the AS and what each database says are facts of those.
test.each<[address: string, who: string, what: Known]>([
  ['170.114.1.1', 'Zoom', { dbip: 'US', whois: 'US', best: 'US', certainty: 'agreed', home: 'US' }],
  ['206.247.1.1', 'Zoom', { possible: 'US', asn: 30103, home: 'US' }],
  ['147.124.96.1', 'Zoom, in Japan to GeoLite2', { dbip: 'US', whois: 'US', asn: 30103 }],
  ['3.7.35.1', 'Zoom in AWS Mumbai', { dbip: 'IN', whois: 'IN', possible: 'IN', stated: 'AWS', registry: 'US', asn: 16509 }],
  ['52.81.151.250', 'AWS Beijing', { dbip: 'CN', whois: 'CN', possible: 'CN', stated: 'AWS', asn: 55960, home: 'CN' }],
  ['221.122.88.66', 'Zoom in China Unicom', { possible: 'CN', certainty: 'agreed', asn: 4808, home: 'CN' }],
  [
    '18.162.0.1',
    'AWS Hong Kong, which geo-whois-asn puts in China',
    { dbip: 'HK', whois: 'CN', possible: 'HK', best: 'HK', certainty: 'agreed', stated: 'AWS' },
  ],
  ['52.61.100.130', 'AWS GovCloud', { possible: 'US', asn: 8987 }],
  [
    '47.74.128.1',
    'Alibaba Singapore',
    { dbip: 'SG', whois: 'US', possible: 'SG US', best: 'SG', certainty: 'disputed', asn: 45102, home: 'CN' },
  ],
  ['8.219.0.1', 'Alibaba Singapore', { possible: 'SG', asn: 45102, home: 'CN' }],
  ['43.134.0.1', 'Tencent Singapore', { possible: 'SG', asn: 132203, home: 'CN' }],
  ['119.28.1.1', 'Tencent Hong Kong', { possible: 'HK', registry: 'CN', asn: 132203, home: 'CN' }],
  ['71.18.247.1', 'TikTok', { dbip: 'SG', whois: 'US', certainty: 'disputed', asn: 138699, home: 'CN' }],
  ['101.45.192.1', 'TikTok', { dbip: 'AR', whois: 'US', possible: 'AR US', asn: 138699, home: 'CN' }],
  ['71.18.0.1', 'ByteDance', { possible: 'US', asn: 396986, home: 'CN' }],
  ['5.255.255.70', 'Yandex', { possible: 'RU', asn: 13238, home: 'RU' }],
  ['77.88.8.8', 'Yandex DNS', { possible: 'RU', home: 'RU' }],
  ['8.8.8.8', 'Google DNS', { possible: 'US', certainty: 'anycast', asn: 15169, home: 'US' }],
  ['1.1.1.1', 'Cloudflare DNS', { dbip: 'AU', whois: 'AU', certainty: 'anycast', asn: 13335, home: 'US' }],
  ['9.9.9.9', 'Quad9', { certainty: 'anycast', asn: 19281 }],
  ['104.16.1.1', 'Cloudflare', { dbip: 'CA', whois: 'US', certainty: 'anycast', asn: 13335 }],
  ['198.41.0.4', 'a root server', { certainty: 'anycast' }],
  ['2600:1f18::1', 'AWS us-east-1', { possible: 'US' }],
  ['2400:7fc0:4000::1', 'AWS cn-north-1', { possible: 'CN' }],
  ['2a02:6b8:c00::1', 'Yandex', { possible: 'RU' }],
  ['2406:da1a::1', 'AWS ap-south-1', { possible: 'IN' }],
  ['240e:e1:8100:28::2:16', 'China Telecom', { possible: 'CN', home: 'CN' }],
  ['10.0.0.1', 'a LAN', { certainty: 'local', possible: '', asn: null }],
])('%s (%s)', (address, _, what) => expect(known(address)).toMatchObject(what))

describe('homes', () => {
  test('TikTok’s is contested, and is not where its AS is registered', () => {
    expect(table.locate(ip('101.45.192.1')).network?.company).toMatchObject({ home: 'CN', contested: expect.stringMatching(/\S/) })
  })
})
