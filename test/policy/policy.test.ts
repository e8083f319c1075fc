import { expect, test } from 'vitest'
import { valuesRead } from '../../src/policy/policy.ts'
import { policy } from './words.ts'

test('the doors that fences name are told, from traffic and from exceptions', () => {
  const reading = policy({
    fences: [
      { name: 'a', traffic: { inbound: ['office', 'lab'] }, never: 'anywhere' },
      { name: 'b', never: 'anywhere', except: [{ inbound: 'guests', client: '10.0.0.0/8', reason: 'x' }] },
      { name: 'c', traffic: { port: 443 }, never: 'anywhere' },
    ],
  })
  expect(valuesRead(reading, 'inbound')).toEqual(['office', 'lab', 'guests'])
  expect(valuesRead(policy({}), 'inbound')).toEqual([])
})
