import { expect, test } from 'vitest'
import { asked, claimed, facts, placed } from '../words.ts'
import { compiled } from './words.ts'

const matches = (item: string, name: string) => compiled('host', item).applies(facts({ names: [asked(name)] }))

test.each([
  ['zoom.us', 'zoom.us', 'yes'],
  ['zoom.us', 'www.zoom.us', 'no'],
  ['*.zoom.us', 'zoom.us', 'no'],
  ['*.zoom.us', 'www.zoom.us', 'yes'],
  ['*.zoom.us', 'a.b.zoom.us', 'yes'],
  ['.zoom.us', 'zoom.us', 'yes'],
  ['.zoom.us', 'a.b.zoom.us', 'yes'],
  ['.zoom.us', 'evilzoom.us', 'no'],
  ['.us', 'zoom.us', 'yes'],
  ['ZOOM.us.', 'zoom.us', 'yes'],
  ['bücher.example', 'xn--bcher-kva.example', 'yes'],
])('%s and %s: %s', (item, name, match) => expect(matches(item, name)).toBe(match))

test('until all names are known, one that does not match leaves it open', () => {
  const host = compiled('host', 'zoom.us')
  expect(host.applies(facts({ names: [], namesFinal: false }))).toBe('open')
  expect(host.applies(facts({ names: [asked('example.com')], namesFinal: false }))).toBe('open')
  expect(host.applies(facts({ names: [claimed('zoom.us')], namesFinal: false }))).toBe('yes')
  expect(host.applies(facts({ names: [] }))).toBe('no')
})

test('a claim is seen, and proved only at the addresses of its own look-up', () => {
  const host = compiled('host', 'zoom.us')
  const location = placed('23.192.228.7')
  const seen = (names: Parameters<typeof facts>[0]) => [
    host.applies(facts({ location, ...names })),
    host.proved(facts({ location, ...names })),
  ]
  expect(seen({ names: [asked('zoom.us')] })).toEqual(['yes', 'yes'])
  expect(seen({ names: [claimed('zoom.us')] })).toEqual(['yes', 'no'])
  expect(seen({ names: [claimed('zoom.us')], namesFinal: false })).toEqual(['yes', 'open'])
  expect(seen({ names: [claimed('zoom.us', ['23.192.228.7'])] })).toEqual(['yes', 'yes'])
  expect(seen({ names: [claimed('zoom.us', ['23.192.228.8'])] })).toEqual(['yes', 'no'])
  expect(seen({ names: [claimed('zoom.us', ['23.192.228.8'])], location: undefined })).toEqual(['yes', 'open'])
})

test('of several claims of one name, one that is proved is enough', () =>
  expect(
    compiled('host', 'zoom.us').proved(
      facts({ location: placed('23.192.228.7'), names: [claimed('zoom.us'), claimed('zoom.us', ['23.192.228.7'])] }),
    ),
  ).toBe('yes'))

test('the values are written as names are', () =>
  expect(compiled('host', 'ZOOM.us', '*.Zoom.US', '.example.com.').document).toEqual(['zoom.us', '*.zoom.us', '.example.com']))

test('what is no name is reported with its place in the list', () => {
  const { reports, document } = compiled('host', 'zoom.us', 'zoom.*', '1.2.3.4', '')
  expect(reports.map((report) => report.slice(0, 2))).toEqual(['1:', '2:', '3:'])
  expect(document).toEqual(['zoom.us'])
})
