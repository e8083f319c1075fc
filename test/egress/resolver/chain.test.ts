import { describe, expect, test } from 'vitest'
import { MAX_ADDRESSES, MAX_ALIASES, readChain } from '../../../src/egress/resolver/chain.ts'
import type { DnsRecord, DnsResponse } from '../../../src/wire/dns.ts'
import { ip } from '../support.ts'

const respond = (answers: readonly DnsRecord[], more: Partial<DnsResponse> = {}): DnsResponse => ({
  id: 1,
  truncated: false,
  authoritative: false,
  recursionAvailable: true,
  rcode: 0,
  question: null,
  answers,
  authority: [],
  ...more,
})
const a = (name: string, address: string, ttl = 60): DnsRecord => ({ name, ttl, type: 'A', ip: ip(address) })
const alias = (name: string, target: string, ttl = 60): DnsRecord => ({ name, ttl, type: 'CNAME', target })
const soa = (name: string, ttl: number, minimum: number): DnsRecord => ({ name, ttl, type: 'SOA', minimum })
const read = (response: DnsResponse, name = 'a.test') => readChain(response, name, 'A', new Set())

describe('addresses', () => {
  test('of the name, with the least TTL', () => {
    expect(read(respond([a('a.test', '192.0.2.1', 60), a('a.test', '192.0.2.2', 30)]))).toEqual({
      kind: 'addresses',
      ips: ['192.0.2.1', '192.0.2.2'],
      ttl: 30,
    })
  })

  test('at the end of a chain, in whatever order its records come', () => {
    const answers = [a('c.test', '192.0.2.1', 60), alias('b.test', 'c.test', 20), alias('a.test', 'b.test', 90)]
    expect(read(respond(answers))).toEqual({ kind: 'addresses', ips: ['192.0.2.1'], ttl: 20 })
  })

  test('of other names count for nothing, nor do hints of a service', () => {
    const hint: DnsRecord = { name: 'a.test', ttl: 60, type: 'HTTPS', priority: 1, target: '', hints: [ip('192.0.2.66')] }
    const answers = [
      a('other.test', '192.0.2.66'),
      alias('a.test', 'b.test'),
      a('a.test.other', '192.0.2.66'),
      hint,
      a('b.test', '192.0.2.1'),
    ]
    expect(read(respond(answers))).toMatchObject({ ips: ['192.0.2.1'] })
    expect(read(respond([a('other.test', '192.0.2.66'), hint]))).toEqual({ kind: 'not-found', ttl: null })
  })
})

test('more addresses than anybody has are cut, in their order', () => {
  const many = Array.from({ length: 4_000 }, (_, i) => a('a.test', `192.0.${i >> 8}.${i & 255}`))
  expect(read(respond(many))).toMatchObject({ ips: many.slice(0, MAX_ADDRESSES).map((record) => 'ip' in record && record.ip) })
})

describe('no addresses', () => {
  test('with an alias that leads out of the response', () => {
    expect(read(respond([alias('a.test', 'b.test', 20), alias('b.test', 'c.test', 30)]))).toEqual({
      kind: 'alias',
      target: 'c.test',
      ttl: 20,
    })
  })

  test('where the name does not exist, for as long as the zone says', () => {
    expect(read(respond([], { rcode: 3 }))).toEqual({ kind: 'not-found', ttl: null })
    expect(read(respond([], { rcode: 3, authority: [soa('test', 9, 4)] }))).toEqual({ kind: 'not-found', ttl: 4 })
    expect(read(respond([], { rcode: 3, authority: [soa('', 3, 4)] }))).toEqual({ kind: 'not-found', ttl: 3 })
  })

  test('where an alias leads to a name without any, which the zone of that name says', () => {
    const answers = [alias('a.test', 'b.example', 2)]
    expect(read(respond(answers, { authority: [soa('example', 9, 4)] }))).toEqual({ kind: 'not-found', ttl: 2 })
    expect(read(respond(answers, { authority: [soa('test', 9, 4)] }))).toMatchObject({ kind: 'alias', target: 'b.example' })
    expect(read(respond(answers, { rcode: 3 }))).toEqual({ kind: 'not-found', ttl: null })
  })

  test('where the server denies the name, whatever addresses stand beside that', () => {
    expect(read(respond([a('a.test', '192.0.2.1')], { rcode: 3 }))).toEqual({
      kind: 'failed',
      why: 'it denies a name and gives it addresses',
    })
  })

  test('where the server failed, by its own word', () => {
    expect(read(respond([a('a.test', '192.0.2.1')], { rcode: 2 }))).toEqual({ kind: 'failed', why: 'SERVFAIL' })
    expect(read(respond([], { rcode: 5 }))).toEqual({ kind: 'failed', why: 'REFUSED' })
    expect(read(respond([], { rcode: 23 }))).toEqual({ kind: 'failed', why: 'RCODE 23' })
  })

  test('where it only refers to others', () => {
    const authority: DnsRecord[] = [{ name: 'test', ttl: 1, type: 'NS', target: 'ns.test' }]
    expect(read(respond([], { authority, recursionAvailable: false }))).toEqual({ kind: 'failed', why: 'it only refers to other servers' })
    expect(read(respond([], { authority }))).toEqual({ kind: 'not-found', ttl: null })
  })

  test('where aliases go round, or on and on', () => {
    expect(read(respond([alias('a.test', 'b.test'), alias('b.test', 'a.test')]))).toEqual({
      kind: 'failed',
      why: 'its aliases go round in a circle',
    })
    const chain = (length: number) => Array.from({ length }, (_, i) => alias(`${i}.test`, `${i + 1}.test`))
    expect(read(respond([...chain(MAX_ALIASES), a(`${MAX_ALIASES}.test`, '192.0.2.1')]), '0.test')).toMatchObject({ kind: 'addresses' })
    expect(read(respond(chain(MAX_ALIASES + 1)), '0.test')).toEqual({ kind: 'failed', why: 'more than 16 aliases' })
  })
})
