import { expect, test } from 'vitest'
import type { KnownApp } from '../../../src/model/app.ts'
import type { Facts } from '../../../src/model/facts.ts'
import { appMatcher } from '../../../src/policy/matchers/app-matcher.ts'
import { facts, ip, placed } from '../words.ts'

const zoom = appMatcher(['zoom'], ({ id }) => id === 'zoom')
const told = (provedAt: KnownApp['provedAt'], id = 'zoom'): KnownApp => ({
  app: { id, name: id, categories: [], company: null },
  origin: 'sni',
  name: null,
  provedAt,
})
const here = placed('23.192.228.7')
const asks = (change: Partial<Facts>) => {
  const known = facts({ location: here, ...change })
  return [zoom.applies(known), zoom.proved(known)]
}

test('without a word of the app it is not that app once nothing more can come', () => {
  expect(asks({})).toEqual(['no', 'no'])
  expect(asks({ apps: [told('everywhere', 'tiktok')] })).toEqual(['no', 'no'])
})

test('while a name may still come, or the address whose range would tell, it is open', () => {
  expect(asks({ namesFinal: false })).toEqual(['open', 'open'])
  expect(asks({ location: undefined })).toEqual(['open', 'open'])
})

test('what is only claimed is seen at once, and proved where its look-up holds the address', () => {
  expect(asks({ apps: [told(null)] })).toEqual(['yes', 'no'])
  expect(asks({ apps: [told(new Set([ip('23.192.228.8')]))] })).toEqual(['yes', 'no'])
  expect(asks({ apps: [told(new Set([ip('23.192.228.7')]))] })).toEqual(['yes', 'yes'])
  expect(asks({ apps: [told(new Set([ip('23.192.228.7')]))], location: undefined })).toEqual(['yes', 'open'])
  expect(asks({ apps: [told(null)], namesFinal: false })).toEqual(['yes', 'open'])
})

test('of several words for it one that is proved is enough', () =>
  expect(asks({ apps: [told(null), told('everywhere')] })).toEqual(['yes', 'yes']))

test('where the first bytes hide the name it may be any app, and is proved to be none', () =>
  expect(asks({ anyName: true })).toEqual(['yes', 'no']))
