import { expect, test } from 'vitest'
import { applies, identifies, leavesOf, proved, readsNames, valuesOf } from '../../src/policy/selection.ts'
import { asked, claimed, facts, policy } from './words.ts'

const traffic = (written: object, definitions: object = {}) => {
  const [fence] = policy({ definitions, fences: [{ name: 'a', traffic: written, never: 'anywhere' }] }).fences
  if (fence === undefined) throw new Error('it has one fence')
  return fence.traffic
}

test.each([
  [{}, false, false],
  [{ host: 'zoom.us' }, true, true],
  [{ cidr: '52.80.0.0/15' }, false, true],
  [{ client: '10.0.0.0/8' }, false, true],
  [{ port: 443, network: 'tcp', inbound: 'mixed' }, false, false],
  [{ port: 443, host: 'zoom.us' }, true, true],
  [{ not: { host: 'zoom.us' } }, true, false],
])('%j: reads names %s, identifies %s', (written, names, who) => {
  expect([readsNames(traffic(written)), identifies(traffic(written))]).toEqual([names, who])
})

const claim = facts({ names: [claimed('zoom.us')] })
const proof = facts({ names: [asked('zoom.us')] })

test('what is claimed puts traffic into a fence, and only what is proved takes it out', () => {
  const zoom = traffic({ host: 'zoom.us' })
  const others = traffic({ not: { host: 'zoom.us' } })
  expect([applies(zoom, claim), proved(zoom, claim)]).toEqual(['yes', 'no'])
  expect([applies(others, claim), proved(others, claim)]).toEqual(['yes', 'no'])
  expect([applies(others, proof), proved(others, proof)]).toEqual(['no', 'no'])
  const elsewhere = facts({ names: [asked('example.com')] })
  expect([applies(others, elsewhere), proved(others, elsewhere)]).toEqual(['yes', 'yes'])
})

test('a double negation is what it negates twice', () => {
  const twice = traffic({ not: { not: { host: 'zoom.us' } } })
  for (const known of [claim, proof]) {
    expect(applies(twice, known)).toBe(applies(traffic({ host: 'zoom.us' }), known))
    expect(proved(twice, known)).toBe(proved(traffic({ host: 'zoom.us' }), known))
  }
})

test('of several definitions one is enough, and all that they read is told', () => {
  const either = traffic(
    { is: ['calls', 'mail'], port: 443 },
    { calls: { host: 'zoom.us' }, mail: { port: 25, not: { cidr: '10.0.0.0/8' } } },
  )
  expect(applies(either, claim)).toBe('yes')
  expect(applies(either, facts({ names: [asked('example.com')] }))).toBe('no')
  expect(leavesOf(either).map(({ name }) => name)).toEqual(['port', 'host', 'port', 'cidr'])
  expect(valuesOf(either, 'port')).toEqual(['443', '25'])
})
