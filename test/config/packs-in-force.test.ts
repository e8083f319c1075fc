/** What the shipped packs do: their own tests, what each fence and each parameter is good for, and the case of 2020 by the shipped data. */
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { shippedCompanies } from '../../src/config/companies.ts'
import { shippedLibrary } from '../../src/config/library.ts'
import { packNames } from '../../src/config/packs.ts'
import { loadPolicy } from '../../src/config/policies.ts'
import { buildTable } from '../../src/geoip/build.ts'
import { type GeoTable, planSources, tableOf } from '../../src/geoip/index.ts'
import { decodeTable } from '../../src/geoip/table-file.ts'
import { compilePolicy } from '../../src/policy/compile.ts'
import { policyDocument } from '../../src/policy/document.ts'
import type { ParameterValue } from '../../src/policy/parameters.ts'
import type { Fence, Policy } from '../../src/policy/policy.ts'
import { runTests } from '../../src/policy/suite.ts'
import { readSource } from '../../src/policy/yaml-source.ts'

const config = path.join(import.meta.dirname, '..', '..', 'config')
const library = shippedLibrary()
const packs = packNames()
const textOf = (pack: string) => fs.readFileSync(path.join(config, 'policies', `${pack}.yaml`), 'utf8')
const parametersOf = (pack: string) =>
  readSource(textOf(pack), pack, policyDocument.pick({ parameters: true }).loose()).value.parameters ?? {}

type Values = Readonly<Record<string, ParameterValue>>

/** A policy that does nothing but build on packs. JSON is YAML, and the tests are lines of it. */
function extending(names: readonly string[], values: Values = {}, tests: readonly string[] = []): Policy {
  const text = `version: 1\nmode: enforce\nextends: ${JSON.stringify(names)}\nwith: ${JSON.stringify(values)}\ntests: [${tests.map((each) => `{ ${each} }`).join(', ')}]\n`
  return compilePolicy(text, 'extending.yaml', 'extending', library)
}

const failures = (policy: Policy, locate: GeoTable['locate'] | null = null) =>
  runTests(policy, { apps: library.apps, locate }).results.flatMap(({ name, passed, why, sentence }) =>
    passed ? [] : [`${name}: ${why}. ${sentence}`],
  )

/** Without the fence, and without the names of fences in its tests: a test that fails now misses what the fence does. */
const without = (policy: Policy, fence: Fence): Policy => ({
  ...policy,
  fences: policy.fences.filter((each) => each !== fence),
  tests: policy.tests.map((each) => ({ ...each, because: [] })),
})

