import { expect, test } from 'vitest'
import { withApps } from '../made-up.ts'
import { asked, claimed, facts, placed } from '../words.ts'
import { compiled } from './words.ts'

test('a category is every app of its kind', () => {
  const meetings = compiled('category', 'meetings')
  const to = (name: string) => meetings.applies(withApps(facts({ names: [asked(name)] })))
  expect(to('zoom.us')).toBe('yes')
  expect(to('shared.example')).toBe('yes')
  expect(to('tiktok.com')).toBe('no')
  expect(to('other.example')).toBe('no')
})

test('a claimed name is seen, and proves nothing where its look-up does not hold the address', () => {
  const meetings = compiled('category', 'meetings')
  const claim = withApps(facts({ location: placed('52.81.151.250'), names: [claimed('zoom.us', ['23.192.228.7'])] }))
  expect([meetings.applies(claim), meetings.proved(claim)]).toEqual(['yes', 'no'])
})

test('a category that no app has is told, with the nearest, or all of them', () =>
  expect(compiled('category', 'meeting', 'games').reports).toEqual([
    '0: "meeting" is no category of the catalogue, did you mean "meetings"?',
    '1: "games" is no category of the catalogue (meetings, video)',
  ]))
