import { expect, test } from 'vitest'
import { identityOf } from '../../src/geoip/spec.ts'
import { specOf } from './support.ts'

test('what names a source is all that changes its answers, and neither its path nor its licence', () => {
  const identity = (change: Parameters<typeof specOf>[0]) => JSON.stringify(identityOf(specOf(change), ['h']))
  const plain = identity({})
  expect(identity({ files: ['/elsewhere'], licence: 'CC0', attribution: 'x' })).toBe(plain)
  for (const change of [
    { name: 'b' },
    { role: 'witness' },
    { format: 'csv' },
    { publisher: 'aws' },
    { date: '2026-01-01' },
    { places: { '1.0.0.0/8': 'US' } },
  ] as const) {
    expect(identity(change)).not.toBe(plain)
  }
  expect(identity({ places: { a: '1', b: '2' } })).toBe(identity({ places: { b: '2', a: '1' } }))
})