/** What each parameter changes: a value for it, and a test that holds with that value, and not without. */
const changes: Readonly<Record<string, Readonly<Record<string, readonly [ParameterValue, string, Values?]>>>> = {
  'gdpr-eea': {
    'personal-hosts': [['.crm.example'], 'to: "a.crm.example:443", given: { server: IN }, expect: block, because: gdpr-personal-data'],
    'personal-apps': [['tiktok'], 'to: "www.tiktok.com:443", given: { server: SG }, expect: block, because: gdpr-personal-data'],
    free: [['DE'], 'to: "example.org:443", given: { server: FR }, expect: log, because: gdpr-elsewhere'],
    partial: [['US', 'CA', 'GB'], 'to: "example.org:443", given: { server: GB }, expect: log, because: gdpr-partial'],
    uncertain: ['allow', 'to: "example.org:443", given: { server: [DE, IN] }, expect: allow'],
  },
  'germany-public-body': {
    media: [['DE'], 'to: "zoomfrn99mmr.zoom.us:8801", given: { server: NL }, expect: block, because: germany-zoom-media'],
    'sign-in': [['login.zoom.us'], 'to: "login.zoom.us:443", given: { server: US }, expect: log, because: germany-meetings-us'],
    'service-devices': [
      ['10.9.0.0/16'],
      'to: "www.tiktok.com:443", client: 10.9.0.4, given: { server: DE }, expect: block, because: germany-service-devices',
    ],
    'own-meetings': [
      ['meet.stadt.example'],
      'to: "meet.stadt.example:443", given: { server: FR }, expect: block, because: germany-own-meetings',
    ],
    uncertain: ['log', 'to: "example.org:443", given: { server: [CN, DE] }, expect: log, because: germany-to-china'],
  },
  'india-2020': {
    'listed-apps': ['log', 'to: "www.wechat.com:443", given: { server: SG }, expect: log, because: india-2020-apps'],
    'official-use': [true, 'to: "zoom.us:443", given: { server: IN, registry: IN }, expect: block, because: india-2020-official-use'],
    watched: [[], 'to: "www.truecaller.com:443", given: { server: IN }, expect: allow'],
    uncertain: ['block', 'to: "zoom.us:443", given: { server: [CN, SG], registry: US }, expect: block, because: india-2020-zoom-to-china'],
  },
  'india-data-residency': {
    'payment-hosts': [['.pay.example'], 'to: "upi.pay.example:443", given: { server: SG }, expect: log, because: india-residency-payments'],
    'payments-abroad': [
      'block',
      'to: "upi.pay.example:443", given: { server: SG }, expect: block, because: india-residency-payments',
      { 'payment-hosts': ['.pay.example'] },
    ],
    'meetings-in': [['IN', 'SG'], 'to: "zoom.us:443", given: { server: SG }, expect: allow'],
    barred: [['CN', 'PK', 'BD'], 'to: "example.org:443", given: { server: BD }, expect: block, because: india-residency-barred'],
    uncertain: ['block', 'to: "example.org:443", given: { server: [PK, AE] }, expect: block, because: india-residency-barred'],
  },
  'no-cn': {
    'hk-mo': [true, 'to: "example.org:443", given: { server: HK }, expect: block, because: no-cn-hk-mo'],
    'by-operator': [true, 'to: "www.tiktok.com:443", given: { server: SG }, expect: block, because: no-cn-operators'],
    contested: ['block', 'to: "www.temu.com:443", given: { server: US }, expect: block, because: no-cn-contested', { 'by-operator': true }],
    'mainland-names': [true, 'to: "www.example.cn:443", given: { server: US }, expect: log, because: no-cn-names'],
    uncertain: ['log', 'to: "example.org:443", given: { server: [CN, SG] }, expect: log, because: no-cn'],
  },
  ofac: {
    embargoed: [['us-embargo', 'BY'], 'to: "example.org:443", given: { server: BY }, expect: block, because: ofac-embargo'],
    fatf: [true, 'to: "example.org:443", given: { server: MM }, expect: log, because: ofac-fatf'],
    uncertain: ['log', 'to: "example.org:443", given: { server: [IR, AE] }, expect: log, because: ofac-embargo'],
  },
  'taiwan-public-sector': {
    'no-zoom': [false, 'to: "zoom.us:443", given: { server: US }, expect: allow'],
    research: [['10.9.0.0/16'], 'to: "chat.deepseek.com:443", client: 10.9.0.4, given: { server: CN }, expect: allow'],
    uncertain: ['log', 'to: "example.org:443", given: { server: [HK, TW] }, expect: log, because: taiwan-to-china'],
  },
  'us-bulk-data': {
    'sensitive-hosts': [
      ['.genome.example'],
      'to: "a.genome.example:443", given: { server: RU }, expect: block, because: us-bulk-sensitive',
    ],
    'sensitive-groups': [
      ['genomics'],
      'to: "example.org:443", group: genomics, given: { server: RU }, expect: block, because: us-bulk-sensitive',
    ],
    'sensitive-clients': [
      ['10.9.0.0/16'],
      'to: "example.org:443", client: 10.9.0.4, given: { server: RU }, expect: block, because: us-bulk-sensitive',
    ],
    uncertain: ['allow', 'to: "example.org:443", given: { server: [RU, FI] }, expect: allow'],
  },
  'zoom-geofence': {
    regions: [['IN'], 'to: "zoomfrn99mmr.zoom.us:443", given: { server: US }, expect: block, because: zoom-media-regions'],
    excluded: [[], 'to: "zoom.us:443", given: { server: CN }, expect: log, because: zoom-sign-in'],
    'sign-in': [['login.zoom.us'], 'to: "login.zoom.us:443", given: { server: SG }, expect: log, because: zoom-sign-in'],
    rooms: [
      ['10.9.0.0/16'],
      'to: "8.8.4.1:50000", network: udp, client: 10.9.0.4, given: { server: US }, expect: block, because: zoom-rooms',
    ],
    uncertain: ['block', 'to: "zoom.us:8801", given: { server: [NL, SG] }, expect: block, because: zoom-media-regions'],
  },
}

const changesOf = (pack: string) => Object.entries(changes[pack] ?? {})

test('there are ten', () => {
  expect(packs).toEqual([...Object.keys(changes), 'observe'].sort())
})

