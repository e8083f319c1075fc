import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadJurisdictions, shippedJurisdictions } from '../../src/config/jurisdictions.ts'
import { allCountries } from '../../src/model/country.ts'
import { OperatorError } from '../../src/model/errors.ts'
import { faultsIn } from './made-up-apps.ts'

const shippedText = fs.readFileSync(path.join(import.meta.dirname, '..', '..', 'config', 'jurisdictions.yaml'), 'utf8')
const shipped = shippedJurisdictions()
const countriesOf = (id: string): readonly string[] => [...(shipped.groups.get(id)?.countries ?? [])].sort()
const codes = (text: string): readonly string[] => text.split(' ').sort()

function load(groups: string) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-groups-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'list.yaml')
  fs.writeFileSync(file, `version: 1\nsources: { treaty: { what: the treaty, date: 2026-01-01 } }\ngroups:\n${groups}`)
  return loadJurisdictions(file)
}

const group = (more: string): string => `  - { id: one, name: One, date: "2026", confidence: high, sources: [treaty], ${more} }\n`

// --- the shipped groups ---------------------------------------------------------------------------------------------------

test('there are as many as promised, and their hash is that of the file', () => {
  expect(shipped.groups.size).toBeGreaterThanOrEqual(30)
  expect(shipped.sha256).toBe(createHash('sha256').update(shippedText).digest('hex'))
  expect(loadJurisdictions()).toEqual({ groups: shipped.groups, sha256: shipped.sha256 })
})

test('the words that policies use are there', () => {
  const words =
    'eea eu eu-outermost efta eu-adequacy eu-adequacy-full gdpr-free-flow five-eyes us-embargo us-doj-countries-of-concern ' +
    'fatf-call-for-action india-land-border china-mainland china-hk-mo'
  for (const word of words.split(' ')) expect(shipped.groups.has(word), word).toBe(true)
})

test.each([
  ['five-eyes', 'AU CA GB NZ US'],
  ['efta', 'CH IS LI NO'],
  ['us-embargo', 'CU IR KP'],
  ['india-land-border', 'BD BT CN MM NP PK'],
  ['china-mainland', 'CN'],
  ['china-hk-mo', 'CN HK MO'],
  ['us-doj-countries-of-concern', 'CN CU HK IR KP MO RU VE'],
  ['fatf-call-for-action', 'IR KP MM'],
])('%s is %s', (id, countries) => {
  expect(countriesOf(id)).toEqual(codes(countries))
})

test('the EEA is the 27 of the EU with Iceland, Liechtenstein and Norway', () => {
  expect(countriesOf('eu')).toHaveLength(27)
  expect(countriesOf('eea')).toEqual([...countriesOf('eu'), 'IS', 'LI', 'NO'].sort())
  expect(countriesOf('eea')).not.toContain('CH')
  expect(countriesOf('eu')).not.toContain('GB')
})

test('what is made of other groups agrees with them', () => {
  expect(countriesOf('eu-adequacy-full')).toEqual(countriesOf('eu-adequacy').filter((code) => code !== 'US' && code !== 'CA'))
  expect(countriesOf('gdpr-free-flow')).toEqual([...countriesOf('eea'), ...countriesOf('eu-adequacy-full')].sort())
  expect(countriesOf('fourteen-eyes')).toEqual(expect.arrayContaining([...countriesOf('nine-eyes')]))
  expect(countriesOf('nine-eyes')).toEqual(expect.arrayContaining([...countriesOf('five-eyes')]))
})

test('no group about China holds Taiwan but the one that is named for it', () => {
  const holding = [...shipped.groups.values()].filter(({ countries }) => countries.some((code) => code === 'CN')).map(({ id }) => id)
  const both = holding.filter((id) => countriesOf(id).includes('TW'))
  expect(both).toEqual(['continent-asia', 'greater-china'])
})

test('every country is on exactly one continent', () => {
  const continents = [...shipped.groups.keys()].filter((id) => id.startsWith('continent-'))
  expect(continents.flatMap(countriesOf).sort()).toEqual([...allCountries].sort())
})

test('what is said is short and plain, and no line of the file is long', () => {
  for (const { id, note, contested, sources } of shipped.groups.values()) {
    for (const said of [note, contested]) if (said !== null) expect(said, id).toMatch(/^.{10,240}\.$/)
    expect(sources.length, id).toBeGreaterThan(0)
  }
  for (const line of shippedText.split('\n')) expect(line.length, line).toBeLessThanOrEqual(140)
})

// --- other files ----------------------------------------------------------------------------------------------------------

test('a group is frozen, and says what is not known', () => {
  const one = load(group('countries: CN HK, note: Why.')).groups.get('one')
  expect(one).toEqual({
    id: 'one',
    name: 'One',
    countries: ['CN', 'HK'],
    date: '2026',
    confidence: 'high',
    note: 'Why.',
    contested: null,
    sources: ['the treaty (2026-01-01)'],
  })
  expect([Object.isFrozen(one), Object.isFrozen(one?.countries)]).toEqual([true, true])
})

test('faults are told at once, of sound groups beside a faulty one too', () => {
  const faulty = group('countries: " ", contestd: no').replace('"2026"', '2026')
  const again = group('countries: UK CN Q1 CN').replace('treaty', 'treatty')
  expect(faultsIn(() => load(faulty + group('countries: CN') + again)).map((fault) => fault.replace(/:\d+ /, ' '))).toEqual([
    '4 groups[0].date: must be a day, a month or a year such as "2026", in quotes',
    '4 groups[0].countries: must name at least one country',
    '4 groups[0]: "contestd" is not a word of this file, did you mean "contested"?',
    '6 groups[2].id: "one" is the id of One already',
    '6 groups[2].sources[0]: "treatty" is neither a source of this file nor the address of a page, did you mean "treaty"?',
    '6 groups[2].countries: "UK" is not a country code, did you mean "GB"?',
    '6 groups[2].countries: "Q1" is not a country code (two capital letters, ISO 3166-1)',
    '6 groups[2].countries: "CN" stands in this group already',
  ])
})

test('an id begins with a small letter, unlike a country', () => {
  for (const id of ['CN', '5eyes', 'Five'])
    expect(faultsIn(() => load(group('countries: CN').replace('id: one', `id: ${id}`)))).toHaveLength(1)
})

test('a file that is missing says so', () => {
  expect(() => loadJurisdictions('/nowhere/groups.yaml')).toThrow(new OperatorError('/nowhere/groups.yaml: there is no such file'))
})
