import dnsPacket from 'dns-packet'
import { expect, test } from 'vitest'
import { readAnswer, refusedHead } from '../../../src/egress/resolver/https-answer.ts'

const question = { name: 'a.test', type: 'A', edns: true } as const
const head = { status: 200, contentType: 'application/dns-message', age: undefined }
const message = (more: Partial<dnsPacket.Packet> = {}) =>
  dnsPacket.encode({ type: 'response', id: 0, flags: 0x180, questions: [{ name: 'a.test', type: 'A' }], ...more })

test.each([
  ['a message', head, null],
  ['parameters and capitals', { ...head, contentType: 'Application/DNS-Message ; x=y' }, null],
  ['another status', { ...head, status: 204 }, 'answered with HTTP status 204'],
  ['another type', { ...head, contentType: 'application/dns-json' }, 'answered with application/dns-json, not with a DNS message'],
  ['no type', { ...head, contentType: undefined }, 'answered with nothing, not with a DNS message'],
])('%s', (_what, answer, why) => {
  expect(refusedHead(answer)?.why ?? null).toBe(why)
})

test.each([
  ['garbage', Buffer.from('garbage'), 'sent what is no DNS message'],
  ['an id that is not the one that was sent', message({ id: 1 }), 'answered another question'],
  ['another name', message({ questions: [{ name: 'b.test', type: 'A' }] }), 'answered another question'],
  ['what was cut', message({ flags: 0x180 | dnsPacket.TRUNCATED_RESPONSE }), 'sent half an answer'],
])('%s is no answer', (_what, content, why) => {
  expect(readAnswer(head, content, question)).toEqual({ kind: 'failed', why })
})

test.each([
  ['50', 50],
  ['soon', 0],
  ['-1', 0],
  [undefined, 0],
])('Age %s is %i seconds', (age, seconds) => {
  expect(readAnswer({ ...head, age }, message(), question)).toMatchObject({ kind: 'response', age: seconds })
})
