import { expect, test } from 'vitest'
import { azure, azureChina } from '../../../src/geoip/cloud-ranges/azure.ts'
import { cidr } from '../../../src/model/cidr.ts'

const tag = (name: string, region: string, addressPrefixes: readonly string[]) => ({
  name,
  id: name,
  properties: { changeNumber: 1, region, addressPrefixes },
})

const file = (cloud: string) => ({
  changeNumber: 396,
  cloud,
  values: [
    tag('AzureCloud', '', ['192.0.2.0/24', '198.51.100.0/24']),
    tag('AzureCloud.switzerlandnorth', 'switzerlandn', ['192.0.2.0/24', '2001:db8:4000::/34']),
    tag('AzureCloud.EastAsia', '', ['198.51.100.0/24']),
    tag('Storage.SwitzerlandNorth', 'switzerlandn', ['192.0.2.16/28']),
    tag('AzureFrontDoor.Frontend', '', [
      '203.0.113.0/24',
      '203.0.112.8/29',
      '192.0.2.0/24',
      '2001:db8:8000::/48',
      '2001:db8:4000:1::/64',
      '2001:db8:4001::/48',
    ]),
  ],
})

test('the regional tags of AzureCloud say where, by their property or else by their name; other tags say nothing', () => {
  expect(azure.read(file('Public'))).toEqual({
    date: null,
    statements: [
      { network: cidr('192.0.2.0/24'), region: 'switzerlandn' },
      { network: cidr('2001:db8:4000::/34'), region: 'switzerlandn' },
      { network: cidr('198.51.100.0/24'), region: 'eastasia' },
    ],
  })
})

test('anycast are the networks of Front Door that are routed by themselves and in no region', () => {
  expect(azure.anycast(file('Public'))).toEqual([
    { network: cidr('203.0.113.0/24'), whose: 'Azure Front Door' },
    { network: cidr('2001:db8:8000::/48'), whose: 'Azure Front Door' },
  ])
})

test('a network of Front Door that holds a regional one is not all anycast', () => {
  const { values, ...rest } = file('Public')
  const holding = [...values, tag('AzureFrontDoor.Frontend', '', ['198.51.0.0/16'])]
  expect(azure.anycast({ ...rest, values: holding })).toHaveLength(2)
})

test('China is a cloud of its own, and neither file is taken for the other', () => {
  expect(azureChina.read(file('China')).statements).toHaveLength(3)
  expect(() => azure.read(file('China'))).toThrow('these are the Service Tags of the cloud "China", whose publisher is "azure-china"')
  expect(() => azureChina.read(file('Public'))).toThrow('these are the Service Tags of the cloud "Public", whose publisher is "azure"')
})

test('a bad prefix is named by its tag', () => {
  const { values, ...rest } = file('Public')
  expect(() => azure.read({ ...rest, values: [...values, tag('AzureCloud.uksouth', 'uksouth', ['192.0.2.0/33'])] })).toThrow(
    '"192.0.2.0/33" of tag AzureCloud.uksouth is not a prefix (bad-length)',
  )
})
