import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { type Companies, loadCompanies } from '../../src/config/companies.ts'
import { isCountryCode } from '../../src/model/country.ts'
import { ConfigErrors, OperatorError } from '../../src/model/errors.ts'

const shippedFile = path.join(import.meta.dirname, '..', '..', 'config', 'companies.yaml')
const shippedText = fs.readFileSync(shippedFile, 'utf8')
const shipped = loadCompanies()

/** A list with these companies, below two sources. */
const listOf = (companies: string): string => `version: 1
defaults: { sources: [asn], date: 2026-06-17 }
sources:
  asn: { what: names as announced, date: 2026-06-17 }
  press: { what: a newspaper, date: 2026-01-23 }
companies:
${companies}`

function load(text: string): Companies {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringfence-companies-'))
  onTestFinished(() => fs.rmSync(folder, { recursive: true }))
  const file = path.join(folder, 'list.yaml')
  fs.writeFileSync(file, text)
  return loadCompanies(file)
}

/** Every fault of a list, as it is shown, without the folder. */
function faultsOf(text: string): string[] {
  try {
    load(text)
  } catch (error) {
    if (error instanceof ConfigErrors) return error.message.split('\n').map((line) => line.replace(/^.*list\.yaml:/, ''))
    throw error
  }
  throw new Error('nothing was refused')
}

const one = '  - { id: one, name: One, home: CN, basis: Headquarters there., asns: 64500 64501, apps: [shout] }\n'

// --- the shipped list ---------------------------------------------------------------------------------------------------

test.each([
  ['TikTok, registered in Singapore', 138699, 'ByteDance', 'CN'],
  ['ByteDance, registered in the US', 396986, 'ByteDance', 'CN'],
  ['the US joint venture of TikTok', 11983, 'TikTok U.S. Data Security', 'US'],
  ['Alibaba abroad', 45102, 'Alibaba Group', 'CN'],
  ['Tencent abroad', 132203, 'Tencent', 'CN'],
  ['Huawei Cloud abroad', 136907, 'Huawei', 'CN'],
  ['China Telecom in the Americas', 36678, 'China Telecom', 'CN'],
  ['China Mobile International', 58453, 'China Mobile', 'CN'],
  ['AWS China (Beijing)', 55960, 'Sinnet', 'CN'],
  ['AWS China (Ningxia)', 135629, 'NWCD', 'CN'],
  ['Azure China', 58593, '21Vianet', 'CN'],
  ['Yandex', 13238, 'Yandex', 'RU'],
  ['Kaspersky, registered in Switzerland', 200107, 'Kaspersky', 'RU'],
  ['Rostelecom', 12389, 'Rostelecom', 'RU'],
  ['Star Joint Venture', 131279, 'Star Joint Venture', 'KP'],
  ['Zoom', 30103, 'Zoom', 'US'],
  ['Amazon', 16509, 'Amazon', 'US'],
  ['Telegram', 62041, 'Telegram', 'AE'],
  ['OVHcloud', 16276, 'OVHcloud', 'FR'],
  ['Hetzner', 24940, 'Hetzner', 'DE'],
])('%s has its home in its group’s', (_, asn, name, home) => {
  expect(shipped.ofAsn(asn)).toMatchObject({ name, home })
})

test.each([
  ['tiktok', 'CN'],
  ['helo', 'CN'],
  ['lark', 'CN'],
  ['wechat', 'CN'],
  ['uc-browser', 'CN'],
  ['temu', 'CN'],
  ['shein', 'SG'],
  ['shareit', 'SG'],
  ['xender', 'HK'],
  ['telegram', 'AE'],
  ['truecaller', 'SE'],
  ['zoom', 'US'],
  ['whatsapp', 'US'],
])('the group behind %s has its home in %s', (app, home) => {
  expect(shipped.ofApp(app)?.home).toBe(home)
})

test('a home that is disputed says by whom, one that is not says nothing', () => {
  for (const asn of [138699, 13238, 62041, 11983]) expect(shipped.ofAsn(asn)?.contested).toMatch(/\w{4,}.*\.$/)
  for (const asn of [30103, 4134, 16276]) expect(shipped.ofAsn(asn)?.contested).toBeNull()
})

test('the networks and apps of a firm share one frozen object', () => {
  expect(shipped.ofAsn(396986)).toBe(shipped.ofAsn(138699))
  expect(shipped.ofApp('tiktok')).toBe(shipped.ofAsn(138699))
  expect(Object.isFrozen(shipped.ofAsn(138699))).toBe(true)
})

test('the list is as long as promised, and its hash is that of the file', () => {
  const { companies }: { companies: { asns?: string | number }[] } = parse(shippedText)
  expect(shipped.count).toBe(companies.length)
  expect(shipped.count).toBeGreaterThanOrEqual(90)
  expect(companies.flatMap(({ asns }) => String(asns ?? '').split(' ')).filter((asn) => asn !== '').length).toBeGreaterThanOrEqual(350)
  expect(shipped.sha256).toBe(createHash('sha256').update(shippedText).digest('hex'))
})

test('the list is sorted by home, then by name, and what is written is short and plain', () => {
  const { companies }: { companies: { home: string; name: string; basis: string; contested?: string }[] } = parse(shippedText)
  const order = companies.map(({ home, name }) => `${home} ${name.toLowerCase()}`)
  expect(order).toEqual([...order].sort())
  for (const { home, basis, contested } of companies) {
    expect(isCountryCode(home)).toBe(true)
    for (const sentence of [basis, contested ?? basis]) expect(sentence).toMatch(/^.{10,200}\.$/)
  }
})

