import { expect, test } from 'vitest'
import { evaluate } from '../../src/policy/evaluate.ts'
import { parametersOf } from '../../src/policy/extend.ts'
import type { Policy } from '../../src/policy/policy.ts'
import { madeUpApps } from './made-up.ts'
import { asked, facts, faultsOf, libraryOf, placed, policy, strict } from './words.ts'

type Documents = Readonly<Record<string, string | object>>

const extending = (document: object, policies: Documents): Policy => policy({ ...document }, libraryOf(policies, { apps: madeUpApps }))
const faults = (document: object, policies: Documents): readonly string[] => faultsOf(() => extending(document, policies))
const warnings = (policy: Policy) => policy.warnings.map(({ position, message }) => `${position.file}:${position.line} ${message}`)
const names = (policy: Policy) => policy.fences.map(({ name }) => name)

const territory = (...countries: readonly string[]) => ({ type: 'territory', default: countries, says: 'where it may be' })

/** A pack with a parameter for countries, one for networks and one for what it does. */
const pack = {
  uncertain: { disputed: 'log', unknown: 'allow', anycast: 'block' },
  parameters: {
    regions: territory('IN'),
    machines: { type: 'networks', default: [], says: 'whose' },
    does: { type: 'action', default: 'block', says: 'what it does' },
  },
  fences: [
    { name: 'home', only: ['SG', '$regions'], action: '$does' },
    { name: 'machines', traffic: { client: '$machines' }, never: 'anywhere' },
  ],
}

const countriesOf = (policy: Policy, fence: string): readonly string[] => {
  const { territory } = policy.fences.find(({ name }) => name === fence) ?? {}
  return territory === undefined || territory.kind === 'anywhere' ? [] : [...territory.countries].sort()
}

// --- what is joined in ------------------------------------------------------------------------------------------------------

test('the fences of what is extended stand before its own', () => {
  const policy = extending(
    { extends: ['pack', 'other'], uncertain: strict, fences: [{ name: 'own', never: ['CN'] }] },
    {
      pack,
      other: { fences: [{ name: 'other', never: 'anywhere', traffic: { port: 22 } }] },
    },
  )
  expect(names(policy)).toEqual(['home', 'other', 'own'])
  expect(policy.off.map(({ name }) => name)).toEqual(['machines'])
  expect(policy.files).toEqual(['test.yaml', 'pack.yaml', 'other.yaml'])
})

test('a fence knows which policy it came from, and where it stands there', () => {
  const [home] = extending({ extends: 'pack' }, { pack }).fences
  expect(home?.origin).toMatchObject({ policy: 'pack', file: 'pack.yaml' })
})

test('`uncertain` travels with the fences of its policy', () => {
  const policy = extending({ extends: 'pack', uncertain: strict, fences: [{ name: 'own', never: ['CN'] }] }, { pack })
  expect(policy.fences.map(({ name, uncertain }) => [name, uncertain])).toEqual([
    ['home', pack.uncertain],
    ['own', strict],
  ])
})

test('mode, local_network and tests are those of the document that extends', () => {
  const base = { mode: 'enforce', local_network: 'block', tests: [{ to: '10.0.0.1:80', given: {}, expect: 'block' }] }
  const policy = extending({ mode: 'observe', extends: 'base' }, { base })
  expect([policy.mode, policy.saysLocalNetwork, policy.localNetwork.document, policy.tests]).toEqual(['observe', false, 'allow', []])
})

test('what is extended may itself extend, and takes its values along', () => {
  const middle = { extends: 'pack', parameters: { where: territory('DE') }, with: { regions: ['FR', '$where'] } }
  expect(countriesOf(extending({ extends: 'middle' }, { middle, pack }), 'home')).toEqual(['DE', 'FR', 'SG'])
  expect(countriesOf(extending({ extends: 'middle', with: { where: ['NO'] } }, { middle, pack }), 'home')).toEqual(['FR', 'NO', 'SG'])
})

