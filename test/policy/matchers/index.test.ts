import { expect, test } from 'vitest'
import { type MatcherName, matcherNames, matchers } from '../../../src/policy/matchers/index.ts'
import { facts } from '../words.ts'
import { compiled } from './words.ts'

test('a matcher says what one of its values is', () => {
  for (const name of matcherNames) expect(matchers[name].says, name).toMatch(/\w/)
})

test('a matcher that waits for nothing answers at once, and one that waits may be open', () => {
  const samples: Readonly<Record<MatcherName, unknown>> = {
    app: 'zoom',
    category: 'meetings',
    user: 'ana',
    group: 'legal',
    host: 'zoom.us',
    cidr: '10.0.0.0/8',
    port: 443,
    network: 'tcp',
    client: '10.0.0.0/8',
    inbound: 'mixed',
    during: { days: 'mon', zone: 'UTC' },
  }
  for (const name of matcherNames) {
    const { applies } = compiled(name, samples[name])
    const { reads } = matchers[name]
    const none = { location: undefined, names: [], namesFinal: false }
    expect(applies(facts(none)) === 'open', name).toBe(reads !== 'flow')
    // An app may also be told by its address.
    expect(applies(facts({ ...none, namesFinal: true })) === 'open', name).toBe(
      reads === 'address' || name === 'app' || name === 'category',
    )
  }
})

test('the order of the names is the order of the document, so it may not change by chance', () =>
  expect(matcherNames).toEqual(['app', 'category', 'host', 'cidr', 'port', 'network', 'user', 'group', 'client', 'inbound', 'during']))
