import dnsPacket, { type Answer } from 'dns-packet'
import fc from 'fast-check'
import { expect } from 'vitest'
import { ipFromBytes } from '../../src/model/address.ts'
import { encodeQuery, parseResponse } from '../../src/wire/dns.ts'
import { anyBytes, concat, property } from './support.ts'

const label = fc.stringMatching(/^[a-z0-9_-]{1,12}$/)
const names = fc.array(label, { minLength: 1, maxLength: 6 }).map((labels) => labels.join('.'))
const ttls = fc.nat(0x7fff_ffff)
const v4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => String(ipFromBytes(bytes)))
const v6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => String(ipFromBytes(Uint8Array.of(0x20, ...bytes.subarray(1)))))

const records: fc.Arbitrary<Answer> = fc.oneof(
  fc.record({ name: names, ttl: ttls, type: fc.constant('A' as const), data: v4 }),
  fc.record({ name: names, ttl: ttls, type: fc.constant('AAAA' as const), data: v6 }),
  fc.record({ name: names, ttl: ttls, type: fc.constantFrom('CNAME' as const, 'NS' as const), data: names }),
)
const packets = fc.record({ id: fc.nat(0xffff), name: names, answers: fc.array(records, { maxLength: 8 }) })

const encode = ({ id, name, answers }: { id: number; name: string; answers: Answer[] }): Uint8Array =>
  dnsPacket.encode({ type: 'response', id, flags: 0, questions: [{ name, type: 'A' }], answers })

property('never throws on any bytes', anyBytes, (bytes) => void parseResponse(bytes))

// Most bytes fail at the header: let them be records.
property('never throws on any records', fc.nat(3), fc.nat(3), fc.nat(3), anyBytes, (answers, authority, additional, bytes) => {
  parseResponse(concat(Uint8Array.of(0, 1, 0x80, 0, 0, 0, 0, answers, 0, authority, 0, additional), bytes))
})

property(
  'never throws on a valid message with some bytes changed',
  packets,
  fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
  (packet, changes) => {
    const bytes = Uint8Array.from(encode(packet))
    for (const [at, byte] of changes) bytes[at % bytes.length] = byte
    parseResponse(bytes)
  },
)

property('says what another writer meant', packets, (packet) => {
  const message = parseResponse(encode(packet))
  expect(message).toMatchObject({ kind: 'value', value: { id: packet.id, question: { name: packet.name, type: 1 } } })
  if (message.kind === 'malformed') return
  const told = message.value.answers.map((record) => ({
    name: record.name,
    ttl: record.ttl,
    type: record.type,
    data: 'ip' in record ? record.ip : 'target' in record ? record.target : null,
  }))
  expect(told).toEqual(
    packet.answers.map(({ name, type, ...rest }) => ({
      name,
      type,
      ...('ttl' in rest ? { ttl: rest.ttl } : {}),
      data: 'data' in rest ? rest.data : null,
    })),
  )
})

property('a message that was cut anywhere is malformed, never half a message', packets, (packet) => {
  const bytes = encode(packet)
  for (let end = 0; end < bytes.length; end++) expect(parseResponse(bytes.subarray(0, end)).kind).toBe('malformed')
})

property(
  'a question is read by another reader as it was meant',
  fc.nat(0xffff),
  names,
  fc.constantFrom('A' as const, 'AAAA' as const),
  fc.boolean(),
  fc.boolean(),
  (id, name, type, edns, padded) => {
    const bytes = encodeQuery({ id, name, type, edns, padded })
    expect(dnsPacket.decode(Buffer.from(bytes ?? []))).toMatchObject({ id, questions: [{ name, type }] })
    if (edns && padded) expect((bytes?.length ?? 1) % 128).toBe(0)
  },
)
