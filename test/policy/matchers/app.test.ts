import { expect, test } from 'vitest'
import { madeUpApps, withApps } from '../made-up.ts'
import { asked, facts, placed } from '../words.ts'
import { compiled } from './words.ts'

const to = (name: string) => withApps(facts({ names: [asked(name)] }))

test('an app is told by its names', () => {
  expect(compiled('app', 'zoom').applies(to('www.zoom.us'))).toBe('yes')
  expect(compiled('app', 'tiktok').applies(to('www.zoom.us'))).toBe('no')
  expect(compiled('app', 'tiktok', 'zoom').applies(to('www.zoom.us'))).toBe('yes')
})

test('a name that two apps share is of both', () => {
  for (const id of ['zoom', 'lark']) expect(compiled('app', id).proved(to('shared.example'))).toBe('yes')
})

test("an address in the range that an app's vendor publishes is the app's, whatever the name", () => {
  const known = withApps(facts({ location: placed('23.192.228.8'), names: [asked('other.example')] }))
  expect(compiled('app', 'tiktok').proved(known)).toBe('yes')
})

test('an app that the catalogue does not know is told, with the nearest that it does', () => {
  expect(compiled('app', 'zoom', 'zooom', 'Zoom', 'nothing-like-it').reports).toEqual([
    '1: "zooom" is no app of the catalogue, did you mean "zoom"? ("ringfence apps" lists them)',
    '2: "Zoom" is no app of the catalogue, did you mean "zoom"? ("ringfence apps" lists them)',
    '3: "nothing-like-it" is no app of the catalogue ("ringfence apps" lists them)',
  ])
})

test('every app of the catalogue may be named', () => expect(compiled('app', ...madeUpApps.apps.keys()).reports).toEqual([]))
