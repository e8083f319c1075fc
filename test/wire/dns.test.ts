import dnsPacket, { type Answer } from 'dns-packet'
import { describe, expect, test } from 'vitest'
import { type DnsResponse, dnsType, encodeQuery, parseResponse } from '../../src/wire/dns.ts'
import { concat, hex } from './support.ts'

const FLAGS = dnsPacket.RECURSION_DESIRED | dnsPacket.RECURSION_AVAILABLE

const respond = (answers: Answer[], more: Partial<dnsPacket.Packet> = {}) =>
  dnsPacket.encode({ type: 'response', id: 7, flags: FLAGS, questions: [{ name: 'A.test', type: 'A' }], answers, ...more })

function parsed(bytes: Uint8Array): DnsResponse {
  const message = parseResponse(bytes)
  if (message.kind === 'malformed') throw new Error(message.why)
  return message.value
}

describe('a question', () => {
  test.each(['A', 'AAAA', 'HTTPS'] as const)('of type %s is read by another reader', (type) => {
    const bytes = encodeQuery({ id: 0xbeef, name: 'zoom.us', type, edns: true, padded: false })
    const packet = dnsPacket.decode(Buffer.from(bytes ?? []))
    expect(packet).toMatchObject({ id: 0xbeef, type: 'query', flags: dnsPacket.RECURSION_DESIRED, answers: [], authorities: [] })
    expect(packet.questions).toMatchObject([{ name: 'zoom.us', type: type === 'HTTPS' ? expect.anything() : type, class: 'IN' }])
    expect(packet.additionals).toMatchObject([{ type: 'OPT', name: '.', udpPayloadSize: 1232 }])
  })

  test('can do without EDNS', () => {
    expect(encodeQuery({ id: 1, name: 'a', type: 'A', edns: false, padded: false })).toEqual(
      hex('0001 0100 0001 0000 0000 0000 | 01 61 00 | 0001 0001'),
    )
  })

  test.each([1, 57, 58, 62, 63])('with a name of %i octets more is padded to the end of a block (RFC 8467 §4.1)', (length) => {
    const bytes = Buffer.from(encodeQuery({ id: 1, name: `${'a'.repeat(length)}.test`, type: 'A', edns: true, padded: true }) ?? [])
    // Without padding the last that fits is one of 128 octets.
    expect(bytes).toHaveLength(12 + length + 7 + 4 + 11 + 4 <= 128 ? 128 : 256)
    const [opt] = dnsPacket.decode(bytes).additionals ?? []
    expect(opt).toMatchObject({ type: 'OPT', options: [{ code: 12 }] })
    expect(bytes.subarray(12 + length + 7 + 4 + 11 + 4).every((byte) => byte === 0)).toBe(true)
  })

  test('without EDNS cannot be padded', () => {
    expect(encodeQuery({ id: 1, name: 'a', type: 'A', edns: false, padded: true })).toHaveLength(19)
  })

  test('has a name, or there is none', () => {
    expect(encodeQuery({ id: 1, name: 'a..b', type: 'A', edns: true, padded: false })).toBeNull()
  })
})

describe('a response', () => {
  test('is read with the question in lower case and addresses in their canonical form', () => {
    const message = parsed(
      respond([
        { name: 'a.TEST', type: 'CNAME', ttl: 30, data: 'B.test' },
        { name: 'b.test', type: 'A', ttl: 60, data: '192.0.2.1' },
        { name: 'b.test', type: 'AAAA', ttl: 60, data: '2001:DB8:0::1' },
        { name: 'b.test', type: 'AAAA', ttl: 60, data: '::ffff:192.0.2.9' },
        { name: 'b.test', type: 'TXT', ttl: 60, data: 'anything' },
      ]),
    )
    expect(message).toEqual({
      id: 7,
      truncated: false,
      authoritative: false,
      recursionAvailable: true,
      rcode: 0,
      question: { name: 'a.test', type: dnsType.A },
      answers: [
        { name: 'a.test', ttl: 30, type: 'CNAME', target: 'b.test' },
        { name: 'b.test', ttl: 60, type: 'A', ip: '192.0.2.1' },
        { name: 'b.test', ttl: 60, type: 'AAAA', ip: '2001:db8::1' },
        { name: 'b.test', ttl: 60, type: 'AAAA', ip: '192.0.2.9' },
        { name: 'b.test', ttl: 60, type: 'other', code: 16 },
      ],
      authority: [],
    })
  })

  test('says how long an absence holds', () => {
    const data = { mname: 'ns.test', rname: 'host.test', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 }
    expect(parsed(respond([], { flags: FLAGS | 3, authorities: [{ name: 'test', type: 'SOA', ttl: 9, data }] }))).toMatchObject({
      rcode: 3,
      authority: [{ name: 'test', type: 'SOA', ttl: 9, minimum: 5 }],
    })
  })

  test('that was cut has no records, wherever the cut went', () => {
    const whole = respond([{ name: 'a.test', type: 'A', ttl: 60, data: '192.0.2.1' }], { flags: FLAGS | dnsPacket.TRUNCATED_RESPONSE })
    expect(parsed(whole.subarray(0, whole.length - 2))).toMatchObject({ truncated: true, answers: [] })
  })

  test('has the upper bits of its code in OPT', () => {
    const badVersion = hex('0007 8180 0000 0000 0000 0001 | 00 0029 04d0 01000000 0000')
    expect(parsed(badVersion)).toMatchObject({ rcode: 16, question: null })
  })

  test('keeps a TTL with the top bit set for no time at all (RFC 2181 §8)', () => {
    const bytes = hex('0007 8180 0000 0001 0000 0000 | 00 0001 0001 80000001 0004 c0000201')
    expect(parsed(bytes).answers).toEqual([{ name: '', ttl: 0, type: 'A', ip: '192.0.2.1' }])
  })

  test('may have bytes behind its last record', () => {
    expect(parsed(concat(respond([]), hex('0000'))).answers).toEqual([])
  })

  test('of another class says nothing of the internet', () => {
    const chaos = hex('0007 8180 0000 0001 0000 0000 | 00 0001 0003 00000001 0004 c0000201')
    expect(parsed(chaos).answers).toEqual([{ name: '', ttl: 1, type: 'other', code: 1 }])
  })
})

