import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { checkPlausible } from '../../src/config/app-ranges.ts'
import { loadApps, shippedApps } from '../../src/config/apps.ts'
import { loadCompanies } from '../../src/config/companies.ts'
import { cidr } from '../../src/model/cidr.ts'
import { OperatorError } from '../../src/model/errors.ts'
import { formatHostPattern } from '../../src/model/host-pattern.ts'
import { appRow, appsIn, catalogueOf, faultsOf, idsOf, ipOf, nameOf, noCompanies } from './made-up-apps.ts'

const shippedText = fs.readFileSync(path.join(import.meta.dirname, '..', '..', 'config', 'apps.yaml'), 'utf8')
const companies = loadCompanies()
const shipped = loadApps(companies)

// --- the shipped catalogue ------------------------------------------------------------------------------------------------

test('it is as long as promised, and its hash is that of the file', () => {
  expect(shipped.apps.size).toBeGreaterThanOrEqual(32)
  expect([...shipped.facts.keys()]).toEqual([...shipped.apps.keys()])
  expect(shipped.sha256).toBe(createHash('sha256').update(shippedText).digest('hex'))
  const domains = [...shipped.facts.values()].flatMap((facts) => facts.domains)
  const networks = [...shipped.facts.values()].flatMap((facts) => facts.ranges?.networks ?? [])
  expect(domains.length).toBeGreaterThanOrEqual(300)
  expect(networks.length).toBeGreaterThanOrEqual(90)
})

test('every app has a company, the same object each time', () => {
  for (const [id, app] of shipped.apps) {
    expect(app.company, id).not.toBeNull()
    expect(app.company).toBe(companies.ofApp(id))
  }
})

test('every category has an app, and every app only known ones', () => {
  const used = new Set([...shipped.apps.values()].flatMap(({ categories }) => categories))
  expect([...used].sort()).toEqual(shipped.categories)
})

test('only UC News and UC Browser have domains in common', () => {
  const owners = new Map<string, string[]>()
  for (const { app, domains } of shipped.facts.values()) {
    for (const domain of domains.map(formatHostPattern)) owners.set(domain, [...(owners.get(domain) ?? []), app.id])
  }
  const common = [...owners.values()].filter((ids) => ids.length > 1)
  expect(new Set(common.map((ids) => ids.join(' ')))).toEqual(new Set(['uc-news uc-browser']))
})

test('what is said of each is short, and no line of the file is long', () => {
  for (const { app, note, operator } of shipped.facts.values()) {
    expect(operator.length, app.id).toBeLessThan(160)
    if (note !== null) expect(note, app.id).toMatch(/^.{10,280}\.$/)
  }
  for (const line of shippedText.split('\n')) expect(line.length, line).toBeLessThanOrEqual(140)
})

test.each([
  ['zoom.us', ['zoom']],
  ['us04web.zoom.us', ['zoom']],
  ['zoomfrn99mmr.zoom.us', ['zoom']],
  ['notzoom.us', []],
  ['zoom.us.example.com', []],
  ['us', []],
  ['m.tiktok.com', ['tiktok']],
  ['tiktokcdn.com.akamaized.net', ['tiktok']],
  ['x.tiktokcdn.com.akamaized.net', []],
  ['akamaized.net', []],
  ['trouter.teams.microsoft.com', ['microsoft-teams']],
  ['www.microsoft.com', []],
  ['eu-api.asm.skype.com', ['microsoft-teams']],
  ['config.edge.skype.com', []],
  ['meet.google.com', ['google-meet']],
  ['www.google.com', []],
  ['short.weixin.qq.com', ['wechat']],
  ['user.qzone.qq.com', ['qq']],
  ['v.qq.com', []],
  ['qq.com', []],
  ['www.bytedance.com', []],
  ['meeting.tencent.com', ['tencent-meeting']],
  ['www.tencent.com', []],
  ['puds.ucweb.com', ['uc-news', 'uc-browser']],
  ['bucket.bcebos.com', []],
  ['t.me', ['telegram']],
  ['chat.deepseek.com', ['deepseek']],
])('%s belongs to %j', (name, ids) => {
  expect(idsOf(shipped.named(nameOf(name)))).toEqual(ids)
})