test('each of the 32 apps of the catalogue has exactly one group', () => {
  const { companies }: { companies: { apps?: string[] }[] } = parse(shippedText)
  const apps = companies.flatMap((company) => company.apps ?? [])
  expect(new Set(apps).size).toBe(apps.length)
  for (const app of apps) expect(shipped.ofApp(app)).not.toBeNull()
  expect(apps).toHaveLength(32)
})

test('what is not listed has no company', () => {
  for (const asn of [0, -1, 64500, 4_294_967_296, Number.NaN, 1.5]) expect(shipped.ofAsn(asn)).toBeNull()
  for (const id of ['', 'toString', '__proto__', 'TikTok', 'nobody']) expect(shipped.ofApp(id)).toBeNull()
})

// --- lists of others ------------------------------------------------------------------------------------------------------

test('AS numbers stand over several lines, or alone', () => {
  const list = load(
    listOf(
      `  - id: two\n    name: Two\n    home: IN\n    basis: There.\n    asns: 1 2\n      4294967295\n${one.replace('64500 64501', '3')}`,
    ),
  )
  expect([1, 2, 4_294_967_295].map((asn) => list.ofAsn(asn)?.name)).toEqual(['Two', 'Two', 'Two'])
  expect(list.ofAsn(3)).toEqual({ name: 'One', home: 'CN', contested: null })
})

test('a network, an app or an id that two companies claim is a fault', () => {
  const two = '  - { id: one, name: Two, home: IN, basis: There., asns: 64502 64501, apps: [whisper, shout] }\n'
  expect(faultsOf(listOf(one + two))).toEqual([
    '8:11 companies[1].id: "one" is the id of One already',
    '8:58 companies[1].asns: AS64501 is listed under One already',
    '8:87 companies[1].apps[1]: app "shout" is listed under One already',
  ])
})

test('a number that is no AS number is a fault, and so is one written twice', () => {
  expect(faultsOf(listOf(one.replace('64500 64501', '0 AS64500 64500 4294967296 64500')))).toEqual([
    '7:71 companies[0].asns: "0" is no AS number: write numbers from 1 to 4294967295 with spaces between',
    '7:71 companies[0].asns: "AS64500" is no AS number: write numbers from 1 to 4294967295 with spaces between',
    '7:71 companies[0].asns: "4294967296" is no AS number: write numbers from 1 to 4294967295 with spaces between',
    '7:71 companies[0].asns: AS64500 is listed under One already',
  ])
  expect(faultsOf(listOf(one.replace('64500 64501', '[64500, 64501]')))).toEqual([
    '7:71 companies[0].asns: must be AS numbers with spaces between, such as 13238 200350',
  ])
})

test('a home that is no country code is a fault with a suggestion', () => {
  expect(faultsOf(listOf(one.replace('CN', 'UK')))).toEqual(['7:33 companies[0].home: "UK" is not a country code, did you mean "GB"?'])
  expect(faultsOf(listOf(one.replace('CN', 'Q1')))).toEqual([
    '7:33 companies[0].home: "Q1" is not a country code (two capital letters, ISO 3166-1)',
  ])
})

test('a source is a key of the file or the address of a page', () => {
  expect(load(listOf(one.replace('apps:', 'sources: [press, "https://example.org/a"], apps:'))).count).toBe(1)
  expect(faultsOf(listOf(one.replace('apps:', 'sources: [pres, example.org], apps:')).replace('[asn]', '[asm]'))).toEqual([
    '2:23 defaults.sources[0]: "asm" is neither a source of this file nor the address of a page, did you mean "asn"?',
    '7:94 companies[0].sources[0]: "pres" is neither a source of this file nor the address of a page, did you mean "press"?',
    '7:100 companies[0].sources[1]: "example.org" is neither a source of this file nor the address of a page',
  ])
})

test('faults of shape and of meaning are told at once, sound companies beside a faulty one too', () => {
  const faulty = '  - { id: Two!, name: Two, home: IN, bassis: There. }\n'
  expect(faultsOf(listOf(`${faulty}${one.replace('CN', 'cn')}`))).toEqual([
    '7:5 companies[0]: "basis" is missing',
    '7:11 companies[0].id: must be lower-case letters, digits and hyphens, at most 64',
    '7:38 companies[0]: "bassis" is not a word of this file, did you mean "basis"?',
    '8:33 companies[1].home: "cn" is not a country code, did you mean "CN"?',
  ])
})

test('an empty file says what is missing, a missing one that it is', () => {
  expect(faultsOf('')).toEqual([
    '1:1: "version" is missing: write "version: 1"',
    '1:1: "defaults" is missing',
    '1:1: "sources" is missing',
    '1:1: "companies" is missing',
  ])
  expect(() => loadCompanies('/nowhere/companies.yaml')).toThrow(new OperatorError('/nowhere/companies.yaml: there is no such file'))
})

test('whatever is written, the list is read or refused with places', () => {
  const piece = fc.oneof(
    fc.constantFrom('companies:', 'asns:', 'id: a', '- ', '  ', '\n', '1 2', 'home: CN', '{', '[', ']', '}'),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      for (const fault of faultsOf(`${listOf('')}${pieces.join('')}\n  - nonsense`)) expect(fault).toMatch(/^\d+:\d+/)
    }),
    { numRuns: 100 },
  )
})