describe.each(packs)('%s', (pack) => {
  const policy = loadPolicy(pack)

  test('is read at one go: at most 60 lines, none too long', () => {
    const lines = textOf(pack).trimEnd().split('\n')
    expect(lines.length).toBeLessThanOrEqual(60)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(140)
  })

  test('compiles without a warning', () => {
    expect(policy.warnings).toEqual([])
    expect(policy.mode).toBe(pack === 'observe' ? 'observe' : 'enforce')
  })

  test('does what its tests say, with today’s data or without', () => {
    expect(failures(policy)).toEqual([])
  })

  test('every fence is held by a test: of the pack, or here where it is off by default', () => {
    const extended = changesOf(pack).map(([name, [value, line, also]]) => extending([pack], { ...also, [name]: value }, [line]))
    for (const fence of policy.fences) expect(failures(without(policy, fence)), fence.name).not.toEqual([])
    for (const { name } of policy.off) {
      const missed = extended.some((each) => each.fences.some((fence) => fence.name === name && failures(without(each, fence)).length > 0))
      expect(missed, name).toBe(true)
    }
  })

  test('every parameter changes some verdict', () => {
    expect(
      changesOf(pack)
        .map(([name]) => name)
        .sort(),
    ).toEqual(Object.keys(parametersOf(pack)).sort())
    for (const [name, [value, line, also]] of changesOf(pack)) {
      expect(failures(extending([pack], { ...also, [name]: value }, [line])), name).toEqual([])
      expect(failures(extending([pack], also, [line.replace(/, because: \S+$/, '')])), name).not.toEqual([])
    }
  })

  test('no fence forbids Taiwan, and each note is one short sentence', () => {
    for (const { name, territory, note } of [...policy.fences, ...policy.off]) {
      if (territory.kind === 'never') expect([...territory.countries], name).not.toContain('TW')
      if (note !== null) expect(note).toMatch(/^[A-Z][^.]{5,110}\.$/)
    }
  })
})

test('any two packs may be extended together, without a warning', () => {
  const pairs = packs.flatMap((one, i) => packs.slice(i + 1).map((other) => [one, other]))
  for (const pair of pairs) {
    const both = extending(pair)
    const fences = pair.flatMap((pack) => [...loadPolicy(pack).fences, ...loadPolicy(pack).off])
    expect([...both.fences, ...both.off].map(({ name }) => name).sort(), pair.join(' and ')).toEqual(fences.map(({ name }) => name).sort())
    expect(both.warnings, pair.join(' and ')).toEqual([])
  }
})

test('all packs may be extended together, and a parameter of one name is of one type', () => {
  expect(extending(packs).warnings).toEqual([])
  const types = new Map<string, string>()
  for (const [name, { type }] of packs.flatMap((pack) => Object.entries(parametersOf(pack)))) {
    expect(types.get(name) ?? type, name).toBe(type)
    types.set(name, type)
  }
})

test('of Zoom only sign-in leaves the regions, and only for the US, only on TCP 443', () => {
  const policy = extending(['zoom-geofence'], { regions: ['IN'] }, [
    'to: "zoom.us:443", given: { server: US }, expect: allow',
    'to: "us02web.zoom.us:443", given: { server: US }, expect: allow',
    'to: "zoom.us:443", given: { server: anycast }, expect: allow',
    'to: "zoom.us:443", given: { server: DE }, expect: log, because: zoom-sign-in',
    'to: "zoom.us:8801", given: { server: US }, expect: block, because: zoom-media-regions',
    'to: "zoom.us:443", network: udp, given: { server: US }, expect: block, because: zoom-media-regions',
    'to: "zoomsjccv154mmr.sjc.zoom.us:443", given: { server: US }, expect: block, because: zoom-media-regions',
    'to: "144.195.73.154:443", given: { server: US }, expect: block, because: zoom-media-regions',
    'to: "144.195.73.154:443", given: { server: IN }, expect: allow',
    'to: "example.org:443", given: { server: US }, expect: allow',
  ])
  expect(failures(policy)).toEqual([])
})

test('whoever chooses mainland China for Zoom gets it, and nobody else', () => {
  const line = 'to: "221.122.88.65:8801", network: udp, given: { server: CN, registry: CN }'
  expect(failures(extending(['zoom-geofence'], { regions: ['CN'], excluded: [] }, [`${line}, expect: allow`]))).toEqual([])
  expect(failures(extending(['zoom-geofence'], {}, [`${line}, expect: block, because: zoom-registered`]))).toEqual([])
})

test('Taiwan stays open in no-cn, whatever is switched on', () => {
  const values = { 'hk-mo': true, 'by-operator': true, contested: 'block' }
  expect(failures(extending(['no-cn'], values, ['to: "example.org:443", given: { server: TW }, expect: allow']))).toEqual([])
})

test('the contested apps are flagged by operator, and pass where it is not asked for', () => {
  const lines = ['temu.com', 'shein.com', 'ushareit.com', 'xender.com'].map((name) => `to: "www.${name}:443", given: { server: US }`)
  expect(
    failures(
      extending(
        ['no-cn'],
        {},
        lines.map((line) => `${line}, expect: allow`),
      ),
    ),
  ).toEqual([])
  expect(
    failures(
      extending(
        ['no-cn'],
        { 'by-operator': true },
        lines.map((line) => `${line}, expect: log, because: no-cn-contested`),
      ),
    ),
  ).toEqual([])
})