test('definitions and groups of the one mean nothing in the other', () => {
  const base = {
    groups: { here: ['IN'] },
    definitions: { calls: { host: 'zoom.us' } },
    uncertain: strict,
    fences: [{ name: 'base', traffic: { is: 'calls' }, only: ['here'] }],
  }
  const own = {
    extends: 'base',
    groups: { here: ['US'] },
    definitions: { calls: { host: 'other.example' } },
    uncertain: strict,
    fences: [{ name: 'own', traffic: { is: 'calls' }, only: ['here'] }],
  }
  const policy = extending(own, { base })
  const inChina = (name: string) =>
    evaluate(policy, facts({ location: placed('52.81.151.250', { A: 'CN' }), names: [asked(name)] })).fences.flatMap(({ fence, effect }) =>
      effect === 'block' ? [fence] : [],
    )
  expect([inChina('zoom.us'), inChina('other.example')]).toEqual([['base'], ['own']])
  expect(faults({ ...own, definitions: {} }, { base })).toEqual([
    expect.stringContaining('"calls" is no definition of this policy (the policy has no "definitions")'),
  ])
  expect(faults({ ...own, groups: {} }, { base })).toEqual([expect.stringContaining('"here" is no country code and no group')])
})

// --- a fence in the place of another ----------------------------------------------------------------------------------------

test('a fence of its own takes the place of one that it extends, and says so', () => {
  const policy = extending({ extends: 'pack', uncertain: strict, fences: [{ name: 'home', only: ['DE'] }] }, { pack })
  expect([names(policy), countriesOf(policy, 'home')]).toEqual([['home'], ['DE']])
  expect(warnings(policy)).toEqual(['test.yaml:9 fence "home" takes the place of the one in pack'])
})

test('turned off, it takes the place all the same', () => {
  const policy = extending({ extends: 'pack', uncertain: strict, fences: [{ name: 'home', only: ['DE'], enabled: false }] }, { pack })
  expect(names(policy)).toEqual([])
  expect(policy.off.map(({ name }) => name)).toEqual(['machines', 'home'])
})

const other = { uncertain: strict, fences: [{ name: 'home', only: ['DE'] }] }

test('two policies with one fence name are a fault, unless one of that name stands for both', () => {
  expect(faults({ extends: ['pack', 'other'] }, { pack, other })).toEqual([
    'test.yaml:4:3 extends: "pack" and "other" both have a fence "home": write one of that name here, which then stands for both',
  ])
  const both = extending({ extends: ['pack', 'other'], uncertain: strict, fences: [{ name: 'home', only: ['FR'] }] }, { pack, other })
  expect([names(both), countriesOf(both, 'home'), both.warnings.length]).toEqual([['home'], ['FR'], 1])
})

test('the same policy by two ways is no conflict', () => {
  const way = { extends: 'pack' }
  const policy = extending({ extends: ['left', 'right', 'pack'] }, { left: way, right: way, pack })
  expect(names(policy)).toEqual(['home'])
  expect(policy.files).toEqual(['test.yaml', 'left.yaml', 'pack.yaml', 'right.yaml'])
})

test('by two ways with different values it is one', () =>
  expect(
    faults({ extends: ['left', 'right'] }, { left: { extends: 'pack', with: { regions: ['DE'] } }, right: { extends: 'pack' }, pack }),
  ).toEqual([expect.stringContaining('"pack" and "pack" both have a fence "home"')]))

test('what is wrong, or not meant, in a policy that comes by two ways is told once', () => {
  const way = { extends: 'pack' }
  const broken = { ...pack, fences: [{ name: 'home', only: ['UK'] }] }
  expect(faults({ extends: ['left', 'right'] }, { left: way, right: way, pack: broken })).toEqual([
    expect.stringContaining('did you mean "GB"?'),
  ])
  const replacing = { extends: 'pack', uncertain: strict, fences: [{ name: 'home', only: ['DE'] }] }
  expect(
    warnings(
      extending({ extends: ['left', 'right'] }, { left: { extends: 'middle' }, right: { extends: 'middle' }, middle: replacing, pack }),
    ),
  ).toEqual([expect.stringContaining('fence "home" takes the place')])
})

