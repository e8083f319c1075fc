import { expect, test } from 'vitest'
import type { Exchange } from '../../../src/egress/resolver/exchange.ts'
import { lookUpFamily } from '../../../src/egress/resolver/family-look-up.ts'
import { StopSource } from '../../../src/model/stop.ts'
import { type DnsRecord, dnsRcode } from '../../../src/wire/dns.ts'
import { ip, name } from '../support.ts'

type Said = { readonly rcode?: number; readonly answers?: readonly DnsRecord[]; readonly age?: number }

/** A server that says what the table says, and a list of what it was asked. */
function saying(table: (name: string, edns: boolean) => Said) {
  const asked: string[] = []
  const exchange: Exchange = {
    exchange: async (question) => {
      asked.push(question.name)
      const { rcode = 0, answers = [], age = 0 } = table(question.name, question.edns)
      const head = { id: 0, truncated: false, authoritative: false, recursionAvailable: true, question: null, authority: [] }
      return { kind: 'response', age, response: { ...head, rcode, answers } }
    },
  }
  return { asked, lookUp: () => lookUpFamily(exchange, name('a.test'), 'A', new StopSource()) }
}

const alias = (from: string, target: string, ttl = 60): DnsRecord => ({ name: from, ttl, type: 'CNAME', target })
const address = (of: string, ttl = 60): DnsRecord => ({ name: of, ttl, type: 'A', ip: ip('192.0.2.1') })

test('the target of an alias is asked for where the answer says nothing of it', async () => {
  const { asked, lookUp } = saying((of) => ({ answers: of === 'a.test' ? [alias('a.test', 'b.test', 9)] : [address('b.test')] }))
  expect(await lookUp()).toEqual({ kind: 'addresses', ips: ['192.0.2.1'], ttl: 9 })
  expect(asked).toEqual(['a.test', 'b.test'])
})

test('aliases that go round from answer to answer are refused', async () => {
  const { asked, lookUp } = saying((of) => ({ answers: [of === 'a.test' ? alias('a.test', 'b.test') : alias('b.test', 'a.test')] }))
  expect(await lookUp()).toEqual({ kind: 'failed', why: 'its aliases go round in a circle' })
  expect(asked).toEqual(['a.test', 'b.test'])
})

test('an alias without end costs eight queries', async () => {
  const { asked, lookUp } = saying((of) => ({ answers: [alias(of, `x${of}`)] }))
  expect(await lookUp()).toEqual({ kind: 'failed', why: 'its aliases need more than 8 queries' })
  expect(asked).toHaveLength(8)
})

test.each([dnsRcode.FORMERR, dnsRcode.NOTIMP])('a server that knows no EDNS (%i) is asked again without (RFC 6891 §7)', async (rcode) => {
  const { asked, lookUp } = saying((of, edns) => (edns ? { rcode } : { answers: [address(of)] }))
  expect(await lookUp()).toMatchObject({ kind: 'addresses' })
  expect(asked).toHaveLength(2)
})

test('what the answer has aged already is no part of its TTL', async () => {
  expect(await saying((of) => ({ answers: [address(of, 60)], age: 45 })).lookUp()).toMatchObject({ ttl: 15 })
  expect(await saying((of) => ({ answers: [address(of, 60)], age: 90 })).lookUp()).toMatchObject({ ttl: 0 })
})

test('an absence of which the zone says nothing is not kept', async () => {
  expect(await saying(() => ({ rcode: 3 })).lookUp()).toMatchObject({
    kind: 'not-found',
    ttl: 0,
    cause: { message: 'A of a.test: NXDOMAIN' },
  })
})

test.each(['abc.onion', 'localhost', 'x.invalid'])('an alias to %s is not followed to the server', async (target) => {
  const { asked, lookUp } = saying(() => ({ answers: [alias('a.test', target)] }))
  expect(await lookUp()).toEqual({ kind: 'failed', why: `its alias leads to ${target}, which no name server is asked for` })
  expect(asked).toEqual(['a.test'])
})
