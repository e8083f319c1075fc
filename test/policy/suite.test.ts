import { expect, test } from 'vitest'
import { noApps } from '../../src/model/app.ts'
import { runTests, type SuiteWorld } from '../../src/policy/suite.ts'
import { madeUpApps } from './made-up.ts'
import { libraryOf, placed, policy, strict } from './words.ts'

const library = libraryOf({}, { apps: madeUpApps })

const document = {
  uncertain: { disputed: 'block', unknown: 'log', anycast: 'allow' },
  fences: [
    { name: 'no-cn', never: ['CN'] },
    {
      name: 'zoom-home',
      traffic: { app: 'zoom' },
      only: ['IN', 'SG'],
      except: [{ host: 'zoom.us', to: ['US'], until: '2027-06-30', reason: 'x' }],
    },
    { name: 'no-ssh', traffic: { port: 22 }, never: 'anywhere' },
    { name: 'watched', traffic: { user: 'ana' }, never: ['US'], action: 'log' },
  ],
}

const noData: SuiteWorld = { apps: madeUpApps, locate: null }
const today: SuiteWorld = { apps: madeUpApps, locate: (address) => placed(address, { A: 'CN', B: 'CN' }) }

const run = (test: object, { world = noData, fences = document as object }: { world?: SuiteWorld; fences?: object } = {}) => {
  const [first] = runTests(policy({ ...fences, tests: [{ expect: 'block', ...test }] }, library), world).results
  return first ?? expect.unreachable('it has one test')
}

const brief = (...args: Parameters<typeof run>) => {
  const { passed, got, why } = run(...args)
  return { effect: got.effect, by: got.decidedBy, why: passed ? null : why }
}

test('a suite says whose it is, and of each test its place, what was expected and what came of it', () => {
  const written = { to: 'a.example:443', note: 'China is shut', given: { server: 'CN' }, expect: 'block', because: 'no-cn' }
  expect(runTests(policy({ ...document, tests: [written] }, library), noData)).toEqual({
    policy: 'test',
    file: 'test.yaml',
    results: [
      {
        name: 'tests[0] China is shut',
        line: 34,
        passed: true,
        expected: { effect: 'block', because: 'no-cn' },
        got: { effect: 'block', decidedBy: ['no-cn'] },
        sentence: 'Blocked: a.example:443 by fence "no-cn" (violated).',
        why: null,
      },
    ],
  })
})

test('it passes where it comes to what is expected', () => {
  expect(brief({ to: 'a.example:443', given: { server: 'CN' } })).toEqual({ effect: 'block', by: ['no-cn'], why: null })
  expect(brief({ to: 'a.example:443', given: { server: 'US' }, expect: 'allow' })).toEqual({ effect: 'allow', by: [], why: null })
  expect(brief({ to: 'a.example:443', given: { server: 'unknown' }, expect: 'log' })).toEqual({ effect: 'log', by: ['no-cn'], why: null })
})

test('it fails where it comes to something else, and says to what', () =>
  expect(brief({ to: 'a.example:443', given: { server: 'US' } })).toEqual({ effect: 'allow', by: [], why: 'expected block, got allow' }))

test('the mode changes nothing', () =>
  expect(brief({ to: 'a.example:443', given: { server: 'CN' } }, { fences: { ...document, mode: 'observe' } }).effect).toBe('block'))

test('the fences that it names must have given the effect', () => {
  const both = { to: 'zoom.us:443', given: { server: 'CN' } }
  expect(brief({ ...both, because: ['no-cn', 'zoom-home'] }).why).toBeNull()
  expect(brief({ ...both, because: 'no-ssh' }).why).toBe('block, but not by fence "no-ssh"; that was "no-cn" and "zoom-home"')
  const allowed = { to: 'a.example:443', given: { server: 'US' }, expect: 'allow' }
  expect(brief({ ...allowed, because: 'no-cn' }).why).toBeNull()
  // It is over other traffic, so that it permits nothing.
  expect(brief({ ...allowed, because: 'no-ssh' }).why).toBe('allow, but not by fence "no-ssh"')
})