// --- values -----------------------------------------------------------------------------------------------------------------

test('a value that is given takes the place of the default', () => {
  const given = (values: object) => extending({ extends: 'pack', with: values }, { pack })
  expect(countriesOf(given({}), 'home')).toEqual(['IN', 'SG'])
  expect(countriesOf(given({ regions: ['DE'] }), 'home')).toEqual(['DE', 'SG'])
  expect(countriesOf(given({ regions: [] }), 'home')).toEqual(['SG'])
  expect(given({ does: 'log' }).fences[0]?.action).toBe('log')
  expect(names(given({ machines: ['10.0.0.0/8'] }))).toEqual(['home', 'machines'])
})

test('one value is for every policy that has the parameter', () => {
  const second = { uncertain: strict, parameters: { regions: territory('US') }, fences: [{ name: 'second', never: ['$regions'] }] }
  const policy = extending({ extends: ['pack', 'second'], with: { regions: ['DE'] } }, { pack, second })
  expect([countriesOf(policy, 'home'), countriesOf(policy, 'second')]).toEqual([['DE', 'SG'], ['DE']])
})

test('groups in a value are those of the policy that gives it', () => {
  const policy = extending({ extends: 'pack', groups: { ours: ['DE', 'FR'] }, with: { regions: ['ours', 'five-eyes'] } }, { pack })
  expect(countriesOf(policy, 'home')).toEqual(['AU', 'CA', 'DE', 'FR', 'GB', 'NZ', 'SG', 'US'])
})

test('a faulty value is told where it was given, with its place in the list, once', () => {
  const faulty = (values: object) => faults({ extends: 'pack', with: values }, { pack })
  expect(faulty({ regions: ['DE', 'UK'] })).toEqual(['test.yaml:7:7 with.regions[1]: "UK" is not a country code, did you mean "GB"?'])
  expect(faulty({ machines: ['10.0.0.0/8', '10.1.0.0/8'] })).toEqual([
    'test.yaml:7:7 with.machines[1]: "10.1.0.0/8" is not the start of a network, did you mean "10.0.0.0/8"?',
  ])
  const twice = {
    ...pack,
    fences: [...pack.fences, { name: 'more', traffic: { client: ['192.0.2.0/24', '$machines'] }, never: 'anywhere' }],
  }
  expect(faults({ extends: 'pack', with: { machines: ['nowhere'] } }, { pack: twice })).toHaveLength(1)
})

test('a value that leaves a fence nothing that it permits is told where it was given', () => {
  const alone = { ...pack, fences: [{ name: 'home', only: ['$regions'] }] }
  expect(faults({ extends: 'pack', with: { regions: [] } }, { pack: alone })).toEqual([
    'test.yaml:5:12 with.regions: must name at least one country',
  ])
})

test('a faulty value that was only passed on is told where it was first given', () => {
  const middle = {
    extends: 'pack',
    parameters: { clients: { type: 'networks', default: [], says: 'x' } },
    with: { machines: ['10.0.0.0/8', '$clients'] },
  }
  expect(faults({ extends: 'middle', with: { clients: ['192.0.2.0/24', 'nowhere'] } }, { middle, pack })).toEqual([
    'test.yaml:7:7 with.clients[1]: "nowhere" is not a network (write 10.0.0.0/8 or 2001:db8::/32)',
  ])
})

test('a value of the wrong type, or for no parameter, is told', () => {
  expect(faults({ extends: 'pack', with: { regions: 'IN' } }, { pack })).toEqual([
    'test.yaml:5:12 with.regions: must be a list of countries and groups such as [IN, eea], as "pack" wants it',
  ])
  expect(faults({ extends: 'pack', with: { region: ['IN'] } }, { pack })).toEqual([
    'test.yaml:5:3 with: "region" is no parameter of what this policy extends, did you mean "regions"?',
  ])
  expect(faults({ extends: 'pack', with: { colour: ['IN'] } }, { pack })).toEqual([
    'test.yaml:5:3 with: "colour" is no parameter of what this policy extends (regions, machines, does)',
  ])
  expect(faults({ extends: 'bare', with: { regions: ['IN'] } }, { bare: {} })).toEqual([expect.stringContaining('(they have none)')])
  expect(faults({ with: { regions: ['IN'] } }, {})).toEqual([
    expect.stringContaining('is no parameter of what this policy extends (they have none)'),
  ])
})

