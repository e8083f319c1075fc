import { expect, test } from 'vitest'
import type { KnownApp } from '../../src/model/app.ts'
import type { Facts } from '../../src/model/facts.ts'
import type { Axis } from '../../src/model/verdict.ts'
import { axisOutcomes } from '../../src/policy/axis.ts'
import { country, facts, hostname, placed } from './words.ts'

const territory = (kind: 'never' | 'only') => ({ kind, countries: new Set(['CN', 'RU'].map(country)), words: ['CN', 'RU'] })

const ask = (axis: Axis, change: Partial<Facts>, kind: 'never' | 'only' = 'never') => {
  const known = facts({ location: placed('52.81.151.250'), ...change })
  if (known.location === undefined) throw new Error('an axis is asked of an address')
  return axisOutcomes(axis, territory(kind), known, known.location)?.join(' or ') ?? null
}

const firm = (home: string) => ({ name: 'a firm', home: country(home), contested: null })
const network = (home: string | null) => ({ asn: 64_496, name: 'a network', company: home === null ? null : firm(home) })

/** An app by a name that it is told by; proved everywhere unless the name is only claimed. */
const told = (name: string | null, home: string | null, proved = true): KnownApp => ({
  app: { id: 'a', name: 'a', categories: [], company: home === null ? null : firm(home) },
  origin: 'sni',
  name: name === null ? null : hostname(name),
  provedAt: proved ? 'everywhere' : new Set(),
})

test('the server is where the sources place the address', () => {
  const at = (code: string | null, anycast = false) => ask('server', { location: placed('52.81.151.250', { A: code }, anycast) })
  expect([at('CN'), at('US'), at(null), at('US', true)]).toEqual(['violated', 'satisfied', 'unknown', 'anycast'])
})

test('the registry is where the block is registered, wherever the server is, and is never anycast', () => {
  const location = { ...placed('52.81.151.250', { A: 'CN' }, true), registry: country('US') }
  expect([ask('registry', { location }), ask('registry', { location }, 'only')]).toEqual(['satisfied', 'violated'])
  expect(ask('registry', {})).toBe('unknown')
})

test('the network is by the home of its firm; where none is listed a `never` has nothing against it', () => {
  const of = (home: string | null, kind: 'never' | 'only') =>
    ask('network', { location: { ...placed('52.81.151.250', { A: 'US' }), network: network(home) } }, kind)
  expect([of('CN', 'never'), of('US', 'never'), of(null, 'never')]).toEqual(['violated', 'satisfied', 'not-applied'])
  expect([of('CN', 'only'), of('US', 'only'), of(null, 'only')]).toEqual(['satisfied', 'violated', 'unknown'])
  expect([ask('network', {}), ask('network', {}, 'only')]).toEqual(['not-applied', 'unknown'])
})

test('a test of a policy may dispute what data has one word for', () => {
  const given = { registry: ['CN', 'US'].map(country), network: [] }
  expect([ask('registry', { given }), ask('network', { given }, 'only')]).toEqual(['disputed', 'unknown'])
})

test('where there was no table to ask nothing is known of a place, but of an app', () => {
  const location = { ...placed('52.81.151.250'), located: false }
  for (const axis of ['server', 'registry', 'network'] as const) expect(ask(axis, { location })).toBe('unlocated')
  expect(ask('company', { location, apps: [told('a.example', 'US')] })).toBe('satisfied')
})

test('the company is by the home of the group behind the app', () => {
  const of = (home: string | null, kind: 'never' | 'only') => ask('company', { apps: [told('a.example', home)] }, kind)
  expect([of('CN', 'never'), of('US', 'never'), of(null, 'never')]).toEqual(['violated', 'satisfied', 'not-applied'])
  expect([of('CN', 'only'), of('US', 'only'), of(null, 'only')]).toEqual(['satisfied', 'violated', 'unknown'])
  expect([ask('company', {}), ask('company', {}, 'only')]).toEqual(['not-applied', 'unknown'])
})

test('one name of two apps with two homes is in dispute, two names are each judged by themselves', () => {
  const shared = [told('shared.example', 'CN'), told('shared.example', 'US')]
  expect([ask('company', { apps: shared }), ask('company', { apps: shared }, 'only')]).toEqual(['disputed', 'disputed'])
  const two = [told('a.example', 'CN'), told('b.example', 'US')]
  expect([ask('company', { apps: two }), ask('company', { apps: two }, 'only')]).toEqual(['violated', 'violated'])
})

test('an app by the range of its vendor is judged beside those by name', () => {
  const apps = [told('a.example', 'US'), told(null, 'CN')]
  expect(ask('company', { apps })).toBe('violated')
})

test('a claim convicts, and does not satisfy an `only`', () => {
  expect(ask('company', { apps: [told('a.example', 'CN', false)] })).toBe('violated')
  expect(ask('company', { apps: [told('a.example', 'CN', false)] }, 'only')).toBe('unknown')
  expect(ask('company', { apps: [told('a.example', 'US', false)] }, 'only')).toBe('violated')
  expect(ask('company', { apps: [told('a.example', 'US', false), told('b.example', 'CN')] }, 'only')).toBe('violated')
})

test('while a name may still come only a violation is settled', () => {
  const early = { namesFinal: false }
  expect(ask('company', early)).toBeNull()
  expect(ask('company', { ...early, apps: [told('a.example', 'US')] })).toBeNull()
  expect(ask('company', { ...early, apps: [told('a.example', 'CN')] }, 'only')).toBeNull()
  expect(ask('company', { ...early, apps: [told('a.example', 'CN')] })).toBe('violated')
  for (const axis of ['server', 'registry', 'network'] as const) expect(ask(axis, early)).not.toBeNull()
})

test('where the first bytes hide the name it may be any app, beside what is known', () => {
  const hidden = { anyName: true }
  expect([ask('company', hidden), ask('company', { ...hidden, apps: [told('a.example', 'US')] })]).toEqual([
    'unknown',
    'satisfied or unknown',
  ])
  expect(ask('company', { ...hidden, apps: [told('s.example', 'CN'), told('s.example', 'US')] })).toBe('disputed or unknown')
  expect(ask('company', { ...hidden, apps: [told('a.example', 'CN')] })).toBe('violated')
})

test('a dispute that is only claimed stands beside "unknown", which a policy may judge more severely', () => {
  const claimed = [told('s.example', 'CN', false), told('s.example', 'US', false)]
  expect(ask('company', { apps: claimed }, 'only')).toBe('disputed or unknown')
  expect(ask('company', { apps: [...claimed, told('a.example', 'CN')] }, 'only')).toBe('disputed or satisfied')
})
