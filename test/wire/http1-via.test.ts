import { describe, expect, test } from 'vitest'
import { parseVia, viaField, wasHere } from '../../src/wire/http1-via.ts'

const member = (protocol: string, by: string, comment: string | null = null) => ({ protocol, by, comment })

test.each([
  ['1.1 ringfence', [member('1.1', 'ringfence')]],
  ['1.0 fred, 1.1 p.example.net', [member('1.0', 'fred'), member('1.1', 'p.example.net')]],
  ['HTTP/1.1 a.com:8080', [member('HTTP/1.1', 'a.com:8080')]],
  ['1.1 [2001:db8::1]:80', [member('1.1', '[2001:db8::1]:80')]],
  ['1.1 a (Apache/1.1), 1.1 b', [member('1.1', 'a', '(Apache/1.1)'), member('1.1', 'b')]],
  ['1.1 a (of (two, three) \\) kinds) , 1.1 b', [member('1.1', 'a', '(of (two, three) \\) kinds)'), member('1.1', 'b')]],
  [', ,1.1 a,,', [member('1.1', 'a')]],
  ['1.1\t a \t(c)', [member('1.1', 'a', '(c)')]],
  ['', []],
])('%j', (value, members) => {
  expect(parseVia(value)).toEqual(members)
})

test.each([
  '1.1',
  '1.1 ',
  'a b c',
  '1.1 a(c)',
  '1.1 a (c',
  '1.1 a (c\\)',
  '1.1 a (c) d',
  '1.1 a c)',
  '1.1 [a',
  'HTTP/ a',
  '/1.1 a',
  '1.1 a;b',
])('%j is no Via', (value) => {
  expect(parseVia(value)).toBeNull()
})

describe('a message was here', () => {
  const via = (...values: readonly string[]) => values.map((value) => ({ name: 'vIa', value }))

  test.each([
    ['where a member names us', via('1.1 us'), true],
    ['in any case, with a port, in any line', via('1.0 a', '1.1 b, 1.1 US:80'), true],
    ['not where a comment does', via('1.1 a (us)'), false],
    ['not where a name contains ours', via('1.1 us.example'), false],
    ['where a Via that cannot be read holds our name', via('1.1 a (us'), true],
    ['not where such a one does not', via('1.1 a (b'), false],
    ['not without Via', [], false],
  ])('%s', (_, fields, expected) => {
    expect(wasHere(fields, 'us')).toBe(expected)
  })

  test('where we have passed it on', () => {
    expect(wasHere([viaField('1.0', 'ringfence-0a')], 'ringfence-0a')).toBe(true)
  })
})
