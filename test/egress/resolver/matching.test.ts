import { expect, test } from 'vitest'
import { belongs, queryBytes, randomId } from '../../../src/egress/resolver/matching.ts'
import { type DnsResponse, dnsRcode, dnsType } from '../../../src/wire/dns.ts'

const question = { name: 'a.test', type: 'A', edns: true } as const
const response = (more: Partial<DnsResponse>): DnsResponse => ({
  id: 7,
  truncated: false,
  authoritative: false,
  recursionAvailable: true,
  rcode: 0,
  question: { name: 'a.test', type: dnsType.A },
  answers: [],
  authority: [],
  ...more,
})

test.each([
  ['the same id and question', {}, true],
  ['another id', { id: 8 }, false],
  ['another name', { question: { name: 'b.test', type: dnsType.A } }, false],
  ['another type', { question: { name: 'a.test', type: dnsType.AAAA } }, false],
  ['no question, in a failure', { question: null, rcode: dnsRcode.FORMERR }, true],
  ['no question, in an answer', { question: null }, false],
  ['no question, in a denial', { question: null, rcode: dnsRcode.NXDOMAIN }, false],
])('%s', (_what, more, does) => {
  expect(belongs(response(more), question, 7)).toBe(does)
})

test('ids differ, and none is taken twice', () => {
  const ids = new Set(Array.from({ length: 50 }, () => randomId()))
  expect(ids.size).toBeGreaterThan(40)
  const free = 4_711
  expect(randomId({ has: (id) => id !== free })).toBe(free)
})

test('a name that the DNS cannot carry is a bug of the asker', () => {
  expect(() => queryBytes({ ...question, name: 'a..b' }, 1, false)).toThrow('not a name of the DNS: a..b')
})

test('only what is encrypted is padded', () => {
  expect(queryBytes(question, 1, true)).toHaveLength(128)
  expect(queryBytes(question, 1, false).length).toBeLessThan(40)
})