test('the sentence tells what happened, by which fence and why', () => {
  const sentence = (test: object) => run(test).sentence
  expect(sentence({ to: 'zoom.us:443', given: { server: 'CN' } })).toBe(
    'Blocked: zoom.us:443 by fence "no-cn" (violated), "zoom-home" (violated).',
  )
  expect(sentence({ to: 'a.example:443', given: { server: 'US' } })).toBe('Allowed: a.example:443.')
  expect(sentence({ to: 'zoom.us:443', given: { server: 'US' }, at: '2027-01-01' })).toBe(
    'Allowed: zoom.us:443 by fence "zoom-home" (excepted).',
  )
  expect(sentence({ to: '[2001:67c::1]:443', given: {} })).toBe('Flagged: [2001:67c::1]:443 by fence "no-cn" (unknown).')
})

test('a name without a given place is judged by what needs none', () => {
  expect(brief({ to: 'a.example:22' }).effect).toBe('block')
  expect(brief({ to: 'a.example:443' })).toEqual({
    effect: null,
    by: [],
    why: 'fences "no-cn" and "zoom-home" depend on where a.example is: say it under "given"',
  })
})

test('an address without a given place is judged by today’s data, and fails where there is none', () => {
  const address = { to: '52.81.151.250:443' }
  expect(brief(address, { world: today })).toEqual({ effect: 'block', by: ['no-cn'], why: null })
  expect(brief(address).why).toBe('fences "no-cn" and "zoom-home" depend on where 52.81.151.250 is, and there is no location data')
})

test('what depends on the time needs one', () => {
  const sunday = { fences: [{ name: 'sunday', traffic: { during: { days: 'sun', zone: 'UTC' } }, never: 'anywhere' }] }
  expect(brief({ to: 'zoom.us:443' }, { fences: sunday }).why).toBe('fence "sunday" depends on the time: say it with "at"')
  const soon = { to: 'zoom.us:443', given: { server: 'US' } }
  expect(run(soon)).toMatchObject({ passed: false, got: { effect: null, decidedBy: [] }, sentence: 'It could not be judged.' })
  expect(brief(soon).why).toBe('fence "zoom-home" depends on the time: say it with "at"')
  expect(brief({ ...soon, at: '2027-06-30T23:59Z', expect: 'allow' }).why).toBeNull()
  expect(brief({ ...soon, at: '2027-07-01', expect: 'block', because: 'zoom-home' }).why).toBeNull()
})

test('what is given is what the sources say: several dispute, and anycast is in many places', () => {
  const at = (server: unknown) => brief({ to: 'a.example:443', given: { server }, expect: 'allow' }).effect
  expect([at(['CN', 'US']), at('anycast'), at(['anycast', 'CN']), at('unknown')]).toEqual(['block', 'allow', 'block', 'log'])
})

const axes = {
  uncertain: strict,
  fences: (['registry', 'network', 'company'] as const).map((axis) => ({
    name: axis,
    never: ['CN'],
    country_of: axis,
    uncertain: { unknown: 'allow' },
  })),
}

test('each axis is given by itself, and one that is not given is not known', () => {
  const by = (given: object) => brief({ to: 'a.example:443', given, expect: 'block' }, { fences: axes }).by
  expect(by({ registry: 'CN' })).toEqual(['registry'])
  expect(by({ network: ['CN', 'US'] })).toEqual(['network'])
  expect(by({ company: 'CN' })).toEqual(['company'])
  expect(by({ server: 'CN' })).toEqual([])
})

test('a given company is that of whatever app it is', () => {
  const zoom = { to: 'zoom.us:443', expect: 'block', because: 'company' }
  expect(brief({ ...zoom, given: { company: 'CN' } }, { fences: axes }).why).toBeNull()
  expect(brief({ to: 'zoom.us:443', given: { company: 'unknown' }, expect: 'allow' }, { fences: axes }).why).toBeNull()
  // Nothing given: as the catalogue has it.
  expect(brief({ to: 'tiktok.com:443', given: {}, because: 'company' }, { fences: axes }).why).toBeNull()
})

