import { expect, test } from 'vitest'
import { appDocument } from '../../src/config/app-document.ts'

const least = {
  id: 'one',
  name: 'One',
  categories: ['calls'],
  operator: 'Somebody',
  domains: '.one.test',
  confidence: 'high',
  sources: ['manual'],
}

test('a row needs seven words', () => {
  expect(appDocument.safeParse(least).success).toBe(true)
  for (const key of Object.keys(least)) expect(appDocument.safeParse({ ...least, [key]: undefined }).success, key).toBe(false)
})

test.each([
  ['id', 'One'],
  ['aliases', ['Eins']],
  ['categories', []],
  ['operator', ' '],
  ['domains', ['.one.test']],
  ['domains', ''],
  ['shared', []],
  ['ranges', { from: 'there', networks: '192.0.2.0/24' }],
  ['ports', [443]],
  ['ports', { sctp: [1] }],
  ['confidence', 'certain'],
  ['blocked_by_india_2020', 'yes'],
  ['sources', []],
  ['date', '2026'],
  ['company', 'one'],
])('%s: %j is refused', (key, value) => {
  expect(appDocument.safeParse({ ...least, [key]: value }).success).toBe(false)
})
