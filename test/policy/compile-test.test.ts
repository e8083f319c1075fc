import { expect, test } from 'vitest'
import { anonymous } from '../../src/model/identity.ts'
import type { PolicyTest } from '../../src/policy/suite.ts'
import { madeUpApps } from './made-up.ts'
import { country, faultsOf, hostname, ip, policy, strict } from './words.ts'

const document = (written: object) => ({
  uncertain: strict,
  fences: [{ name: 'no-cn', never: ['CN'] }],
  tests: [{ to: 'zoom.us:443', expect: 'allow', ...written }],
})

function compiled(written: object): PolicyTest {
  const [first] = policy(document(written), { apps: madeUpApps }).tests
  if (first === undefined) throw new Error('it has one test')
  return first
}

const faults = (written: object) =>
  faultsOf(() => policy(document(written), { apps: madeUpApps })).map((fault) => fault.replace(/^\S+ /, ''))

test('what a test does not say is nobody, from nowhere, at no time', () =>
  expect(compiled({})).toEqual({
    name: 'zoom.us:443',
    position: { file: 'test.yaml', line: 12, column: 5 },
    asked: { host: { kind: 'name', name: hostname('zoom.us') }, port: 443 },
    who: anonymous,
    client: ip('192.0.2.1'),
    inbound: 'mixed',
    network: 'tcp',
    at: undefined,
    apps: [],
    given: null,
    expect: 'allow',
    because: [],
  }))

test('what it says is what is asked', () =>
  expect(
    compiled({
      to: '[2001:67c::1]:8801',
      note: 'media',
      user: 'ana',
      group: 'legal',
      client: '10.1.2.3',
      inbound: 'office',
      network: 'udp',
      at: '2027-01-01',
      app: 'zoom',
      expect: 'block',
      because: 'no-cn',
    }),
  ).toMatchObject({
    name: 'media',
    asked: { host: { kind: 'ip', ip: ip('2001:67c::1') }, port: 8801 },
    who: { name: 'ana', groups: ['legal'], by: 'password' },
    client: ip('10.1.2.3'),
    inbound: 'office',
    network: 'udp',
    at: Date.UTC(2027, 0, 1),
    apps: [{ id: 'zoom' }],
    because: ['no-cn'],
  }))

test('who and when may also stand under "given"', () =>
  expect(compiled({ given: { user: 'bo', group: ['research', 'legal'], at: '2027-01-01T09:00+01:00' } })).toMatchObject({
    who: { name: 'bo', groups: ['research', 'legal'], by: 'password' },
    at: Date.UTC(2027, 0, 1, 8),
  }))

test('a group without a user is that of a network, whose user is nobody', () =>
  expect(compiled({ group: 'legal' }).who).toEqual({ ...anonymous, groups: ['legal'] }))

test('a given place is a country, several, anycast, or not known; one that is not given is not known either', () => {
  const server = (written: unknown) => compiled({ given: { server: written } }).given?.server
  expect(server('CN')).toEqual({ countries: [country('CN')], anycast: false })
  expect(server(['CN', 'US'])).toEqual({ countries: ['CN', 'US'].map(country), anycast: false })
  expect(server('unknown')).toEqual({ countries: [], anycast: false })
  expect(server('anycast')).toEqual({ countries: [], anycast: true })
  expect(server(['US', 'anycast'])).toEqual({ countries: [country('US')], anycast: true })
  expect(compiled({ given: { network: 'US' } }).given).toEqual({
    server: undefined,
    registry: undefined,
    network: { countries: [country('US')], anycast: false },
    company: undefined,
  })
})

test.each<[written: object, ...faults: string[]]>([
  [{ to: 'zoom.us' }, 'tests[0].to: "zoom.us" has no port: write a host and a port such as "zoom.us:443"'],
  [{ to: 'zoom.us:0' }, 'tests[0].to: "0" is not a port (1–65535): write a host and a port such as "zoom.us:443"'],
  [{ app: 'zooom' }, 'tests[0].app: "zooom" is no app of the catalogue, did you mean "zoom"? ("ringfence apps" lists them)'],
  [{ app: ['zoom', 'x'] }, 'tests[0].app[1]: "x" is no app of the catalogue ("ringfence apps" lists them)'],
  [{ because: 'no-cm' }, 'tests[0].because: there is no fence "no-cm", did you mean "no-cn"?'],
  [{ because: ['no-cn', 'other'] }, 'tests[0].because[1]: there is no fence "other" (no-cn)'],
  [{ client: 'home' }, 'tests[0].client: "home" is not an address'],
  [{ at: 'tomorrow' }, 'tests[0].at: "tomorrow" is no day and no moment (write 2027-06-30 or 2027-06-30T09:00Z)'],
  [{ given: { at: 'x' } }, 'tests[0].given.at: "x" is no day and no moment (write 2027-06-30 or 2027-06-30T09:00Z)'],
  [{ user: 'ana', given: { user: 'ana' } }, 'tests[0].given.user: is said twice: leave one out'],
  [{ group: 'a', given: { group: 'b' } }, 'tests[0].given.group: is said twice: leave one out'],
  [{ at: '2027-01-01', given: { at: '2027-01-01' } }, 'tests[0].given.at: is said twice: leave one out'],
  [{ given: { server: 'UK' } }, 'tests[0].given.server: "UK" is no country code, nor "unknown" or "anycast", did you mean "GB"?'],
  [{ given: { server: ['CN', 'eea'] } }, 'tests[0].given.server[1]: "eea" is no country code, nor "unknown" or "anycast"'],
  [{ given: { server: ['CN', 'unknown'] } }, 'tests[0].given.server[1]: "unknown" stands alone'],
  [{ given: { network: 'anycast' } }, 'tests[0].given.network: only a server can be anycast'],
  [{ given: { registry: ['US', 'anycast'] } }, 'tests[0].given.registry[1]: only a server can be anycast'],
])('%j is told', (written, ...told) => expect(faults(written)).toEqual(told))

test('a test may name a fence that is off, and one of a policy that is extended', () => {
  const off = {
    fences: [{ name: 'off', never: 'anywhere', enabled: false }],
    tests: [{ to: 'a.example:1', expect: 'allow', because: 'off' }],
  }
  expect(faultsOf(() => policy(off))).toEqual([])
})

test('where no fence could be compiled, a test may name any', () =>
  expect(faultsOf(() => policy({ fences: 'red', tests: [{ to: 'a.example:1', expect: 'allow', because: 'gone' }] }))).toEqual([
    'test.yaml:3:9 fences: must be a list, not a text',
  ]))