test.each([
  ['170.114.0.1', ['zoom']],
  ['170.113.255.255', []],
  ['2407:30c0::1', ['zoom']],
  ['52.112.0.0', ['microsoft-teams']],
  ['52.115.255.255', ['microsoft-teams']],
  ['52.116.0.0', []],
  ['91.108.56.100', ['telegram']],
  ['91.108.60.1', []],
  ['2001:67c:4e8:f004::a', ['telegram']],
  ['142.250.82.7', ['google-meet']],
  ['64.68.100.1', ['webex']],
  // The range that huddles run on is that of everything built on Amazon Chime.
  ['99.77.128.1', []],
  ['8.8.8.8', []],
  ['::1', []],
])('%s is in a published range of %j', (ip, ids) => {
  expect(idsOf(shipped.at(ipOf(ip)))).toEqual(ids)
})

test.each([
  ['udp', 8801, ['zoom']],
  ['tcp', 8801, ['zoom']],
  ['udp', 8811, []],
  ['udp', 3479, ['zoom', 'microsoft-teams', 'facetime']],
  ['udp', 3478, []],
  ['tcp', 443, []],
  ['udp', 443, []],
  ['tcp', 80, []],
  ['tcp', 5223, []],
  ['udp', 10_000, ['jitsi']],
  ['udp', 19_305, ['google-meet']],
  ['other', 0, []],
] as const)('%s port %i is that of %j', (network, port, ids) => {
  expect(idsOf(shipped.onPort(network, port))).toEqual(ids)
})

test('an app is found by its id and by its other names', () => {
  expect(shipped.find('lark')?.app.name).toBe('Lark / Feishu')
  expect(shipped.find('feishu')).toBe(shipped.find('lark'))
  expect(shipped.find('teams')?.app.id).toBe('microsoft-teams')
  for (const word of ['', 'toString', '__proto__', 'Zoom', 'nobody']) expect(shipped.find(word)).toBeNull()
})

test('it is read when it is first asked, and companies are not asked for names', () => {
  const ofApp = vi.fn(() => null)
  const apps = shippedApps({ ...noCompanies, ofApp })
  expect(apps.sha256).toBe(shipped.sha256)
  expect(idsOf(apps.named(nameOf('zoom.us')))).toEqual(['zoom'])
  expect([idsOf(apps.at(ipOf('170.114.0.1'))), idsOf(apps.onPort('udp', 8801))]).toEqual([['zoom'], ['zoom']])
  expect([apps.apps.size, apps.facts.size, apps.categories]).toEqual([shipped.apps.size, shipped.facts.size, shipped.categories])
  expect(apps.apps.get('zoom')).toBe(apps.find('zoom')?.app)
  expect(ofApp).not.toHaveBeenCalled()
  expect(apps.apps.get('zoom')?.company).toBeNull()
  expect(ofApp).toHaveBeenCalledWith('zoom')
})

test('lists for programs are those of three vendors, over https', () => {
  const lists = [...shipped.facts.values()].flatMap(({ app, ranges }) => (ranges?.fetch == null ? [] : [[app.id, ranges.fetch] as const]))
  expect(lists).toEqual([
    ['zoom', { url: 'https://assets.zoom.us/docs/ipranges/Zoom.txt', format: 'lines' }],
    ['microsoft-teams', { url: expect.stringMatching(/^https:\/\/endpoints\.office\.com\/endpoints\/worldwide\?/), format: 'microsoft' }],
    ['telegram', { url: 'https://core.telegram.org/resources/cidr.txt', format: 'lines' }],
  ])
})

test('shipped ranges would be taken if they were fetched', () => {
  for (const { ranges } of shipped.facts.values()) checkPlausible(ranges?.networks ?? [], ranges?.networks ?? [])
})

