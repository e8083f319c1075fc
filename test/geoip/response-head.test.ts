import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lengthOf, type ResponseHead, retryAfter, type SoFar, startOf, validatorOf } from '../../src/geoip/response-head.ts'

const head = (status: number, headers: Readonly<Record<string, string>> = {}): ResponseHead => ({ status, headers })

const begun: SoFar = { offset: 40, validator: '"v1"', total: 100 }

test('a whole file begins at its beginning, with the size that it announces', () => {
  expect(startOf(head(200, { 'content-length': '100' }), null)).toEqual({ offset: 0, total: 100 })
  expect(startOf(head(200), begun)).toEqual({ offset: 0, total: null })
})

test.each<[string, Readonly<Record<string, string>>, SoFar]>([
  ['of the same version', { 'content-range': 'bytes 40-99/100', etag: '"v1"' }, begun],
  ['that names no version', { 'content-range': 'bytes 40-99/100' }, begun],
  ['of a version known by its date', { 'content-range': 'bytes 40-99/100', etag: '"new"' }, { ...begun, validator: 'a date' }],
  ['of a file whose size was not known', { 'content-range': 'bytes 40-99/100' }, { ...begun, total: null }],
])('a rest %s is gone on with', (_which, headers, soFar) => {
  expect(startOf(head(206, headers), soFar)).toEqual({ offset: 40, total: 100 })
})

test.each([
  ['no range', {}],
  ['another unit', { 'content-range': 'lines 40-99/100' }],
  ['another beginning', { 'content-range': 'bytes 39-99/100' }],
  ['an earlier end', { 'content-range': 'bytes 40-98/100' }],
  ['another size', { 'content-range': 'bytes 40-100/101' }],
  ['a size that is not said', { 'content-range': 'bytes 40-99/*' }],
  ['another version', { 'content-range': 'bytes 40-99/100', etag: '"v2"' }],
  ['a version that is only alike', { 'content-range': 'bytes 40-99/100', etag: 'W/"v1"' }],
] as const)('a rest with %s is fetched anew', (_what, headers) => {
  expect(startOf(head(206, headers), begun)).toBe('restart')
})

test('no such range means anew; any other status, and a rest that nobody asked for, is no file', () => {
  expect(startOf(head(416), begun)).toBe('restart')
  for (const status of [204, 206, 304, 404, 416, 503]) expect(startOf(head(status), null)).toBe('declined')
  for (const status of [204, 304, 404, 503]) expect(startOf(head(status), begun)).toBe('declined')
})

test('a length is a plain number or not known', () => {
  expect(lengthOf(head(200, { 'content-length': '0' }))).toBe(0)
  for (const length of ['', '-1', '1.5', '0x10', '1, 1', '9'.repeat(16)])
    expect(lengthOf(head(200, { 'content-length': length }))).toBeNull()
  expect(lengthOf(head(200))).toBeNull()
})

const date = 'Sun, 01 Nov 2026 12:00:00 GMT'

test('a version is named by a strong ETag, else by a date that is older than the answer', () => {
  const old = 'Sun, 01 Nov 2026 11:59:59 GMT'
  expect(validatorOf(head(200, { etag: '"v1"', 'last-modified': old, date }))).toBe('"v1"')
  expect(validatorOf(head(200, { 'last-modified': old, date }))).toBe(old)
  expect(validatorOf(head(200, { 'last-modified': date, date }))).toBeNull()
  expect(validatorOf(head(200, { 'last-modified': old }))).toBeNull()
  expect(validatorOf(head(200, { etag: 'W/"v1"', 'last-modified': old, date }))).toBeNull()
  expect(validatorOf(head(200))).toBeNull()
})

test('when to come back: seconds, or a date by the clock of the server', () => {
  expect(retryAfter(head(503, { 'retry-after': '7' }))).toBe(7_000)
  expect(retryAfter(head(503, { 'retry-after': 'Sun, 01 Nov 2026 12:00:05 GMT', date }))).toBe(5_000)
  expect(retryAfter(head(503, { 'retry-after': 'Sun, 01 Nov 2026 11:00:00 GMT', date }))).toBe(0)
  expect(retryAfter(head(503, { 'retry-after': 'Sun, 01 Nov 2026 11:00:00 GMT' }))).toBeNull()
  expect(retryAfter(head(503, { 'retry-after': 'soon', date }))).toBeNull()
  expect(retryAfter(head(503))).toBeNull()
})

test('whatever a head says, bytes are only ever put where the file has them', () => {
  const text = fc.oneof(
    fc.string(),
    fc.tuple(fc.nat(120), fc.nat(120), fc.nat(120)).map(([a, b, c]) => `bytes ${a}-${b}/${c}`),
  )
  const headers = fc.record({
    'content-range': text,
    'content-length': fc.string(),
    etag: fc.constantFrom('"v1"', '"v2"'),
    'retry-after': fc.string(),
  })
  fc.assert(
    fc.property(fc.constantFrom(200, 206, 416, 500), headers, (status, fields) => {
      const start = startOf({ status, headers: fields }, begun)
      if (typeof start !== 'string') expect([0, begun.offset]).toContain(start.offset)
      if (typeof start !== 'string' && start.offset > 0) expect(start.total).toBe(begun.total)
      expect(retryAfter({ status, headers: fields }) ?? 0).toBeGreaterThanOrEqual(0)
    }),
  )
})
