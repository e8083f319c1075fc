import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CloudFormat, parseCloudAnycast, parseCloudRanges } from '../../src/geoip/cloud-ranges.ts'
import { parseRegions, type RegionTable } from '../../src/geoip/regions.ts'
import { cidr } from '../../src/model/cidr.ts'
import { valueAt } from './look-up.ts'
import { ip } from './support.ts'

const regions: RegionTable = {
  countries: parseRegions('region,country,city,source,date\nnorth-1,SE,,s,d\nsouth-1,IT,,s,d\n'),
  doubted: [cidr('203.0.113.0/24')],
}

/** One network in north-1, one in a region that the table lacks, one that is doubted; in each operator's format. */
const networks = [
  ['192.0.2.0/24', 'north-1'],
  ['198.51.100.0/24', 'new-1'],
  ['203.0.113.0/24', 'south-1'],
] as const

type Networks = readonly (readonly [string, string])[]

const azureFile = (cloud: string) => (of: Networks) => ({
  cloud,
  values: of.map(([prefix, region]) => ({ name: `AzureCloud.${region}`, properties: { region, addressPrefixes: [prefix] } })),
})

const files: Readonly<Record<CloudFormat, (of: Networks) => object>> = {
  aws: (of) => ({
    prefixes: of.map(([ip_prefix, region]) => ({ ip_prefix, region, service: 'AMAZON', network_border_group: region })),
    ipv6_prefixes: [],
  }),
  google: (of) => ({ prefixes: of.map(([ipv4Prefix, scope]) => ({ ipv4Prefix, scope })) }),
  azure: azureFile('Public'),
  'azure-china': azureFile('China'),
  oracle: (of) => ({ regions: of.map(([cidr, region]) => ({ region, cidrs: [{ cidr }] })) }),
}

const formats = Object.keys(files) as readonly CloudFormat[]

const bytesOf = (json: unknown): Buffer => Buffer.from(JSON.stringify(json))

test.each(formats)('%s: networks get the country of their region; what the table lacks is reported and gets none', (format) => {
  const { says, v4, v6, warnings } = parseCloudRanges(bytesOf(files[format](networks)), format, regions)
  if (says.kind !== 'places') throw new Error(says.kind)
  expect(['192.0.2.1', '198.51.100.1', '203.0.113.1'].map((text) => says.list[valueAt(ip(text), v4, v6) - 1])).toEqual([
    { country: 'SE', detail: 'north-1' },
    undefined,
    undefined,
  ])
  expect(warnings).toEqual(['region "new-1" is not in the table of regions: 1 prefix has no place'])
})

test.each(formats)('%s: a mark before the text is not part of it', (format) => {
  const bytes = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytesOf(files[format](networks))])
  expect(parseCloudRanges(bytes, format, regions).warnings).toHaveLength(1)
})

test.each(formats.flatMap((wanted) => formats.filter((given) => given !== wanted).map((given) => [wanted, given] as const)))(
  'a file for %s that is one of %s is refused by what it looks like',
  (wanted, given) => {
    const named = { aws: 'of AWS', google: 'of Google', azure: 'Azure|Public', 'azure-china': 'Azure|China', oracle: 'of Oracle' }[given]
    expect(() => parseCloudRanges(bytesOf(files[given](networks)), wanted, regions)).toThrow(new RegExp(named))
    expect(() => parseCloudAnycast(bytesOf(files[given](networks)), wanted)).toThrow(new RegExp(named))
  },
)

test.each([
  ['', 'it is empty'],
  ['<!DOCTYPE html>', 'it is not the ip-ranges.json of AWS: it looks like a web page'],
  ['192.0.2.0/24,US,,', 'it is not the ip-ranges.json of AWS: it looks like text that is not JSON'],
  ['{"prefixes": [{"ip_prefix": "192.', 'it is JSON that is damaged or cut off'],
  ['[]', 'the file: '],
  ['{"prefixes": [], "ipv6_prefixes": []}', 'none of its 0 prefixes is in a region that is known'],
])('what is no publication is refused with the reason: %j', (text, message) => {
  expect(() => parseCloudRanges(Buffer.from(text), 'aws', regions)).toThrow(message)
})

test('a prefix that is said to be in two regions has no place', () => {
  const { v4, v6, warnings } = parseCloudRanges(
    bytesOf(files.azure([...networks, ['192.0.2.0/24', 'south-1'], ['192.0.2.0/25', 'south-1']])),
    'azure',
    regions,
  )
  expect([valueAt(ip('192.0.2.200'), v4, v6), valueAt(ip('192.0.2.1'), v4, v6)]).toEqual([0, 2])
  expect(warnings.at(-1)).toBe('1 prefix is said to be in two regions and get no place: 192.0.2.0/24')
})

const entry = fc.tuple(
  fc.constantFrom('192.0.2.0/24', '192.0.2.0/25', '192.0.2.7', '198.51.100.0/24', '0.0.0.0/0'),
  fc.constantFrom('north-1', 'south-1', 'new-1', 'new-2', 'GLOBAL'),
)

test.each(formats)('%s: the order of the entries never matters', (format) => {
  const outcome = (of: Networks) => {
    try {
      return parseCloudRanges(bytesOf(files[format](of)), format, regions)
    } catch (error) {
      return String(error)
    }
  }
  const shuffled = fc.array(entry).chain((of) => fc.tuple(fc.constant(of), fc.shuffledSubarray(of, { minLength: of.length })))
  fc.assert(
    fc.property(shuffled, ([of, other]) => {
      expect(outcome(other)).toEqual(outcome(of))
    }),
  )
})

test.each(formats)('%s: any bytes and any JSON are read or refused with an Error', (format) => {
  const whole = bytesOf(files[format](networks))
  const parts = JSON.parse(whole.toString()) as object
  const bytes = fc.oneof(
    fc.uint8Array().map((some) => Buffer.from(some)),
    fc.json().map((text) => Buffer.from(text)),
    fc.nat(whole.length).map((length) => whole.subarray(0, length)),
    // One part of a good file, replaced by anything.
    fc.tuple(fc.constantFrom(...Object.keys(parts)), fc.jsonValue()).map(([part, value]) => bytesOf({ ...parts, [part]: value })),
  )
  fc.assert(
    fc.property(bytes, (some) => {
      for (const parse of [parseCloudRanges, parseCloudAnycast]) {
        try {
          parse(some, format, regions)
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
          expect(error).not.toBeInstanceOf(TypeError)
        }
      }
    }),
  )
})