test('with other ranges for one app, all else is the same', () => {
  const zoom = shipped.find('zoom')
  if (zoom?.ranges == null) throw new Error('no ranges')
  const networks = [cidr('8.5.128.0/24')]
  const other = shipped.withRanges(new Map([['zoom', { ...zoom.ranges, networks }]]))
  expect([idsOf(other.at(ipOf('8.5.128.7'))), idsOf(other.at(ipOf('170.114.0.1'))), idsOf(other.at(ipOf('52.112.0.0')))]).toEqual([
    ['zoom'],
    [],
    ['microsoft-teams'],
  ])
  expect(other.find('zoom')).toEqual({ ...zoom, ranges: { ...zoom.ranges, networks } })
  expect([...other.apps]).toEqual([...shipped.apps])
  expect(idsOf(shipped.at(ipOf('170.114.0.1')))).toEqual(['zoom'])
})

// --- other catalogues -----------------------------------------------------------------------------------------------------

test('a category that the file does not list is a fault', () => {
  expect(faultsOf(catalogueOf(appRow('one', { categories: '[calls, mesaging]' })))).toEqual([
    '9:47 apps[0].categories[1]: "mesaging" is no category of this file, did you mean "messaging"?',
  ])
})

test('faults of shape and of meaning are told at once, of sound rows beside a faulty one too', () => {
  const faulty = appRow('one', { confidence: 'hihg', portts: '{}' })
  const sound = appRow('two', { domains: '.two.test https://two.test/', sources: '[manuel]', ports: '{ udp: [0, 9-8, 70000] }' })
  expect(faultsOf(catalogueOf(faulty, sound)).map((fault) => fault.replace(/^\d+:\d+ /, ''))).toEqual([
    'apps[0].confidence: "hihg" is not one of high, medium, low, did you mean "high"?',
    'apps[0]: "portts" is not a word of this file, did you mean "ports"?',
    'apps[1].domains: "https://two.test/" is more than a host name; write the name alone',
    'apps[1].sources[0]: "manuel" is neither a source of this file nor the address of a page, did you mean "manual"?',
    'apps[1].ports.udp[0]: "0" is not a port (1–65535) or a range such as "8801-8810"',
    'apps[1].ports.udp[1]: "9-8" is not a port (1–65535) or a range such as "8801-8810"',
    'apps[1].ports.udp[2]: "70000" is not a port (1–65535) or a range such as "8801-8810"',
  ])
})

test('an empty file says what is missing, a missing one that it is', () => {
  expect(faultsOf('')).toEqual(
    ['version" is missing: write "version: 1', 'defaults', 'sources', 'common_ports', 'categories', 'apps'].map((word) =>
      word.includes(' ') ? `1:1: "${word}"` : `1:1: "${word}" is missing`,
    ),
  )
  expect(() => loadApps(noCompanies, '/nowhere/apps.yaml')).toThrow(new OperatorError('/nowhere/apps.yaml: there is no such file'))
})

test('whatever is written, the catalogue is read or refused with places', () => {
  const piece = fc.oneof(
    fc.constantFrom('apps:', 'domains:', 'id: a', '- ', '  ', '\n', '.x.test', 'ports:', '{', '[', ']', '}'),
    fc.string(),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      for (const fault of faultsOf(`${catalogueOf(appRow('one'))}${pieces.join('')}\n  - nonsense`)) expect(fault).toMatch(/^\d+:\d+/)
    }),
    { numRuns: 100 },
  )
})

test('a catalogue may have no apps', () => {
  const apps = appsIn(catalogueOf().replace('apps:', 'apps: []'))
  expect([apps.apps.size, apps.named(nameOf('zoom.us')), apps.at(ipOf('8.8.8.8')), apps.at(ipOf('::1')), apps.onPort('udp', 1)]).toEqual([
    0,
    [],
    [],
    [],
    [],
  ])
})