describe('a service (RFC 9460)', () => {
  const header = '0007 8180 0000 0001 0000 0000 | 00 0041 0001 00000e10'

  test('shows its target and its hints, which are no answers', () => {
    // Appendix D.2: priority 1, foo.example.com; then alpn=h2, ipv4hint, ipv6hint.
    const params = '0001 0003 026832 | 0004 0008 c0000201 c0000202 | 0006 0010 20010db8000000000000000000000001'
    expect(parsed(hex(`${header} 003a 0001 03666f6f076578616d706c6503636f6d00 ${params}`)).answers).toEqual([
      { name: '', ttl: 3600, type: 'HTTPS', priority: 1, target: 'foo.example.com', hints: ['192.0.2.1', '192.0.2.2', '2001:db8::1'] },
    ])
  })

  test.each([
    ['a compressed target', '0005 0001 c00c 00'],
    ['parameters out of order', '000b 0001 00 0003 0000 0001 0000'],
    ['a parameter twice', '000b 0001 00 0003 0000 0003 0000'],
    ['half a hint', '000a 0001 00 0004 0003 c00002'],
    ['no address in a hint', '0007 0001 00 0004 0000'],
    ['half a parameter', '0005 0001 00 0004'],
    ['no target', '0002 0001'],
  ])('%s is refused', (_what, data) => {
    expect(parseResponse(hex(`${header} ${data}`))).toMatchObject({ kind: 'malformed' })
  })
})

describe('no response', () => {
  const record = (type: string, data: string) => hex(`0007 8180 0000 0001 0000 0000 | 00 ${type} 0001 00000001 ${data}`)
  test.each([
    ['nothing', hex(''), 'shorter than a header'],
    ['half a header', hex('0007 8180'), 'shorter than a header'],
    ['a query', hex('0007 0100 0000 0000 0000 0000'), 'a query, not a response'],
    ['a notification', hex('0007 a180 0000 0000 0000 0000'), 'not the answer to a query'],
    ['two questions', hex('0007 8180 0002 0000 0000 0000'), '2 questions'],
    ['a question that is not there', hex('0007 8180 0001 0000 0000 0000'), 'no question where one is announced'],
    ['an address of three bytes', record('0001', '0003 c00002'), 'the answers are not what they are announced to be'],
    ['an address of five', record('0001', '0005 c000020101'), 'the answers are not what they are announced to be'],
    ['an IPv6 address of four', record('001c', '0004 c0000201'), 'the answers are not what they are announced to be'],
    ['data beyond the end', record('0010', '00ff 00'), 'the answers are not what they are announced to be'],
    [
      'an alias that ends before its data',
      record('0005', '0003 016100'.replace('0003', '0004')),
      'the answers are not what they are announced to be',
    ],
    ['an alias with something behind it', record('0005', '0004 016100 00'), 'the answers are not what they are announced to be'],
    ['a SOA without its numbers', record('0006', '0002 0000'), 'the answers are not what they are announced to be'],
    ['more records than there are', hex('0007 8180 0000 ffff 0000 0000'), 'the answers are not what they are announced to be'],
    ['more authorities than there are', hex('0007 8180 0000 0000 0001 0000'), 'the authorities are not what they are announced to be'],
    [
      'two OPT',
      hex('0007 8180 0000 0000 0000 0002 | 00 0029 04d0 00000000 0000 | 00 0029 04d0 00000000 0000'),
      'the additional records are not what they are announced to be',
    ],
  ])('%s', (_what, bytes, why) => {
    expect(parseResponse(bytes)).toEqual({ kind: 'malformed', why })
  })
})