test('an app that is given is taken to be proved, beside those that the name and the address tell', () => {
  const home = (test: object) => brief({ given: { server: 'US' }, because: 'zoom-home', ...test }).why
  expect(home({ to: '52.81.151.250:443', app: 'zoom' })).toBeNull()
  expect(home({ to: '52.81.151.250:443' })).toBe('expected block, got allow')
  const tiktok = { uncertain: strict, fences: [{ name: 'no-tiktok', traffic: { app: 'tiktok' }, never: 'anywhere' }] }
  expect(brief({ to: '23.192.228.8:443', given: {} }, { fences: tiktok }).by).toEqual(['no-tiktok'])
})

test('who, from where, by which door and when is as the test says', () => {
  const us = { to: 'a.example:443', given: { server: 'US' } }
  expect(brief({ ...us, user: 'ana', expect: 'log' }).by).toEqual(['watched'])
  expect(brief({ ...us, user: 'bo', expect: 'allow' }).why).toBeNull()
  const fences = {
    fences: [
      { name: 'group', traffic: { group: 'legal' }, never: 'anywhere' },
      { name: 'client', traffic: { client: '10.0.0.0/8' }, never: 'anywhere' },
      { name: 'door', traffic: { inbound: 'office' }, never: 'anywhere' },
      { name: 'udp', traffic: { network: 'udp' }, never: 'anywhere' },
      { name: 'sunday', traffic: { during: { days: 'sun', zone: 'UTC' } }, never: 'anywhere' },
    ],
  }
  const by = (test: object) => brief({ ...us, at: '2026-11-02', ...test }, { fences }).by
  expect(by({ group: ['legal'] })).toEqual(['group'])
  expect(by({ client: '10.1.2.3' })).toEqual(['client'])
  expect(by({ inbound: 'office' })).toEqual(['door'])
  expect(by({ network: 'udp' })).toEqual(['udp'])
  expect(by({ at: '2026-11-01T12:00Z' })).toEqual(['sunday'])
  expect(by({})).toEqual([])
  expect(brief(us, { fences }).why).toBe('fence "sunday" depends on the time: say it with "at"')
})

test('a local address is local, whatever is given, and local_network speaks for it', () => {
  expect(brief({ to: '10.0.0.5:443', given: { server: 'CN' }, expect: 'allow' }).why).toBeNull()
  const fences = { ...document, local_network: 'block' }
  expect(run({ to: '10.0.0.5:443', given: {} }, { fences })).toMatchObject({
    passed: true,
    got: { effect: 'block', decidedBy: [] },
    sentence: 'Blocked: 10.0.0.5:443 by local_network.',
  })
  expect(brief({ to: '10.0.0.5:443', given: {}, because: 'no-cn' }, { fences }).why).toBe(
    'block, but not by fence "no-cn"; that was local_network',
  )
})

test('an address that stands for another is judged as that one', () => {
  const world: SuiteWorld = { ...noData, locate: (address) => placed(address, { A: address === '52.81.151.250' ? 'CN' : 'US' }) }
  expect(brief({ to: '[64:ff9b::3451:97fa]:443' }, { world }).by).toEqual(['no-cn'])
})

test('a policy without tests has no results', () => expect(runTests(policy(document, library), noData).results).toEqual([]))

test('what is refused under every policy is blocked in its tests too', () => {
  const refused = policy({
    fences: [],
    tests: [
      { to: '169.254.169.254:80', expect: 'allow' },
      { to: '0.0.0.0:80', given: { server: 'US' }, expect: 'block' },
    ],
  })
  expect(runTests(refused, { apps: noApps, locate: null }).results).toMatchObject([
    { passed: false, why: 'expected allow, but it is refused under every policy' },
    { passed: true, got: { effect: 'block' } },
  ])
})
