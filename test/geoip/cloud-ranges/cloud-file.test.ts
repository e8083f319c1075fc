import { expect, test } from 'vitest'
import { z } from 'zod'
import { dayOf, networkOf, shaped } from '../../../src/geoip/cloud-ranges/cloud-file.ts'
import { cidr } from '../../../src/model/cidr.ts'

test.each([
  ['2026-04-21-00-57-05', '2026-04-21'],
  ['2026-04-20T19:03:49.598908', '2026-04-20'],
  ['2026-13-41T00:00:00', null],
  ['yesterday', null],
  [undefined, null],
])('the day of %j is %j', (timestamp, day) => {
  expect(dayOf(timestamp)).toBe(day)
})

test('a bad prefix is named with its place and what may have been meant', () => {
  expect(networkOf('192.0.2.0/24', 'region x')).toEqual(cidr('192.0.2.0/24'))
  expect(() => networkOf('192.0.2.1/24', 'region x')).toThrow(
    '"192.0.2.1/24" of region x is not a prefix (host-bits-set, perhaps 192.0.2.0/24)',
  )
  expect(() => networkOf('2001:db8::/129', 'region x')).toThrow('"2001:db8::/129" of region x is not a prefix (bad-length)')
})

test('what is not of the shape is named by its place in the file', () => {
  const schema = z.object({ list: z.array(z.object({ region: z.string() })) })
  expect(shaped(schema, { list: [{ region: 'a', more: 1 }] })).toEqual({ list: [{ region: 'a' }] })
  expect(() => shaped(schema, { list: [{ region: 'a' }, { region: 7 }] })).toThrow(/^list\[1\]\.region: .*string/)
  expect(() => shaped(schema, [])).toThrow(/^the file: .*object/)
})
