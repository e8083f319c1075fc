import { expect, test } from 'vitest'
import { locationCard } from '../../src/cli/location-card.ts'
import { code, geo, place, places } from './made-up-places.ts'
import { expectScreen } from './screen.ts'

const paper = { width: 100, colour: false }

test.each(Object.keys(places))('the card: %s', (name) => {
  const location = places[name] ?? place('10.0.0.1')
  expectScreen(`card-${name}`, locationCard(location.ip, location, null, geo, paper))
})

test('an address that stands for another shows which', () => {
  expect(locationCard('64:ff9b::a2:1', place('18.162.0.1'), null, geo, paper)).toMatch(/^64:ff9b::a2:1\n\nstands for {5}18\.162\.0\.1\n/)
})

test('recorded handshakes: what they rule out, that they rule out nothing, and that there are none', () => {
  const shown = (handshakes: Parameters<typeof locationCard>[2]) =>
    /^round trip +(.*)$/m.exec(locationCard('18.162.0.1', place('18.162.0.1'), handshakes, geo, { ...paper, width: 200 }))?.[1]
  expect(shown(null)).toBeUndefined()
  expect(shown({ count: 0, quickest: null, ruledOut: [] })).toBe('no handshake with it is recorded')
  expect(shown({ count: 3, quickest: 40.5, ruledOut: [] })).toBe('40.5 ms, the quickest of 3: rules out nothing that a source names')
  const china = { country: code('CN'), at_most_km: 310, nearest_km: 2_900 }
  expect(shown({ count: 3, quickest: 3.1, ruledOut: [china] })).toBe(
    '3.1 ms: at most 310 km away; the nearest point of China is 2,900 km away',
  )
})

test('it fits a narrow terminal', () => {
  for (const location of Object.values(places)) {
    const lines = locationCard(location.ip, location, null, geo, { width: 80, colour: false }).split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(110)
  }
})