test('that a value is for no parameter is told beside the faults of what is extended', () =>
  expect(faults({ extends: 'pack', with: { region: ['IN'] } }, { pack: { ...pack, colour: 'red' } })).toEqual([
    expect.stringMatching(/^pack\.yaml:.*"colour"/),
    expect.stringContaining('"region" is no parameter of what this policy extends, did you mean "regions"?'),
  ]))

test('a default must fit its own type', () =>
  expect(faults({ parameters: { regions: { type: 'territory', default: 'IN', says: 'x' } } }, {})).toEqual([
    'test.yaml:6:14 parameters.regions.default: must be a list of countries and groups such as [IN, eea], as its type says',
  ]))

// --- what cannot be extended ------------------------------------------------------------------------------------------------

test('a policy that is not there is told, and nothing else that only follows from it', () =>
  expect(
    faults(
      { extends: ['pack', 'pakc'], with: { sign: ['IN'] }, tests: [{ to: 'a.example:443', given: {}, expect: 'block', because: 'gone' }] },
      { pack },
    ),
  ).toEqual(['test.yaml:5:5 extends[1]: there is no policy "pakc"']))

test('of a faulty one its own faults are told, and none of fences that nobody could read', () => {
  const broken = { ...pack, colour: 'red' }
  const document = {
    extends: 'pack',
    with: { regions: ['IN'] },
    tests: [{ to: 'a.example:443', given: {}, expect: 'block', because: 'home' }],
  }
  expect(faults(document, { pack: broken })).toEqual([expect.stringMatching(/^pack\.yaml:.*"colour" is not a word of this file/)])
  expect(faults(document, { pack: 'a: [' })).toEqual([expect.stringMatching(/^pack\.yaml:1:4: /)])
})

test('faults of several files are told at once, sorted by file and place', () => {
  const [a, b] = [
    { uncertain: strict, fences: [{ name: 'a', never: ['UK'] }] },
    { uncertain: strict, fences: [{ name: 'b', never: ['Germany'] }] },
  ]
  expect(
    faults({ extends: ['b', 'a'], uncertain: strict, fences: [{ name: 'own', never: ['CN', 'EN'] }] }, { a, b }).map(
      (fault) => fault.split(' ')[0],
    ),
  ).toEqual(['a.yaml:10:9', 'b.yaml:10:9', 'test.yaml:14:9'])
})

test('a circle is told by whoever closes it', () => {
  expect(faults({ extends: 'a' }, { a: { extends: 'b' }, b: { extends: 'a' } })).toEqual([
    'b.yaml:3:10 extends: "a" extends this file in its turn',
  ])
  expect(faults({ extends: 'a' }, { a: { extends: ['a'] } })).toEqual(['a.yaml:4:5 extends[0]: "a" extends this file in its turn'])
})

test('a chain of eight is read, and one of nine is told', () => {
  const chain = (length: number) =>
    Object.fromEntries(Array.from({ length }, (_, i) => [`p${i + 1}`, i + 1 === length ? {} : { extends: `p${i + 2}` }]))
  expect(extending({ extends: 'p1' }, chain(8)).files).toHaveLength(9)
  expect(faults({ extends: 'p1' }, chain(9))).toEqual(['p8.yaml:3:10 extends: policies extend each other more than 8 deep'])
})

test('parameters are read without reading the rest, and of a faulty file there are none', () => {
  const read = (text: string) => Object.keys(parametersOf({ text, file: 'a.yaml', name: 'a' }))
  expect(read('parameters: { on: { type: switch, default: true, says: x } }\nfences: red\n')).toEqual(['on'])
  expect(read('parameters: { on: { type: flowers, default: true, says: x } }\n')).toEqual([])
  expect(read('a: [\n')).toEqual([])
})