test('what is claimed for research in Taiwan is DeepSeek alone, from its machines alone', () => {
  const policy = extending(['taiwan-public-sector'], { research: ['10.9.0.0/16'] }, [
    'to: "chat.deepseek.com:443", client: 10.9.0.4, given: { server: CN }, expect: allow',
    'to: "chat.deepseek.com:443", client: 10.8.0.4, given: { server: CN }, expect: block, because: [taiwan-named-apps, taiwan-to-china]',
    'to: "www.tiktok.com:443", client: 10.9.0.4, given: { server: SG }, expect: block, because: taiwan-named-apps',
    'to: "example.org:443", client: 10.9.0.4, given: { server: CN }, expect: block, because: taiwan-to-china',
  ])
  expect(failures(policy)).toEqual([])
})

test('the apps of india-2020 are those that the catalogue says are on the list', () => {
  const listed = [...library.apps.facts.values()].filter((facts) => facts.blockedByIndia2020 === true).map(({ app }) => app.id)
  expect(listed).toHaveLength(13)
  expect(listed).not.toContain('truecaller')
  const lines = listed.map((app) => `to: "example.org:443", app: ${app}, given: { server: US }, expect: block, because: india-2020-apps`)
  expect(failures(extending(['india-2020'], {}, lines))).toEqual([])
  const others = [...library.apps.apps.keys()].filter((app) => !listed.includes(app))
  const spared = others.map((app) => `to: "example.org:443", app: ${app}, given: { server: US, registry: US }, expect: block`)
  expect(failures(extending(['india-2020'], {}, spared))).toHaveLength(others.length)
})

describe('by the shipped data', () => {
  let table: GeoTable
  beforeAll(async () => {
    const { key, data } = decodeTable(await buildTable(await planSources([{ type: 'embedded' }])))
    table = tableOf(key, data, shippedCompanies())
  })
  const locate: GeoTable['locate'] = (ip) => table.locate(ip)

  test.each(packs)('%s: its tests that give no place hold', (pack) => {
    expect(failures(loadPolicy(pack), locate)).toEqual([])
  })

  test.each([
    ['zoom-geofence', '[zoom-media-regions, zoom-excluded, zoom-registered]'],
    ['no-cn', 'no-cn'],
    ['india-2020', 'india-2020-zoom-to-china'],
    ['taiwan-public-sector', 'taiwan-to-china'],
    ['germany-public-body', '[germany-zoom-media, germany-to-china]'],
    ['india-data-residency', 'india-residency-barred'],
  ])('the case of 2020 is blocked by %s', (pack, because) => {
    const line = `to: "52.81.151.250:443", app: zoom, expect: block, because: ${because}`
    expect(failures(extending([pack], {}, [line]), locate)).toEqual([])
  })

  test('Zoom’s own networks that are registered in CN are met without a name', () => {
    const networks = ['101.36.167.9', '101.36.170.9', '111.33.115.9', '111.33.181.9', '221.122.63.9', '221.122.64.9']
    const more = ['221.122.88.70', '221.122.88.140', '221.122.89.140', '221.123.139.200']
    const lines = [...networks, ...more].map(
      (ip) => `to: "${ip}:8801", network: udp, expect: block, because: [zoom-registered, zoom-excluded]`,
    )
    expect(failures(extending(['zoom-geofence'], {}, lines), locate)).toEqual([])
  })

  test('what is where it should be passes', () => {
    const zoom = ['to: "3.7.35.1:8801", network: udp, expect: allow', 'to: "206.247.1.1:8801", network: udp, expect: block']
    expect(failures(extending(['zoom-geofence'], { regions: ['IN'] }, zoom), locate)).toEqual([])
    const hongKong = 'to: "18.162.0.1:443", expect:'
    expect(failures(extending(['no-cn'], {}, [`${hongKong} allow`]), locate)).toEqual([])
    expect(failures(extending(['no-cn'], { 'hk-mo': true }, [`${hongKong} block, because: no-cn-hk-mo`]), locate)).toEqual([])
    const others = 'to: "77.88.8.8:53", network: udp, expect: log, because: ofac-regions'
    expect(failures(extending(['ofac'], {}, [others]), locate)).toEqual([])
  })

  const examples = fs.readdirSync(path.join(config, 'examples')).map((name) => path.join(config, 'examples', name))
  const policies = examples.filter((file) => /^mode:/m.test(fs.readFileSync(file, 'utf8')))
  test.each(policies)('the tests of the example %s hold', (file) => {
    const policy = loadPolicy(file)
    expect(policy.warnings).toEqual([])
    expect(failures(policy, locate)).toEqual([])
  })
})
