import { expect, test } from 'vitest'
import { inboundsRead } from '../../src/policy/policy.ts'
import { policy } from './words.ts'

test('the doors that fences name are told, from traffic and from exceptions', () => {
  const reading = policy({
    fences: [
      { name: 'a', traffic: { inbound: ['office', 'lab'] }, never: 'anywhere' },
      { name: 'b', never: 'anywhere', except: [{ inbound: 'guests', port: 443, reason: 'x' }] },
      { name: 'c', traffic: { port: 443 }, never: 'anywhere' },
    ],
  })
  expect(inboundsRead(reading)).toEqual(['office', 'lab', 'guests'])
  expect(inboundsRead(policy({}))).toEqual([])
})
