import { expect, test } from 'vitest'
import { identifies, inboundsRead, readsNames } from '../../src/policy/policy.ts'
import { policy } from './words.ts'

test('the doors that fences name are told, from traffic and from exceptions', () => {
  const reading = policy({
    fences: [
      { name: 'a', traffic: { inbound: ['office', 'lab'] }, never: 'anywhere' },
      { name: 'b', never: 'anywhere', except: [{ inbound: 'guests', client: '10.0.0.0/8', reason: 'x' }] },
      { name: 'c', traffic: { port: 443 }, never: 'anywhere' },
    ],
  })
  expect(inboundsRead(reading)).toEqual(['office', 'lab', 'guests'])
  expect(inboundsRead(policy({}))).toEqual([])
})

test.each([
  [{}, false, false],
  [{ host: 'zoom.us' }, true, true],
  [{ cidr: '52.80.0.0/15' }, false, true],
  [{ client: '10.0.0.0/8' }, false, true],
  [{ port: 443, network: 'tcp', inbound: 'mixed' }, false, false],
  [{ port: 443, host: 'zoom.us' }, true, true],
])('%j: reads names %s, identifies %s', (traffic, names, who) => {
  const [fence] = policy({ fences: [{ name: 'a', traffic, never: 'anywhere' }] }).fences
  expect([readsNames(fence!.traffic), identifies(fence!.traffic)]).toEqual([names, who])
})
