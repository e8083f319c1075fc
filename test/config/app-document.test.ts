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

const published = { from: 'there', date: '2026-06-06', networks: '192.0.2.0/24' }

test('a row needs seven words', () => {
  expect(appDocument.safeParse(least).success).toBe(true)
  const fetch = { url: 'https://one.test/list', format: 'lines' }
  expect(appDocument.safeParse({ ...least, ranges: { ...published, fetch } }).success).toBe(true)
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
  ['ranges', { ...published, fetch: { url: 'http://one.test/list', format: 'lines' } }],
  ['ranges', { ...published, fetch: { url: 'one.test/list', format: 'lines' } }],
  ['ranges', { ...published, fetch: { url: 'https://one.test/list', format: 'csv' } }],
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
