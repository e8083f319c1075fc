import { expect, test } from 'vitest'
import { compileTerritory, countriesOf } from '../../src/policy/compile-territory.ts'
import type { FenceDocument } from '../../src/policy/document.ts'
import { NOTHING } from '../../src/policy/parameters.ts'
import { formatPath } from '../../src/policy/path.ts'
import { someGroups } from './words.ts'

/** What a list of words means, and what is reported on the way. */
function read(words: readonly string[], own: Readonly<Record<string, string[]>> = {}) {
  const reports: string[] = []
  const countries = countriesOf(own, someGroups, (path, message) => reports.push(`${formatPath(path)}: ${message}`))
  return { countries: [...countries.read(words, ['never'])].sort(), reports }
}

function compiled(written: object) {
  const reports: string[] = []
  const report = (path: readonly PropertyKey[], message: string) => reports.push(`${formatPath(path)}: ${message}`)
  const territory = compileTerritory({ name: 'a', ...written } as FenceDocument, ['fences', 0], countriesOf({}, someGroups, report), report)
  return { territory, reports }
}

test('capitals are countries, small letters are groups, of the policy or of the library', () => {
  expect(read(['CN', 'eea', 'CN', 'DE'])).toEqual({ countries: ['CN', 'DE', 'FR', 'NL', 'NO'], reports: [] })
  expect(read(['ours', 'US'], { ours: ['IN', 'eea'] }).countries).toEqual(['DE', 'FR', 'IN', 'NL', 'NO', 'US'])
})

test('a group of the policy hides one of the library', () =>
  expect(read(['eea'], { eea: ['CH'] })).toEqual({ countries: ['CH'], reports: [] }))

test('groups may be made of each other, in any order of the file', () =>
  expect(read(['all'], { all: ['some', 'US'], some: ['few', 'DE'], few: ['IN'] })).toEqual({ countries: ['DE', 'IN', 'US'], reports: [] }))

test('a group that is made of itself is told, once', () => {
  expect(read(['a', 'a'], { a: ['a', 'US'] }).reports).toEqual(['groups.a[0]: group "a" is made of itself'])
  expect(read(['a', 'b'], { a: ['b'], b: ['c'], c: ['a'] }).reports).toEqual(['groups.c[0]: group "a" is made of itself (a → b → c → a)'])
})

test('what is neither country nor group is told where it stands, with the nearest', () => {
  const told = (word: string, own: Readonly<Record<string, string[]>> = {}) => read(['US', word], own).reports
  expect(told('UK')).toEqual(['never[1]: "UK" is not a country code, did you mean "GB"?'])
  expect(told('cn')).toEqual(['never[1]: "cn" is not a country code, did you mean "CN"?'])
  expect(told('germany')).toEqual(['never[1]: "germany" is not a country code, did you mean "DE"?'])
  expect(told('five-eye')).toEqual(['never[1]: "five-eye" is no country code and no group, did you mean "five-eyes"?'])
  expect(told('our', { ours: ['IN'] })).toEqual(['never[1]: "our" is no country code and no group, did you mean "ours"?'])
  expect(told('somewhere')).toEqual(['never[1]: "somewhere" is no country code and no group'])
  expect(told('EU')).toEqual(['never[1]: "EU" is not a country code (two capital letters, ISO 3166-1)'])
  expect(told('anywhere')).toEqual(['never[1]: "anywhere" stands alone: "never: anywhere"'])
  expect(told('toString')).toEqual(['never[1]: "toString" is no country code and no group'])
})

test('a fault in a group is told where the group is written, once', () =>
  expect(read(['ours', 'ours'], { ours: ['UK'] }).reports).toEqual(['groups.ours[0]: "UK" is not a country code, did you mean "GB"?']))

test('a territory keeps the words that it was written in', () =>
  expect(compiled({ only: ['IN', 'five-eyes'] }).territory).toMatchObject({ kind: 'only', words: ['IN', 'five-eyes'] }))

test('a fence has one territory', () => {
  expect(compiled({ never: 'anywhere' })).toEqual({ territory: { kind: 'anywhere' }, reports: [] })
  expect(compiled({ never: ['CN'], only: ['IN'] })).toEqual({
    territory: null,
    reports: ['fences[0].only: a fence has either "never" or "only"; write two fences for both'],
  })
  expect(compiled({})).toEqual({
    territory: null,
    reports: ['fences[0]: a fence needs a territory: "never: [CN]", "only: [IN, SG]" or "never: anywhere"'],
  })
})

test('of what a parameter left empty `never` keeps from nowhere, and `only` would permit nothing', () => {
  expect(compiled({ never: [NOTHING] })).toEqual({ territory: { kind: 'never', countries: new Set(), words: [] }, reports: [] })
  expect(compiled({ only: [NOTHING] }).reports).toEqual(['fences[0].only: must name at least one country'])
})
