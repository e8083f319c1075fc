import { expect, test } from 'vitest'
import type { Ip } from '../../src/model/address.ts'
import { locate, locateAll } from '../../src/pipeline/locate.ts'
import type { Locator } from '../../src/pipeline/ports.ts'
import { ip, placed } from '../policy/words.ts'

/** A table that places every address in the United States, and remembers what it was asked. */
function table(): Locator & { readonly asked: readonly string[] } {
  const asked: string[] = []
  return {
    hash: '',
    asked,
    locate: (address) => {
      asked.push(address)
      return placed(address, { A: 'US' })
    },
  }
}

test('a plain address is looked up once', () => {
  const locator = table()
  expect(locate(ip('198.51.100.7'), locator)).toEqual({ ip: '198.51.100.7', locations: [placed('198.51.100.7', { A: 'US' })] })
  expect(locator.asked).toEqual(['198.51.100.7'])
})

test.each([
  ['64:ff9b::3451:97fa', ['52.81.151.250']],
  ['2002:3451:97fa::1', ['52.81.151.250']],
  ['2001:0:4136:e378:8000:63bf:3fff:fdd2', ['2001:0:4136:e378:8000:63bf:3fff:fdd2', '65.54.227.120', '192.0.2.45']],
  ['fe80::5efe:10.0.0.5', ['fe80::5efe:a00:5', '10.0.0.5']],
])('%s is dialled as given, and located as %j', (address, places) => {
  const { ip: dialled, locations } = locate(ip(address), table())
  expect(dialled).toBe(ip(address))
  expect(locations.map((location) => location.ip)).toEqual(places)
})

test('an IPv6 address that DNS64 made up from an IPv4 address of the same name is judged by both', () => {
  const china = ip('52.81.151.250')
  const made = ip('2607:7700:0:15::3451:97fa')
  const locator = { hash: '', locate: (address: Ip) => placed(address) }
  expect(locateAll([china, made], locator).map(({ locations }) => locations.map((place) => place.ip))).toEqual([[china], [made, china]])
  expect(locateAll([made], locator).map(({ locations }) => locations.map((place) => place.ip))).toEqual([[made]])
})
