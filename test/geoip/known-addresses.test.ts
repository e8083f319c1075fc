/** Known addresses on the embedded set: what each source says of them, and what follows. */
import { beforeAll, expect, test } from 'vitest'
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

// What the packages of June 2026 say. The AS of an address that nobody
// announced is not known; there an authority does not count, and the voters decide (AWS cn-north-1).
const known = `
  address               | who                    | DB-IP | whois | possible | best | certainty | stated | registry | AS     | home
  170.114.1.1           | Zoom                   | US    | US    | US       | US   | agreed    | -      | US       | 14618  | US
  206.247.1.1           | Zoom                   | US    | US    | US       | US   | agreed    | -      | US       | 30103  | US
  64.211.144.1          | Zoom                   | US    | US    | US       | US   | agreed    | -      | US       | 30103  | US
  147.124.96.1          | Zoom; GeoLite2 says JP | US    | US    | US       | US   | agreed    | -      | US       | 30103  | US
  3.7.35.1              | Zoom in AWS Mumbai     | IN    | IN    | IN       | IN   | agreed    | AWS    | US       | 16509  | US
  52.81.151.250         | AWS Beijing            | CN    | CN    | CN       | CN   | agreed    | AWS    | CN       | 55960  | CN
  52.81.151.130         | AWS Beijing            | CN    | CN    | CN       | CN   | agreed    | AWS    | CN       | 55960  | CN
  221.122.88.66         | in China Unicom        | CN    | CN    | CN       | CN   | agreed    | -      | CN       | 4808   | CN
  18.162.0.1            | AWS Hong Kong          | HK    | CN    | HK       | HK   | agreed    | AWS    | US       | 16509  | US
  52.61.100.130         | AWS GovCloud           | US    | US    | US       | US   | agreed    | AWS    | US       | 8987   | US
  47.74.128.1           | Alibaba Singapore      | SG    | US    | SG/US    | SG   | disputed  | -      | US       | 45102  | CN
  8.219.0.1             | Alibaba Singapore      | SG    | SG    | SG       | SG   | agreed    | -      | SG       | 45102  | CN
  161.117.0.1           | Alibaba Singapore      | SG    | SG    | SG       | SG   | agreed    | -      | SG       | 45102  | CN
  43.134.0.1            | Tencent Singapore      | SG    | SG    | SG       | SG   | agreed    | -      | SG       | 132203 | CN
  43.156.1.1            | Tencent Singapore      | SG    | SG    | SG       | SG   | agreed    | -      | SG       | 132203 | CN
  119.28.1.1            | Tencent Hong Kong      | HK    | HK    | HK       | HK   | agreed    | -      | CN       | 132203 | CN
  71.18.247.1           | TikTok                 | SG    | US    | SG/US    | SG   | disputed  | -      | US       | 138699 | CN
  101.45.192.1          | TikTok                 | AR    | US    | AR/US    | AR   | disputed  | -      | US       | 138699 | CN
  71.18.0.1             | ByteDance              | US    | US    | US       | US   | agreed    | -      | US       | 396986 | CN
  5.255.255.70          | Yandex                 | RU    | RU    | RU       | RU   | agreed    | -      | RU       | 13238  | RU
  77.88.8.8             | Yandex DNS             | RU    | RU    | RU       | RU   | agreed    | -      | RU       | 13238  | RU
  8.8.8.8               | Google DNS             | US    | US    | US       | US   | anycast   | -      | US       | 15169  | US
  1.1.1.1               | Cloudflare DNS         | AU    | AU    | AU       | AU   | anycast   | -      | AU       | 13335  | US
  9.9.9.9               | Quad9                  | US    | US    | US       | US   | anycast   | -      | US       | 19281  | CH
  104.16.1.1            | Cloudflare             | CA    | US    | CA/US    | CA   | anycast   | -      | US       | 13335  | US
  198.41.0.4            | a root server          | US    | US    | US       | US   | anycast   | -      | US       | 397203 | US
  2600:1f18::1          | AWS us-east-1          | US    | US    | US       | US   | agreed    | AWS    | US       | 14618  | US
  2400:7fc0:4000::1     | AWS cn-north-1         | CN    | CN    | CN       | CN   | agreed    | -      | CN       | -      | -
  2a02:6b8:c00::1       | Yandex                 | RU    | RU    | RU       | RU   | agreed    | -      | RU       | 13238  | RU
  2406:da1a::1          | AWS ap-south-1         | IN    | IN    | IN       | IN   | agreed    | AWS    | US       | 16509  | US
  240e:e1:8100:28::2:16 | China Telecom          | CN    | CN    | CN       | CN   | agreed    | -      | CN       | 4134   | CN
  2001:4860:4860::8888  | Google DNS             | CA    | US    | CA/US    | CA   | anycast   | -      | US       | 15169  | US
  2606:4700:4700::1111  | Cloudflare DNS         | CA    | US    | CA/US    | CA   | anycast   | -      | US       | 13335  | US
  10.0.0.1              | a LAN                  | -     | -     | -        | -    | local     | -      | -        | -      | -
  ::1                   | this machine           | -     | -     | -        | -    | local     | -      | -        | -      | -`

const rows = known
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split('|').map((cell) => cell.trim()))

test.each(rows)('%s (%s)', (address = '', _who = '', ...expected) => {
  const location = table.locate(ip(address))
  const by = (name: string) => location.answers.find(({ source }) => source === name)?.country
  const { possible, best, stated, registry, network } = location
  const found = [by('DB-IP Lite'), by('geo-whois-asn'), possible.join('/') || null, best, certaintyOf(location), stated, registry]
  expect([...found, network?.asn, network?.company?.home].map((cell) => String(cell ?? '-'))).toEqual(expected)
})

test('AWS Hong Kong: each source keeps its own answer, the operator’s with its word for the place', () => {
  expect(table.locate(ip('18.162.0.1')).answers).toEqual([
    { source: 'DB-IP Lite', country: 'HK' },
    { source: 'geo-whois-asn', country: 'CN' },
    { source: 'AWS', country: 'HK', detail: 'ap-east-1' },
  ])
})

test('TikTok’s home is contested, and is not where its AS is registered', () => {
  expect(table.locate(ip('101.45.192.1')).network).toMatchObject({
    name: 'TIKTOK PTE. LTD.',
    company: { name: 'ByteDance', home: 'CN', contested: expect.stringMatching(/Cayman/) },
  })
})

test('IPv4 written as IPv6 is the same address', () => {
  expect(table.locate(ip('::ffff:52.81.151.250'))).toEqual(table.locate(ip('52.81.151.250')))
})
